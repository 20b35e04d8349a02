"""E-mail addresses that coupons can be sent to."""

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
