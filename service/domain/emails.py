"""E-mail addresses that coupons can be sent to."""

import idna
from email_validator import EmailNotValidError, validate_email


def normal_address(text: str) -> str:
    """The one spelling of an address under which it is stored and compared.

    The domain is folded to lower case and Unicode is normalised; the part before
    the ``@`` keeps its case, as its server may tell cases apart.

    Raises:
        ValueError: The text is not an address; the message says why. Nothing is
            asked of the network.
    """
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error


def wire_address(address: str) -> str:
    """A normal address as mail servers have it: the domain is in ASCII.

    Unless the part before the ``@`` is not: such an address needs a server that takes
    Unicode, and is left as it is.
    """
    local, _, domain = address.rpartition("@")
    return f"{local}@{idna.encode(domain).decode()}" if local.isascii() else address
