"""A standby takes the place of the server: the service goes on, and nothing acknowledged is lost.

The control is a standby that was not waited for.
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import select

from service.domain.errors import SERVICE_UNAVAILABLE
from service.domain.refusals import ServiceTroubleError
from service.operations.parties import add_customer
from service.storage.engine import Database
from service.storage.schema import is_current, upgrade
from service.storage.tables import coupon
from tests.deployment.standby import StandbyServer, follow_synchronously, url_of_both
from tests.deployment.traffic import flowing
from tests.deployment.waiting import wait_until
from tests.postgresql import PostgresServer
from tests.programme import Programme
from tests.reliability.envelopes import DONE
from tests.reliability.proofs import FAILOVER, Report
from tests.reliability.scene import operator
from tests.reliability.service_process import serving

CLIENTS_COUNT = 8
CALLS_COUNT = 200
UNAVAILABLE = "ServiceUnavailable"


@contextmanager
def two_servers():
    """A server with a database, and its standby."""
    primary = PostgresServer()
    standby = None
    try:
        primary.start()
        primary.execute("CREATE DATABASE billing")
        standby = StandbyServer(primary)
        standby.start()
        yield primary, standby
    finally:
        for server in filter(None, (standby, primary)):
            server.remove()


@contextmanager
def opened(url):
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture(scope="module")
def servers():
    """Two servers that no test changes."""
    with two_servers() as servers:
        yield servers


def addresses_sent(database):
    with database.reading() as connection:
        statement = select(coupon.c.sent_to_email).where(coupon.c.sent_at.is_not(None))
        return set(connection.execute(statement).scalars())


def fail_over(directory, *, is_synchronous):
    """Dispatch coupons, and let the standby take over meanwhile.

    Each call is about an address of its own.

    Returns:
        The traffic, and the addresses that the standby knows to be served.
    """
    with (
        two_servers() as (primary, standby),
        opened(url_of_both(primary, standby, "billing")) as database,
    ):
        upgrade(database)
        programme = Programme(database)
        owner = programme.customer()
        programme.coupon_class(owner)
        programme.mint(owner, count=10_000)
        envelopes = operator(programme)
        wait_until(lambda: knows_operator(standby))

        def request(number):
            return envelopes.dispatch([address_of(number)], owner, "Spring")

        if is_synchronous:
            follow_synchronously(primary)
        else:
            standby.kill()
        url = url_of_both(primary, standby, "billing")
        with (
            serving(url, directory) as service,
            flowing([service.address], request, CLIENTS_COUNT) as traffic,
        ):
            wait_until(lambda: traffic.outcomes[DONE] >= CALLS_COUNT)
            primary.kill()
            wait_until(lambda: traffic.outcomes[UNAVAILABLE])
            if not is_synchronous:
                standby.start()
            standby.promote()
            enough = traffic.outcomes[DONE] + CALLS_COUNT
            wait_until(lambda: traffic.outcomes[DONE] >= enough)
        return traffic, addresses_sent(database)


def address_of(number):
    return f"kim{number}@example.com"


def lost_addresses(traffic, sent):
    """Those that a call was told to be served, and are not."""
    return {address_of(number) for number in traffic.done} - sent


def knows_operator(standby):
    """Whether the standby has what was written last."""
    with opened(standby.url("billing")) as database, database.reading() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM token").scalar_one() == 2


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_the_service_goes_on_with_the_standby_and_loses_nothing(tmp_path, record_property):
    traffic, sent = fail_over(tmp_path, is_synchronous=True)
    lost = lost_addresses(traffic, sent)
    Report(record_property, "postgresql").proof(FAILOVER, rounds=1, failures=int(bool(lost)))
    assert traffic.outcomes.keys() == {DONE, UNAVAILABLE}
    assert lost == set()
    # What was done and could not be told any more.
    assert len(sent) - len(traffic.done) <= CLIENTS_COUNT


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_standby_that_was_not_waited_for_loses_calls(tmp_path, record_property):
    lost = lost_addresses(*fail_over(tmp_path, is_synchronous=False))
    Report(record_property, "postgresql").control(FAILOVER, rounds=1, failures=int(bool(lost)))
    assert lost


def test_a_url_may_name_several_hosts(servers):
    primary, standby = servers
    for first, second in ((primary, standby), (standby, primary)):
        with opened(url_of_both(first, second, "postgres")) as database:
            with database.reading() as connection:
                port = connection.exec_driver_sql("SHOW port").scalar_one()
            assert int(port) == primary.port


def test_a_standby_reads_and_is_unavailable_for_writers(servers):
    primary, standby = servers
    with opened(primary.url("billing")) as database:
        upgrade(database)
        Programme(database).customer()
    with opened(standby.url("billing")) as database:
        programme = Programme(database)
        wait_until(lambda: is_current(database))
        assert addresses_sent(database) == set()
        with pytest.raises(ServiceTroubleError) as error:
            add_customer(programme.call(), "Contoso")
        assert error.value.row is SERVICE_UNAVAILABLE
