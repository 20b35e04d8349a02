"""Names that strangers make up stay in no memory, and cannot end the process."""

import subprocess
import sys

import pytest
from lxml import etree

from service.soap import names
from service.soap.contract import CUSTOMER_BILLING
from service.soap.faults import WireFault
from service.soap.gate import Gate, GateLimits
from tests.security import name_maker
from tests.wire.harness import envelope

MADE_UP_MIB = name_maker.REQUESTS_COUNT * name_maker.NAMES_COUNT * name_maker.NAME_LENGTH / 2**20
ENOUGH_S = 60


def knows_names() -> bool:
    """Whether lxml has names for this thread, which it then has not any more."""
    try:
        names._delete(names._thread_state(), names._KEPT_AS)
    except KeyError:
        return False
    return True


def test_lxml_keeps_names_where_they_are_forgotten():
    etree.fromstring("<a/>")
    assert knows_names()
    assert not knows_names()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(envelope(), id="valid"),
        pytest.param(envelope("<MadeUp/>"), id="refused"),
        pytest.param(envelope("<b:RedeemCouponRequest madeUp=''/>"), id="not of the schema"),
        pytest.param(envelope()[:-1], id="malformed"),
    ],
)
def test_names_are_forgotten_however_a_request_ends(content: bytes) -> None:
    gate = Gate(CUSTOMER_BILLING, GateLimits())
    try:
        gate.open_envelope(gate.parse(content, None), name_maker.REQUESTS)
    except WireFault:
        assert content != envelope()
    assert not knows_names()


def make_names(*options: str) -> str:
    command = [sys.executable, "-m", name_maker.__name__, *options]
    made = subprocess.run(command, capture_output=True, check=True, text=True, timeout=ENOUGH_S)
    return made.stdout


def grown_mib(*options: str) -> list[float]:
    """How much the names of headers, and those of attributes, took."""
    return [float(figure) for figure in make_names(*options).split()]


@pytest.mark.prove
def test_names_that_are_made_up_take_no_memory():
    headers, attributes = grown_mib()
    assert headers < MADE_UP_MIB / 4
    assert attributes < MADE_UP_MIB / 4


@pytest.mark.prove
def test_control_of_names_that_are_kept():
    headers, attributes = grown_mib("--keeping")
    assert headers > MADE_UP_MIB / 2
    assert attributes > MADE_UP_MIB / 2


@pytest.mark.prove
def test_names_that_are_made_up_at_once_end_nothing():
    make_names("--at-once")


@pytest.mark.prove
def test_control_of_names_that_are_shared():
    # What two have written at once is a crash, or a chain without an end.
    with pytest.raises((subprocess.CalledProcessError, subprocess.TimeoutExpired)):
        make_names("--at-once", "--keeping")
