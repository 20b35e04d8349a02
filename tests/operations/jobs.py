"""Jobs that have begun, and such as are at work."""

from service.domain.codes import DEFAULT_ALPHABET
from service.domain.jobs import JobKind
from service.storage import coupons, jobs
from service.storage.jobs import NewCreationJob
from service.storage.tables import coupon_class
from tests.programme import START, Programme


def begin_creation(programme: Programme, customer_id: int, class_id: int) -> int:
    """A job that has made no coupon yet; answers its batch."""
    (terms_id,) = (
        row["terms_id"] for row in programme.rows(coupon_class) if row["class_id"] == class_id
    )
    with programme.database.writing() as connection:
        batch_id = coupons.add_batch(connection, class_id, 1000, START, start_date=None)
        job_id = jobs.add_job(
            connection,
            JobKind.CREATION,
            customer_id=customer_id,
            class_id=class_id,
            created_by=0,
            now=START,
        )
        new = NewCreationJob(
            batch_id=batch_id,
            terms_id=terms_id,
            number_of_coupons=1000,
            code_pattern="######",
            code_alphabet=DEFAULT_ALPHABET,
            usage_limit=1,
            discount_limit=None,
            reservation_limit=None,
            start_date=None,
            expiry_date=None,
            is_reservation_mandatory=False,
            chunk_size=100,
        )
        jobs.add_creation_job(connection, job_id, new)
    return batch_id
