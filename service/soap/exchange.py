"""A request and its reply, as everything on the way between them sees them."""

from dataclasses import dataclass

from service.soap.request_body import RequestBody

__all__ = ["Exchange"]


@dataclass(slots=True)
class Exchange:
    """One request and its reply; Spyne's context carries it as ``udc``.

    Attributes:
        body: The body of the request.
        tracking_id: The GUID under which reply and log name them.
        user_id: Who calls, once it is known.
        content: What the reply's Body holds, once the operation is done.
        is_replay: Whether that, or the fault, is the answer of an earlier request.
    """

    body: RequestBody
    tracking_id: str
    user_id: int | None = None
    content: str = ""
    is_replay: bool = False
