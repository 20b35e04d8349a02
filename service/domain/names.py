"""Names that people give: of customers, users, coupon classes."""

import unicodedata

NAME_LENGTH_MAX = 255


def normal_spelling(text: str) -> str:
    """How a name is compared: without white space around it, in Unicode's form NFC."""
    return unicodedata.normalize("NFC", text.strip())


def caseless(text: str) -> str:
    """How a name is compared where capital and small letters are the same."""
    return unicodedata.normalize("NFC", normal_spelling(text).casefold())


def normal_name(text: str) -> str:
    """The one spelling of a new name, as ``normal_spelling`` has it.

    Raises:
        ValueError: The name is empty, has more than 255 characters, or one that
            cannot be printed, which no XML message could carry.
    """
    name = normal_spelling(text)
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise ValueError(f"a name has 1 to {NAME_LENGTH_MAX} characters")
    if not name.isprintable():
        raise ValueError("a name has only characters that can be printed")
    return name
