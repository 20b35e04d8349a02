"""What benchmarks put into a database through the operations: first keys, and a class."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from service.domain.roles import COMMAND_LINE
from service.domain.terms import CouponTerms, CouponType
from service.operations.calls import Call, utc_now
from service.operations.classes import NewClass, add_class
from service.operations.initialise import FirstKeys, initialise
from service.storage.engine import Database
from service.storage.transactions import Transactions

CLASS_NAME = "Spring"


def start_class(database: Database) -> FirstKeys:
    """Give an empty database its tables, the first keys, and a class without coupons."""
    keys = initialise(new_call(database), database)
    if keys is None:
        raise RuntimeError("the database has customers already")
    new = NewClass(customer_id=keys.customer_id, name=CLASS_NAME, terms=class_terms())
    add_class(new_call(database), new)
    return keys


def new_call(database: Transactions) -> Call:
    """A call of the command line."""
    return Call(database, COMMAND_LINE, utc_now(), "00000000-0000-4000-8000-000000000000")


def soap_header(keys: FirstKeys) -> str:
    """The SOAP headers of a caller."""
    billing = 'xmlns="https://bingads.microsoft.com/Billing/v13"'
    return (
        f"<AuthenticationToken {billing}>{keys.authentication_token}</AuthenticationToken>"
        f"<DeveloperToken {billing}>{keys.developer_token}</DeveloperToken>"
    )


def class_terms() -> CouponTerms:
    """Terms of a class that can be redeemed for 30 days."""
    now = datetime.now(timezone.utc)
    return CouponTerms(
        coupon_type=CouponType.RETENTION,
        currency_code="USD",
        amount=Decimal(100),
        spend_threshold=Decimal(25),
        active_duration=90,
        start_date=now - timedelta(days=30),
        end_date=now + timedelta(days=30),
        expiration_date=now + timedelta(days=365),
    )
