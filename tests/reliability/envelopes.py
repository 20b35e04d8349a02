"""Requests that are written by hand, and what their answers say in a few words."""

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from service.soap.namespaces import MANAGEMENT, OWN_HEADERS
from tests.wire.harness import envelope

DONE = "done"
_SYMBOL = re.compile(rb"<faultstring>[^<]*? details for more information[.] (\w+):")
_PARTIAL = re.compile(rb"Details>(?:\d+: )?(\w+)(?::|<)")


class Envelopes:
    """Makes signed requests.

    Args:
        headers: The SOAP headers by which the caller is known.
        key: The IdempotencyKey; empty for none.
    """

    def __init__(self, headers: Mapping[str, str], key: str = "") -> None:
        self._headers = headers
        self._header = "".join(f"<b:{name}>{it}</b:{name}>" for name, it in headers.items())
        if key:
            self._header += f'<IdempotencyKey xmlns="{OWN_HEADERS}">{key}</IdempotencyKey>'

    def keyed(self, key: str) -> "Envelopes":
        """Makes the same requests with a key."""
        return Envelopes(self._headers, key)

    def redeem(self, account_id: int, code: str) -> bytes:
        return self._call(
            "RedeemCoupon",
            f"<b:AccountId>{account_id}</b:AccountId><b:CouponCode>{escape(code)}</b:CouponCode>",
        )

    def dispatch(self, emails: Iterable[str], customer_id: int, class_name: str) -> bytes:
        items = "".join(f"<r:string>{email}</r:string>" for email in emails)
        return self._call(
            "DispatchCoupons",
            f"<b:SendToEmails>{items}</b:SendToEmails><b:CustomerId>{customer_id}</b:CustomerId>"
            f"<b:CouponClassName>{class_name}</b:CouponClassName>",
        )

    def distribute(self, account_ids: Iterable[int], class_name: str) -> bytes:
        items = "".join(f"<r:int>{account_id}</r:int>" for account_id in account_ids)
        return self._call(
            "DistributeCoupons",
            f"<b:AccountIds>{items}</b:AccountIds><b:ClassName>{class_name}</b:ClassName>"
            "<b:SendNotification>false</b:SendNotification>",
        )

    def claim(self, pairs: Iterable[tuple[int, str]]) -> bytes:
        items = "".join(
            "<e:KeyValueEntityOflongstring>"
            f"<e:Key>{account_id}</e:Key><e:Value>{escape(code)}</e:Value>"
            "</e:KeyValueEntityOflongstring>"
            for account_id, code in pairs
        )
        return self._call(
            "ClaimFeatureAdoptionCoupons", f"<b:AccountCouponPairs>{items}</b:AccountCouponPairs>"
        )

    def apply_coupon(self, subscription: str, code: str) -> bytes:
        """A request to the coupon management service."""
        name = "ApplyCouponToSubscriptionRequest"
        return envelope(
            f'<{name} xmlns="{MANAGEMENT}">'
            f"<SubscriptionReference>{escape(subscription)}</SubscriptionReference>"
            f"<CouponCode>{escape(code)}</CouponCode></{name}>",
            self._header,
        )

    def _call(self, operation: str, content: str) -> bytes:
        return envelope(f"<b:{operation}Request>{content}</b:{operation}Request>", self._header)


def outcome(content: bytes) -> str:
    """``done``, or the symbol of the fault or of the errors of items, each once."""
    fault = _SYMBOL.search(content)
    if fault is not None:
        return fault[1].decode()
    if b"Response" not in content:
        return content[:200].decode(errors="replace")
    symbols = {symbol.decode() for symbol in _PARTIAL.findall(content)}
    return " ".join(sorted(symbols)) or DONE
