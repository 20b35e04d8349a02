"""A client of the demo: a few calls over HTTP, and each step told to the reader."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.sax.saxutils import escape

from lxml import etree

from service.soap.namespaces import ARRAYS, BILLING, ENTITIES, SOAP_ENVELOPE

TIMEOUT_S = 30
ADDRESSES = ("anna@example.com", "bela@example.com")

_ENVELOPE = (
    '<s:Envelope xmlns:s="{soap}" xmlns="{billing}"><s:Header>'
    "<AuthenticationToken>{authentication_token}</AuthenticationToken>"
    "<DeveloperToken>{developer_token}</DeveloperToken>"
    "</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)


class SoapFaultError(Exception):
    """The service answered with a fault.

    Args:
        fault: The element ``Fault``.
    """

    def __init__(self, fault: etree._Element) -> None:
        typed = fault.find("detail/*")
        self.name = "Fault" if typed is None else etree.QName(typed).localname
        self.code = "".join(_texts(fault, "Code")[:1])
        super().__init__(f"{self.name} {self.code}\n  {fault.findtext('faultstring')}")


@dataclass(frozen=True, slots=True)
class Client:
    """A SOAP client as small as can be."""

    url: str
    developer_token: str
    authentication_token: str

    def call(self, operation: str, body: str) -> etree._Element:
        """Call an operation; answers the reply's envelope.

        Raises:
            SoapFaultError: The service answered with a typed fault.
        """
        request = Request(  # noqa: S310 - the scheme is ours
            self.url,
            data=self.envelope(body).encode(),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'},
        )
        try:
            with urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310
                return etree.fromstring(reply.read())
        except HTTPError as error:
            (fault,) = etree.fromstring(error.read()).iter(f"{{{SOAP_ENVELOPE}}}Fault")
            raise SoapFaultError(fault) from None

    def envelope(self, body: str) -> str:
        """A request as text."""
        return _ENVELOPE.format(
            soap=SOAP_ENVELOPE,
            billing=BILLING,
            authentication_token=escape(self.authentication_token),
            developer_token=escape(self.developer_token),
            body=body,
        )


def _texts(element: etree._Element, name: str) -> list[str]:
    return [found.text or "" for found in element.iter(f"{{*}}{name}")]


def search_body(customer_id: int) -> str:
    """The body of a search for every coupon of a customer."""
    return (
        f'<SearchCouponsRequest><Predicates xmlns:e="{ENTITIES}"><e:Predicate>'
        f"<e:Field>CustomerId</e:Field><e:Operator>Equals</e:Operator><e:Value>{customer_id}"
        "</e:Value></e:Predicate></Predicates>"
        f'<PageInfo xmlns:e="{ENTITIES}"><e:Index>0</e:Index><e:Size>100</e:Size></PageInfo>'
        "</SearchCouponsRequest>"
    )


def _dispatch_body(customer_id: int, class_name: str) -> str:
    emails = "".join(f"<a:string>{address}</a:string>" for address in ADDRESSES)
    return (
        f'<DispatchCouponsRequest><SendToEmails xmlns:a="{ARRAYS}">{emails}</SendToEmails>'
        f"<CustomerId>{customer_id}</CustomerId>"
        f"<CouponClassName>{escape(class_name)}</CouponClassName></DispatchCouponsRequest>"
    )


def _redeem_body(account_id: int, code: str) -> str:
    return (
        f"<RedeemCouponRequest><AccountId>{account_id}</AccountId>"
        f"<CouponCode>{code}</CouponCode></RedeemCouponRequest>"
    )


def run_session(
    client: Client,
    customer_id: int,
    class_name: str,
    account_ids: tuple[int, int],
    tell: Callable[[str], None],
) -> None:
    """Dispatch two coupons, find them, redeem one; again; and from another account.

    Raises:
        RuntimeError: An answer is not what the service promises.
    """
    client.call("DispatchCoupons", _dispatch_body(customer_id, class_name))
    tell(f"DispatchCoupons  one coupon of {class_name!r} each for {' and '.join(ADDRESSES)}")
    code = _dispatched_code(client, customer_id, tell)
    first_account, other_account = account_ids
    first = _redeem(client, first_account, code)
    tell(f"RedeemCoupon     {code} by account {first_account}: {first}")
    again = _redeem(client, first_account, code)
    _require(again == first, f"redeemed {first}, and again {again}")
    tell(f"RedeemCoupon     the same again: {again}, the same date")
    try:
        _redeem(client, other_account, code)
    except SoapFaultError as fault:
        tell(f"RedeemCoupon     {code} by account {other_account} is refused: {fault}")
    else:
        _require(False, f"{code} was redeemed by two accounts")


def _dispatched_code(client: Client, customer_id: int, tell: Callable[[str], None]) -> str:
    reply = client.call("SearchCoupons", search_body(customer_id))
    sent = {
        _texts(coupon, "SendToEmail")[0]: _texts(coupon, "CouponCode")[0]
        for coupon in reply.iter(f"{{{ENTITIES}}}Coupon")
    }
    tell(f"SearchCoupons    {len(list(reply.iter(f'{{{ENTITIES}}}Coupon')))} coupons, of these:")
    for address in ADDRESSES:
        _require(address in sent, f"no coupon was sent to {address}")
        tell(f"                 {sent[address]} sent to {address}")
    return sent[ADDRESSES[0]]


def _redeem(client: Client, account_id: int, code: str) -> str:
    reply = client.call("RedeemCoupon", _redeem_body(account_id, code))
    return _texts(reply, "RedemptionDate")[0]


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RuntimeError(otherwise)
