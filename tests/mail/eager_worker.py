"""The command with a worker that is wrong on purpose: it marks a message sent, and then sends it.

Killed in between, it loses the message. What does not notice that, proves nothing
about the right worker.
"""

from service.cli import mail
from service.cli.main import main
from service.jobs.mail_worker import MailWorker
from service.operations.outbox import Delivery


class EagerWorker(MailWorker):
    """Tells before it does."""

    def _deliver(self, delivery: Delivery) -> bool:
        self._outbox.mark_sent(delivery.message)
        self._transport.send(self._make_mail(delivery))
        return True


if __name__ == "__main__":
    mail.MailWorker = EagerWorker
    main()
