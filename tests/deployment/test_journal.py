"""The journal of calls in real processes: a service that ends writes it, one that is killed not.

The control is the service that is killed: its last calls are missing.
"""

import re
import time
from http.client import HTTPConnection

import pytest

from service.domain.recorded import CallSearch
from service.operations.call_journal import PAUSE_S, find_calls
from tests.reliability.scene import operator
from tests.reliability.service_process import ServiceProcess, serving

# The processes do the same whatever the database is.
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
CALLS_COUNT = 20
TRACKING_ID = re.compile(rb"TrackingId[^>]*>([0-9a-f-]{36})<")


def call(service: ServiceProcess, body: bytes) -> str:
    """Call once; answers the TrackingId."""
    connection = HTTPConnection(service.address.host, service.address.port, timeout=60)
    try:
        connection.request("POST", service.address.path, body, {"Content-Type": "text/xml"})
        found = TRACKING_ID.search(connection.getresponse().read())
    finally:
        connection.close()
    assert found is not None
    return found[1].decode()


@pytest.fixture
def body(programme) -> bytes:
    """A request that is answered by a fault."""
    return operator(programme).redeem(1, "NONSENSE")


def recorded(programme) -> set[str]:
    """The TrackingIds in the journal; each call is there once."""
    found = find_calls(programme.call(), CallSearch(), None, 200).items
    numbers = {it.record.tracking_id for it in found}
    assert len(numbers) == len(found)
    return numbers


def test_a_service_that_ends_has_written_every_call(programme, body, database_url, tmp_path):
    with serving(database_url, tmp_path) as service:
        made = {call(service, body) for _ in range(CALLS_COUNT)}
    assert recorded(programme) == made
    (shown,) = find_calls(programme.call(), CallSearch(tracking_id=min(made))).items
    assert (shown.record.operation, shown.record.http_status) == ("RedeemCoupon", 500)
    assert shown.record.contract == "CustomerBillingService"
    assert shown.user_name is not None


@pytest.mark.prove
def test_a_service_that_is_killed_loses_its_last_second(programme, body, database_url, tmp_path):
    with serving(database_url, tmp_path) as service:
        early = {call(service, body) for _ in range(CALLS_COUNT)}
        time.sleep(PAUSE_S + 1)
        late = {call(service, body) for _ in range(CALLS_COUNT)}
        service.kill()
        kept = recorded(programme)
    assert early <= kept
    assert late - kept


@pytest.mark.prove
def test_no_journal_is_kept_where_none_is_wanted(programme, body, database_url, tmp_path):
    with serving(database_url, tmp_path, CALLS_KEEP_H="0") as service:
        call(service, body)
    assert recorded(programme) == set()
