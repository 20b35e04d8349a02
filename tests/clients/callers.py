"""Unmodified SOAP clients, with one way to call them and to read their faults.

Arguments and results stay what each client makes of them; only the wrapping around a list, and
the shape of a fault, differ between zeep and suds so much that tests need one form.
"""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import suds
import zeep
from bingads import ServiceClient
from bingads.authorization import (
    Authentication,
    AuthorizationData,
    OAuthTokens,
    OAuthWebAuthCodeGrant,
    PasswordAuthentication,
)
from lxml import etree

from service.domain.error_rows import ErrorRow, FaultKind
from service.soap.namespaces import BILLING, OWN_HEADERS

_BINDING = f"{{{BILLING}}}BasicHttpBinding_ICustomerBillingService"

Predicate = tuple[str, str, str]


@dataclass(frozen=True)
class Keys:
    """By what a caller is known; None for what it does not send."""

    developer_token: str | None = None
    authentication_token: str | None = None
    user_name: str | None = None
    password: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The SOAP headers."""
        headers = {
            "DeveloperToken": self.developer_token,
            "AuthenticationToken": self.authentication_token,
            "UserName": self.user_name,
            "Password": self.password,
        }
        return {name: value for name, value in headers.items() if value is not None}


class ElementKeys:
    """Headers as elements, which is how zeep takes those that no description declares:
    credentials, and an IdempotencyKey.
    """

    def __init__(self, headers: dict[str, str], key: str) -> None:
        self.headers = [
            *(_element(BILLING, name, text) for name, text in headers.items()),
            _element(OWN_HEADERS, "IdempotencyKey", key),
        ]


def _element(namespace: str, name: str, text: str) -> etree._Element:
    element = etree.Element(etree.QName(namespace, name))
    element.text = text
    return element


@dataclass(eq=False)
class RefusedError(Exception):
    """A fault as the client understood it.

    Attributes:
        kind: The element in ``detail``; None when there is none.
        text: The faultstring.
        details: ``Details`` of the first error, which AdApiFaultDetail calls ``Detail``.
        error_code: ``ErrorCode``, which only AdApiFaultDetail has.
    """

    fault_code: str
    text: str
    kind: str | None = None
    tracking_id: str | None = None
    code: int | None = None
    details: str | None = None
    message: str | None = None
    error_code: str | None = None


def check_fault(fault: RefusedError, row: ErrorRow) -> None:
    """A fault is the row's, and says so to those who read only its text."""
    assert fault.kind == row.kind.value
    assert (fault.code, fault.message) == (row.code, row.message)
    assert fault.fault_code.endswith("Server")
    assert fault.text.startswith(
        "Invalid client data. Check the SOAP fault details for more information. "
        f"{row.symbol}: {row.message}"
    )
    assert fault.tracking_id
    assert fault.text.endswith(f" TrackingId: {fault.tracking_id}.")
    if row.kind is FaultKind.AD_API:
        assert fault.error_code == row.symbol
    else:
        assert fault.details
        assert fault.details.startswith(row.symbol)


class Caller:
    """A client and its credentials."""

    def call(self, operation: str, **arguments: Any) -> Any:
        """Call an operation; answers the one element of its response.

        Raises:
            RefusedError: A fault came back.
        """
        raise NotImplementedError

    def call_all(self, operation: str, **arguments: Any) -> Any:
        """Call an operation; answers the several elements of its response."""
        return self.call(operation, **arguments)

    def flags(self, *names: str) -> Any:
        """A list of enumerated values, as this client takes it."""
        raise NotImplementedError

    def shown(self, instant: datetime) -> datetime:
        """An instant as this client shows it."""
        return instant

    @property
    def tracking_id(self) -> str:
        """The TrackingId in the header of the last reply."""
        raise NotImplementedError

    def search(
        self,
        *predicates: Predicate,
        page: tuple[int, int] | None = (0, 100),
        order: tuple[str, str] | None = None,
        fields: Any = None,
    ) -> list[Any]:
        """SearchCoupons."""
        arguments: dict[str, Any] = {"Predicates": _predicates(predicates)}
        if order:
            arguments["Ordering"] = {"OrderBy": [{"Field": order[0], "Order": order[1]}]}
        if page:
            arguments["PageInfo"] = {"Index": page[0], "Size": page[1]}
        if fields:
            arguments["ReturnAdditionalFields"] = fields
        coupons = self.call("SearchCoupons", **arguments)
        return list(coupons.Coupon) if coupons else []

    def dispatch(self, customer_id: int, class_name: str | None, *emails: str) -> list[Any]:
        """DispatchCoupons; answers the partial errors."""
        errors = self.call(
            "DispatchCoupons",
            SendToEmails={"string": list(emails)},
            CustomerId=customer_id,
            CouponClassName=class_name,
        )
        return list(errors.BatchError) if errors else []

    def redeem(self, account_id: int | None, coupon_code: str | None) -> Any:
        """RedeemCoupon; answers the redemption date."""
        return self.call("RedeemCoupon", AccountId=account_id, CouponCode=coupon_code)


