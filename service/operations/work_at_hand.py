"""What waits to be done, of all customers: for whoever watches the service."""

from datetime import datetime
from typing import NamedTuple

from service.domain.figures import JobFigures, MailFigures
from service.storage import work_figures
from service.storage.transactions import Transactions


class WorkAtHand(NamedTuple):
    """Jobs by status, and mails that are not sent."""

    jobs: JobFigures
    mail: MailFigures


def find_work(database: Transactions, now: datetime) -> WorkAtHand:
    """Count what waits, in one look at the database."""
    with database.reading() as connection:
        return WorkAtHand(
            work_figures.find_jobs(connection, None), work_figures.find_mail(connection, now)
        )
