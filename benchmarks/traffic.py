"""The requests that are measured, made of what a database has."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, cycle, islice, repeat

from benchmarks.load import Request, prepared
from benchmarks.own_service import CLASS_NAME, soap_header
from benchmarks.soap_text import envelope, search_content
from benchmarks.supply import FEATURE_ID, Supply, Unredeemed
from service.addresses import COUPON_MANAGEMENT_PATH
from service.domain.errors import INVALID_CREDENTIALS
from service.soap import refusals
from service.soap.namespaces import ARRAYS, MANAGEMENT, MANAGEMENT_ENTITIES
from tests.reliability.crowd import Address

UNKNOWN_CODE = "NO-SUCH-COUPON"
DISPATCHED_COUNT = 10
"""To how many addresses a DispatchCoupons sends coupons."""


class Traffic:
    """Requests for one address.

    Args:
        supply: What can be asked for.
        address: Of the customer billing service.
        unredeemed: The coupons to redeem.
        first_pages: Where the pages of each size begin, counted in pages: those of one size
            have other coupons than those of another, so that none was asked for before.
    """

    def __init__(
        self,
        supply: Supply,
        address: Address,
        unredeemed: Iterable[Unredeemed],
        first_pages: dict[int, int],
    ) -> None:
        self._supply = supply
        self._address = address
        self._unredeemed = unredeemed
        self._first_pages = first_pages
        self._header = soap_header(supply.keys)

    def redemptions(self) -> Iterator[Request]:
        """RedeemCoupon, each of another coupon."""
        for unredeemed, account_id in zip(
            self._unredeemed, cycle(self._supply.account_ids), strict=False
        ):
            yield self._redeem(account_id, unredeemed.code)

    def repeated_redemptions(self) -> Iterator[Request]:
        """RedeemCoupon, always the same."""
        yield from repeat(self._redeem(*self._supply.redeemed))

    def unknown_coupons(self) -> Iterator[Request]:
        """RedeemCoupon of a coupon that there is not."""
        body = self._redeem_body(self._supply.account_ids[0], UNKNOWN_CODE)
        yield from repeat(prepared(self._address, body, b">90001<", 1, status=500))

    def pages(self, size: int) -> Iterator[Request]:
        """SearchCoupons, each time another page."""
        for index in count(self._first_pages[size]):
            yield self._page(index, size)

    def page_again(self, size: int) -> Iterator[Request]:
        """SearchCoupons, always the same page."""
        yield from repeat(self._page(0, size))

    def coupon_info(self) -> Iterator[Request]:
        """GetCouponInfo."""
        content = f"<CustomerId>{self._supply.infos_customer_id}</CustomerId>"
        infos_count = len(self._supply.memory.infos)
        yield from repeat(self._billing("GetCouponInfo", content, b"CouponId>", 2 * infos_count))

    def bills(self) -> Iterator[Request]:
        """ApplyCouponsToBill, each of a bill of its own."""
        for number, subscription in enumerate(cycle(self._supply.subscriptions)):
            reference = f"<BillReference>bill {number}</BillReference>"
            content = _bill(subscription, reference)
            yield self._management("ApplyCouponsToBill", content, b"Due>30.00</")

    def estimates(self) -> Iterator[Request]:
        """EstimateDiscounts, of the same bill by one subscription after the other."""
        for subscription in cycle(self._supply.subscriptions):
            yield self._management("EstimateDiscounts", _bill(subscription), b"Due>30.00</")

    def dispatches(self) -> Iterator[Request]:
        """DispatchCoupons, each to the same addresses."""
        emails = (f"<r:string>kim{n}@example.com</r:string>" for n in range(DISPATCHED_COUNT))
        content = (
            f'<SendToEmails xmlns:r="{ARRAYS}">{"".join(emails)}</SendToEmails>'
            f"<CustomerId>{self._supply.mailing_customer_id}</CustomerId>"
            f"<CouponClassName>{CLASS_NAME}</CouponClassName>"
        )
        yield from repeat(self._billing("DispatchCoupons", content, b"></PartialErrors>"))

    def eligibilities(self) -> Iterator[Request]:
        """CheckFeatureAdoptionCouponEligibility, of ten accounts."""
        account_ids = (f"<r:long>{it}</r:long>" for it in self._supply.account_ids[:10])
        content = (
            f"<FeatureId>{FEATURE_ID}</FeatureId>"
            f'<AccountIds xmlns:r="{ARRAYS}">{"".join(account_ids)}</AccountIds>'
        )
        operation = "CheckFeatureAdoptionCouponEligibility"
        yield from repeat(self._billing(operation, content, f"</{operation}Response>".encode()))

    def spends(self) -> Iterator[Request]:
        """RecordSpend, of one account after the other."""
        for number, account_id in enumerate(cycle(self._supply.account_ids)):
            content = (
                f"<AccountId>{account_id}</AccountId><Amount>1.50</Amount>"
                f"<Reference>spend {number}</Reference>"
            )
            yield self._management("RecordSpend", content, b"</RecordSpendResponse>")

    def classes(self) -> Iterator[Request]:
        """GetCouponClass."""
        content = (
            f"<CustomerId>{self._supply.keys.customer_id}</CustomerId>"
            f"<ClassName>{CLASS_NAME}</ClassName>"
        )
        yield from repeat(self._management("GetCouponClass", content, f">{CLASS_NAME}</".encode()))

    def broken_envelopes(self) -> Iterator[Request]:
        """What the gate refuses, for one reason after the other, each time in other words."""
        for number in count():
            for row, body in (
                (refusals.BODY_EMPTY, b""),
                (refusals.XML_MALFORMED, f"<broken{number}".encode()),
                (refusals.DOCTYPE_FORBIDDEN, f"<!DOCTYPE d{number}><d{number}/>".encode()),
                (refusals.VERSION_MISMATCH, f"<e{number}/>".encode()),
                (refusals.OPERATION_UNKNOWN, envelope(f"Operation{number}", "", self._header)),
                (refusals.SCHEMA_INVALID, self._redeem_body(number, f"<b{number}/>")),
            ):
                marker = f" {row.symbol}: ".encode()
                yield prepared(self._address, body, marker, 1, status=500)

    def wrong_tokens(self) -> Iterator[Request]:
        """GetCouponInfo by strangers, each with another token."""
        content = f"<CustomerId>{self._supply.infos_customer_id}</CustomerId>"
        marker = f" {INVALID_CREDENTIALS.symbol}: ".encode()
        for number in count():
            keys = replace(self._supply.keys, authentication_token=f"wrong {number}")
            body = envelope("GetCouponInfo", content, soap_header(keys))
            yield prepared(self._address, body, marker, 1, status=500)

    def _billing(
        self, operation: str, content: str, marker: bytes, markers_count: int = 1
    ) -> Request:
        body = envelope(operation, content, self._header)
        return prepared(self._address, body, marker, markers_count)

    def _management(self, operation: str, content: str, marker: bytes) -> Request:
        body = envelope(
            operation,
            content,
            self._header,
            namespace=MANAGEMENT,
            entities=MANAGEMENT_ENTITIES,
        )
        return prepared(self._address._replace(path=COUPON_MANAGEMENT_PATH), body, marker, 1)

    def _redeem(self, account_id: int, code: str) -> Request:
        body = self._redeem_body(account_id, code)
        return prepared(self._address, body, b"RedemptionDate>", 2)

    def _redeem_body(self, account_id: int, code: str) -> bytes:
        content = f"<AccountId>{account_id}</AccountId><CouponCode>{code}</CouponCode>"
        return envelope("RedeemCoupon", content, self._header)

    def _page(self, index: int, size: int) -> Request:
        content = search_content(self._supply.keys.customer_id, index, size)
        return self._billing("SearchCoupons", content, b"CouponCode>", 2 * size)


def _bill(subscription: str, reference: str = "") -> str:
    """The elements of a request about a bill of one line."""
    return (
        f"<SubscriptionReference>{subscription}</SubscriptionReference>{reference}"
        "<Currency>USD</Currency>"
        "<Lines><e:BillLine><e:PricingComponentID>users</e:PricingComponentID>"
        "<e:Units>12</e:Units><e:UnitPrice>5</e:UnitPrice></e:BillLine></Lines>"
    )


@dataclass(frozen=True)
class Kind:
    """A kind of request.

    Attributes:
        count: How many of them one contender is sent in one round.
        requests: Makes them, without end or as long as there are coupons for them.
    """

    name: str
    count: int
    requests: Callable[[Traffic], Iterator[Request]]


REDEMPTIONS = "RedeemCoupon"
INFOS = "GetCouponInfo"
BILLS = "ApplyCouponsToBill"
PAGE_SIZES = {1: 450, 10: 300, 100: 120}
"""How many pages of each size are asked for in a round."""
KINDS = (
    Kind(REDEMPTIONS, 600, Traffic.redemptions),
    Kind("RedeemCoupon, repeated", 600, Traffic.repeated_redemptions),
    Kind("RedeemCoupon, a fault", 450, Traffic.unknown_coupons),
    *(
        Kind(f"SearchCoupons, page of {size}", count, partial(Traffic.pages, size=size))
        for size, count in PAGE_SIZES.items()
    ),
    *(
        Kind(f"the same page of {size} again", count, partial(Traffic.page_again, size=size))
        for size, count in PAGE_SIZES.items()
    ),
    Kind(INFOS, 450, Traffic.coupon_info),
    Kind(BILLS, 200, Traffic.bills),
)
DISPATCHES = "DispatchCoupons"
FURTHER_KINDS = (
    Kind(DISPATCHES, 50, Traffic.dispatches),
    Kind("CheckFeatureAdoptionCouponEligibility", 50, Traffic.eligibilities),
    Kind("EstimateDiscounts", 50, Traffic.estimates),
    Kind("RecordSpend", 50, Traffic.spends),
    Kind("GetCouponClass", 50, Traffic.classes),
)
"""Those that peers do not answer, and that are not compared."""
REFUSED_KINDS = (
    Kind("broken envelopes", 50, Traffic.broken_envelopes),
    Kind("wrong tokens", 50, Traffic.wrong_tokens),
)
"""Those that no operation answers."""


def endless(
    kinds: Sequence[Kind], traffic: Traffic, pages_count: int
) -> dict[str, Iterator[Request]]:
    """Requests of each kind by its name, as long as there are coupons to redeem.

    Args:
        kinds: Which.
        traffic: Makes them.
        pages_count: How many pages of each size are asked for, over and over.
    """
    requests = {kind.name: kind.requests(traffic) for kind in kinds}
    for size in PAGE_SIZES:
        requests[f"SearchCoupons, page of {size}"] = cycle(islice(traffic.pages(size), pages_count))
    return requests