class ZeepCaller(Caller):
    """zeep.

    Args:
        client: Made from some description of the service.
        keys: By what the caller is known.
        url: Where to call; None for the address in the description.
    """

    def __init__(self, client: zeep.Client, keys: Keys, url: str | None = None) -> None:
        self.client = client
        self.service = client.create_service(_BINDING, url) if url else client.service
        self.keys = keys
        self._tracking_id = ""

    def call(self, operation: str, **arguments: Any) -> Any:
        body = self.call_all(operation, **arguments)
        (name,) = body
        return body[name]

    def call_all(self, operation: str, **arguments: Any) -> Any:
        try:
            reply = self.service[operation](_soapheaders=self.keys.headers, **arguments)
        except zeep.exceptions.Fault as fault:
            raise self._refused(fault) from fault
        self._tracking_id = reply.header.TrackingId
        return reply.body

    def flags(self, *names: str) -> list[str]:
        return list(names)

    @property
    def tracking_id(self) -> str:
        return self._tracking_id

    def _refused(self, fault: zeep.exceptions.Fault) -> RefusedError:
        if fault.detail is None:
            return RefusedError(fault.code, fault.message)
        (element,) = fault.detail
        kind = etree.QName(element).localname
        detail = self.client.wsdl.types.deserialize(element)
        if kind == "AdApiFaultDetail":
            error = detail.Errors.AdApiError[0]
        else:
            error = detail.OperationErrors.OperationError[0]
        return _refused(fault.code, fault.message, kind, detail.TrackingId, error)


class SudsCaller(Caller):
    """suds.

    Args:
        client: Made from some description of the service.
        keys: By what the caller is known.
    """

    def __init__(self, client: suds.client.Client, keys: Keys) -> None:
        self.client = client
        client.set_options(soapheaders=keys.headers)

    def call(self, operation: str, **arguments: Any) -> Any:
        try:
            return self.invoke(operation, **arguments)
        except suds.WebFault as error:
            raise self._refused(error.fault) from error

    def invoke(self, operation: str, **arguments: Any) -> Any:
        """Call an operation as the client's users do."""
        return getattr(self.client.service, operation)(**arguments)

    def flags(self, *names: str) -> str:
        return " ".join(names)

    @property
    def tracking_id(self) -> str:
        envelope = self.client.last_received().getChild("Envelope")
        return str(envelope.getChild("Header").getChild("TrackingId").getText())

    def _refused(self, fault: Any) -> RefusedError:
        if not hasattr(fault, "detail"):
            return RefusedError(fault.faultcode, fault.faultstring)
        ((kind, detail),) = fault.detail
        if kind == "AdApiFaultDetail":
            error = detail.Errors.AdApiError
        else:
            error = detail.OperationErrors.OperationError
        return _refused(fault.faultcode, fault.faultstring, kind, detail.TrackingId, error)


class BingAdsCaller(SudsCaller):
    """Microsoft's SDK, whose every change is the address.

    Args:
        service_client: Made from the description inside the SDK.
    """

    def __init__(self, service_client: ServiceClient) -> None:
        self.service_client = service_client
        self.client = service_client.soap_client

    def invoke(self, operation: str, **arguments: Any) -> Any:
        return getattr(self.service_client, operation)(**arguments)

    @property
    def tracking_id(self) -> str:
        return str(self.service_client.get_response_header()["TrackingId"])


def bing_ads_caller(url: str, keys: Keys, customer_id: int, account_id: int) -> BingAdsCaller:
    """Make a ServiceClient as the SDK's users do, and tell it where the service is."""
    authorization_data = AuthorizationData(
        account_id=account_id,
        customer_id=customer_id,
        developer_token=keys.developer_token,
        authentication=_authentication(keys),
    )
    service_client = ServiceClient(
        "CustomerBillingService", 13, authorization_data=authorization_data, location=url
    )
    return BingAdsCaller(service_client)


def _authentication(keys: Keys) -> Authentication:
    if keys.user_name:
        return PasswordAuthentication(keys.user_name, keys.password)
    with warnings.catch_warnings():
        # The SDK reads the clock in a way that Python 3.12 deprecates.
        warnings.filterwarnings("ignore", "datetime.datetime.utcnow", DeprecationWarning)
        tokens = OAuthTokens(access_token=keys.authentication_token)
    return OAuthWebAuthCodeGrant(
        client_id="client",
        client_secret="secret",
        redirection_uri="https://example.com/callback",
        oauth_tokens=tokens,
    )


def _predicates(predicates: Iterable[Predicate]) -> Mapping[str, Any]:
    names = ("Field", "Operator", "Value")
    return {"Predicate": [dict(zip(names, each, strict=True)) for each in predicates]}


def _refused(fault_code: str, text: str, kind: str, tracking_id: str, error: Any) -> RefusedError:
    is_ad_api = kind == "AdApiFaultDetail"
    return RefusedError(
        fault_code,
        text,
        kind=kind,
        tracking_id=tracking_id,
        code=int(error.Code),
        details=error.Detail if is_ad_api else error.Details,
        message=error.Message,
        error_code=error.ErrorCode if is_ad_api else None,
    )
