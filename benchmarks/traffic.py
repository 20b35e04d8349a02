"""The requests that are measured, made of what a database has."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle, repeat

from benchmarks.load import Request, prepared
from benchmarks.own_service import soap_header
from benchmarks.soap_text import envelope, search_content
from benchmarks.supply import Supply, Unredeemed
from service.addresses import COUPON_MANAGEMENT_PATH
from service.soap.namespaces import MANAGEMENT, MANAGEMENT_ENTITIES
from tests.reliability.crowd import Address

UNKNOWN_CODE = "NO-SUCH-COUPON"


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
        body = envelope("GetCouponInfo", content, self._header)
        infos_count = len(self._supply.memory.infos)
        yield from repeat(prepared(self._address, body, b"CouponId>", 2 * infos_count))

    def bills(self) -> Iterator[Request]:
        """ApplyCouponsToBill, each of a bill of its own."""
        for number, subscription in enumerate(cycle(self._supply.subscriptions)):
            body = envelope(
                "ApplyCouponsToBill",
                f"<SubscriptionReference>{subscription}</SubscriptionReference>"
                f"<BillReference>bill {number}</BillReference><Currency>USD</Currency>"
                "<Lines><e:BillLine><e:PricingComponentID>users</e:PricingComponentID>"
                "<e:Units>12</e:Units><e:UnitPrice>5</e:UnitPrice></e:BillLine></Lines>",
                self._header,
                namespace=MANAGEMENT,
                entities=MANAGEMENT_ENTITIES,
            )
            address = self._address._replace(path=COUPON_MANAGEMENT_PATH)
            yield prepared(address, body, b"Due>30.00</", 1)

    def _redeem(self, account_id: int, code: str) -> Request:
        body = self._redeem_body(account_id, code)
        return prepared(self._address, body, b"RedemptionDate>", 2)

    def _redeem_body(self, account_id: int, code: str) -> bytes:
        content = f"<AccountId>{account_id}</AccountId><CouponCode>{code}</CouponCode>"
        return envelope("RedeemCoupon", content, self._header)

    def _page(self, index: int, size: int) -> Request:
        content = search_content(self._supply.keys.customer_id, index, size)
        body = envelope("SearchCoupons", content, self._header)
        return prepared(self._address, body, b"CouponCode>", 2 * size)


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
BILLS = "ApplyCouponsToBill"
PAGE_SIZES = {1: 150, 10: 100, 100: 40}
"""How many pages of each size are asked for in a round."""
KINDS = (
    Kind(REDEMPTIONS, 200, Traffic.redemptions),
    Kind("RedeemCoupon, repeated", 200, Traffic.repeated_redemptions),
    Kind("RedeemCoupon, a fault", 150, Traffic.unknown_coupons),
    *(
        Kind(f"SearchCoupons, page of {size}", count, partial(Traffic.pages, size=size))
        for size, count in PAGE_SIZES.items()
    ),
    *(
        Kind(f"the same page of {size} again", count, partial(Traffic.page_again, size=size))
        for size, count in PAGE_SIZES.items()
    ),
    Kind("GetCouponInfo", 150, Traffic.coupon_info),
    Kind(BILLS, 100, Traffic.bills),
)
