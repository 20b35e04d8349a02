"""Names that people give."""

import pytest

from service.domain.names import caseless, normal_name, normal_spelling


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Spring ", "Spring"),
        ("Spring & <Summer>", "Spring & <Summer>"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("x" * 255, "x" * 255),
        ("\U0001f381", "\U0001f381"),
    ],
)
def test_a_name_has_one_spelling(text: str, name: str) -> None:
    assert normal_name(text) == normal_spelling(text) == name


def test_capital_and_small_letters_can_be_the_same() -> None:
    assert caseless(" Stra\u00dfe ") == caseless("STRASSE") == "strasse"
    assert caseless("E\u0301") == caseless("\u00e9") == "\u00e9"


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 256, "a\x01b", "a\nb", "a\x00", "\udcff", "\ufffe", "\u2028"]
)
def test_what_no_message_could_carry_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="a name has"):
        normal_name(text)
