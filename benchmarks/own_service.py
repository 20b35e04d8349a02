"""The service, whole: gate, schema, authentication, audit and an SQLite file with synced writes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from service.app import create_app
from service.domain.coupons import Coupon
from service.domain.roles import COMMAND_LINE
from service.domain.search import Paging, Predicate, SearchRequest
from service.domain.terms import CouponTerms, CouponType
from service.operations.calls import Call, utc_now
from service.operations.classes import NewClass, add_class
from service.operations.initialise import FirstKeys, initialise
from service.operations.mint_coupons import mint_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.settings import Settings
from service.storage.engine import Database

CLASS_NAME = "Spring"
COUPONS_COUNT = 1000


@dataclass(frozen=True)
class Programme:
    """A service with coupons of one class; the first 100 of the class are redeemed.

    Attributes:
        page: The first 100 coupons, as SearchCoupons answers them.
        unredeemed: The codes of the others.
    """

    application: Callable[..., Any]
    keys: FirstKeys
    page: list[Coupon]
    unredeemed: list[str]

    @property
    def header(self) -> str:
        """The SOAP headers of a caller."""
        return soap_header(self.keys)


def start_programme(folder: Path) -> Programme:
    """Make the database in the folder and fill it."""
    url = f"sqlite:///{folder / 'benchmark.db'}"
    database = Database(url)

    keys = start_class(database)
    mint_coupons(new_call(database), keys.customer_id, CLASS_NAME, COUPONS_COUNT)
    pages = [_page(new_call(database), keys, index) for index in range(10)]
    codes = [coupon.coupon_code for page in pages for coupon in page]
    for code in codes[:100]:
        redeem_coupon(new_call(database), keys.account_id, code)
    page = _page(new_call(database), keys, 0)
    database.close()
    return Programme(create_app(Settings(database=url)), keys, page, codes[100:])


def start_class(database: Database) -> FirstKeys:
    """Give an empty database its tables, the first keys, and a class without coupons."""
    keys = initialise(new_call(database), database)
    if keys is None:
        raise RuntimeError("the database has customers already")
    new = NewClass(customer_id=keys.customer_id, name=CLASS_NAME, terms=class_terms())
    add_class(new_call(database), new)
    return keys


def new_call(database: Database) -> Call:
    """A call of the command line."""
    return Call(database, COMMAND_LINE, utc_now(), "00000000-0000-4000-8000-000000000000")


def soap_header(keys: FirstKeys) -> str:
    """The SOAP headers of a caller."""
    billing = 'xmlns="https://bingads.microsoft.com/Billing/v13"'
    return (
        f"<AuthenticationToken {billing}>{keys.authentication_token}</AuthenticationToken>"
        f"<DeveloperToken {billing}>{keys.developer_token}</DeveloperToken>"
    )


def _page(call: Call, keys: FirstKeys, index: int) -> list[Coupon]:
    owner = Predicate("CustomerId", "Equals", str(keys.customer_id))
    return search_coupons(call, SearchRequest([owner], page_info=Paging(index, 100)))


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
