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


def search_content(customer_id: int, index: int, size: int, class_name: str = "") -> str:
    """The elements of a SearchCoupons request for a page of a customer's coupons.

    Args:
        customer_id: Whose.
        index: Of the page.
        size: Of the page.
        class_name: Of the class whose coupons are searched; empty for all.
    """
    predicates = _predicate("CustomerId", str(customer_id))
    if class_name:
        predicates += _predicate("CouponClassName", class_name)
    return (
        f"<Predicates>{predicates}</Predicates>"
        f"<PageInfo><e:Index>{index}</e:Index><e:Size>{size}</e:Size></PageInfo>"
    )


def _predicate(field: str, value: str) -> str:
    return (
        f"<e:Predicate><e:Field>{field}</e:Field><e:Operator>Equals</e:Operator>"
        f"<e:Value>{value}</e:Value></e:Predicate>"
    )
