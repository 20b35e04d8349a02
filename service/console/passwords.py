"""The field for a password that is to be."""

from typing import Any

from wtforms import PasswordField
from wtforms.validators import Length

PASSWORD_LENGTH_MIN = 12
"""In characters; a password is guarded by little else against those who guess."""
PASSWORD_LENGTH_MAX = 1000


def new_password(label: str = "Password", *more: Any) -> PasswordField:
    """A field for a password that is to be."""
    length = Length(
        PASSWORD_LENGTH_MIN,
        PASSWORD_LENGTH_MAX,
        f"A password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters.",
    )
    return PasswordField(label, [*more, length])
