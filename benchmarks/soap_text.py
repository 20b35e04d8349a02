"""SOAP requests as text."""

from service.soap.namespaces import BILLING, ENTITIES, SOAP_ENVELOPE

_ENVELOPE = (
    '<s:Envelope xmlns:s="{soap}"><s:Header>{header}</s:Header>'
    '<s:Body><{operation}Request xmlns="{namespace}" xmlns:e="{entities}">{content}'
    "</{operation}Request></s:Body></s:Envelope>"
)


def envelope(
    operation: str,
    content: str,
    header: str = "",
    *,
    namespace: str = BILLING,
    entities: str = ENTITIES,
) -> bytes:
    """A request, of the billing service if nothing else is said; ``e`` is for its entities."""
    return _ENVELOPE.format(
        soap=SOAP_ENVELOPE,
        operation=operation,
        content=content,
        header=header,
        namespace=namespace,
        entities=entities,
    ).encode()


def search_content(customer_id: int, index: int, size: int) -> str:
    """The elements of a SearchCoupons request for a page of a customer's coupons."""
    return (
        "<Predicates><e:Predicate><e:Field>CustomerId</e:Field><e:Operator>Equals</e:Operator>"
        f"<e:Value>{customer_id}</e:Value></e:Predicate></Predicates>"
        f"<PageInfo><e:Index>{index}</e:Index><e:Size>{size}</e:Size></PageInfo>"
    )
