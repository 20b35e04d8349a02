"""What Spyne 2.14 needs before it is imported: modules that newer Pythons lack, and silence.

The package ``service.soap`` prepares it before any of its rooms imports Spyne.
"""

import importlib
import logging
import sys
from email.message import Message
from operator import attrgetter
from types import ModuleType

import six

_SIX_MOVES = (
    "six.moves",
    "six.moves.collections_abc",
    "six.moves.http_cookies",
    "six.moves.urllib",
    "six.moves.urllib.error",
    "six.moves.urllib.parse",
    "six.moves.urllib.request",
)


def prepare() -> None:
    """Make ``import spyne`` work on this Python, and keep Spyne out of the log."""
    _lend_six()
    if sys.version_info >= (3, 13):
        sys.modules.setdefault("cgi", _cgi_with_parse_header())
    # Spyne logs request bodies, tokens included, and a traceback for each typed fault.
    # The wire logs for itself, under "service.soap", and never a body.
    logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)


def _lend_six() -> None:
    """Put today's six where Spyne keeps an old copy.

    That copy finds its modules by an interface of the import system that Python 3.12
    dropped, and of which earlier Pythons warn.
    """
    lent = ModuleType("spyne.util.six")
    vars(lent).update(vars(six))
    # The one thing that Spyne added to its copy.
    lent.get_function_name = attrgetter("__name__")  # type: ignore[attr-defined]
    sys.modules["spyne.util.six"] = lent
    for name in _SIX_MOVES:
        sys.modules[f"spyne.util.{name}"] = importlib.import_module(name)


def _cgi_with_parse_header() -> ModuleType:
    """Stand in for the module ``cgi``, of which Spyne wants one function."""
    module = ModuleType("cgi")
    module.parse_header = _parse_header  # type: ignore[attr-defined]
    return module


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message["Content-Type"] = line
    (value, _), *parameters = message.get_params(failobj=[(line, "")])
    return value, dict(parameters)
