"""TrackingIds as people paste them."""

import re
from uuid import UUID

_GUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


def tracking_id_in(text: str) -> UUID | None:
    """The first TrackingId in a text, such as a line of a log, the text of a fault, or in braces.

    None when there is none: it has 32 hexadecimal digits, with hyphens or without.
    """
    match = _GUID.search(text.lower())
    return UUID(match.group()) if match else None
