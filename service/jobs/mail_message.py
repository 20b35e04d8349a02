"""A mail as it goes over the wire."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from service.domain.emails import wire_address
from service.domain.mail import Message, RenderedMail

# Seven bits and short lines pass through every mail server.
_ENCODING = "quoted-printable"


def compose(message: Message, rendered: RenderedMail, sender: Address) -> EmailMessage:
    """Put headers and parts together; the same at each attempt."""
    recipient = wire_address(message.recipient)
    # Only an address that is not ASCII needs a server that takes such ones.
    mail = EmailMessage(policy=SMTP.clone(utf8=not recipient.isascii()))
    mail["From"] = sender
    username, _, domain = recipient.rpartition("@")
    mail["To"] = Address(username=username, domain=domain)
    # An encoded word in a name would be decoded here, line breaks and all.
    mail["Subject"] = rendered.subject.replace("=?", "= ?")
    mail["Date"] = message.created_at
    mail["Message-ID"] = message.mail_id
    # Tells programs that answer mail, such as holiday notices, to leave it.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered.text, cte=_ENCODING)
    if rendered.html is not None:
        mail.add_alternative(rendered.html, subtype="html", cte=_ENCODING)
    mail["Content-Language"] = rendered.language
    return mail
