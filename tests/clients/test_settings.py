"""Faults with HTTP 200, as the original has been seen to send them; trouble in the service."""

from dataclasses import replace

import pytest
import suds.client
from sqlalchemy import text

from service.domain import errors
from service.storage.engine import Database
from tests.clients.callers import (
    Keys,
    RefusedError,
    SudsCaller,
    ZeepCaller,
    bing_ads_caller,
    check_fault,
)
from tests.clients.server import running
from tests.clients.wire import connected
from tests.conformance.tap import tapped


def first_keys(server):
    """The tokens that ``init`` printed."""
    return Keys(server.first_keys["developer_token"], server.first_keys["authentication_token"])


@pytest.fixture(scope="module")
def status_200(tmp_path_factory, session_databases):
    """A service that sends faults with HTTP 200."""
    folder = tmp_path_factory.mktemp("status_200")
    with (
        running(folder, session_databases.blank(), FAULT_HTTP_STATUS="200") as server,
        tapped(server.port, excepted={"R1126"}) as tap,
    ):
        yield replace(server, port=tap.port)
    assert server.trouble() == []


@pytest.fixture(params=["bing_ads", "suds", "zeep"])
def connect_200(request, status_200, zeep_official):
    url = status_200.url
    return {
        "bing_ads": lambda keys: bing_ads_caller(url, keys, customer_id=1, account_id=1),
        "suds": lambda keys: SudsCaller(suds.client.Client(f"{url}?singleWsdl", cache=None), keys),
        "zeep": lambda keys: ZeepCaller(zeep_official, keys, url),
    }[request.param]


def test_clients_read_faults_that_travel_with_status_200(connect_200, status_200):
    keys = first_keys(status_200)
    with connected(status_200) as connection:
        assert connection.call(keys, "<b:RedeemCouponRequest/>").status == 200
    account_id = status_200.first_keys["account_id"]
    for caller, row in [
        (connect_200(Keys(keys.developer_token, "wrong")), errors.INVALID_CREDENTIALS),
        (connect_200(keys), errors.COUPON_NOT_FOUND),
    ]:
        with pytest.raises(RefusedError) as fault:
            caller.redeem(account_id, "ABC-123")
        check_fault(fault.value, row)


def test_the_first_password_is_as_good_as_the_first_tokens(status_200):
    first = status_200.first_keys
    keys = Keys(first["developer_token"], user_name=first["user_name"], password=first["password"])
    caller = bing_ads_caller(status_200.url, keys, first["customer_id"], first["account_id"])
    assert caller.search(("CustomerId", "Equals", str(first["customer_id"]))) == []


def test_an_internal_error_is_logged_under_its_tracking_id_and_told_to_nobody(tmp_path, databases):
    with running(tmp_path, databases.blank()) as server:
        database = Database(server.database_url)
        with database.writing() as connection:
            connection.execute(text("ALTER TABLE coupon RENAME TO elsewhere"))
        database.close()
        caller = bing_ads_caller(server.url, first_keys(server), 1, 1)
        with pytest.raises(RefusedError) as fault:
            caller.redeem(server.first_keys["account_id"], "ABC-123")

    check_fault(fault.value, errors.INTERNAL_ERROR)
    assert fault.value.details is None
    assert "sql" not in fault.value.text.lower()
    assert any(fault.value.tracking_id in line for line in server.trouble())
    assert "sqlalchemy.exc." in server.log.read_text()
