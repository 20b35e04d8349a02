"""A fault at any statement of any operation that changes something leaves nothing of it.

The control does each operation and then writes its entry of the audit log in a
transaction of its own, as none may.
"""

import pytest

from service.storage import audit
from service.storage.engine import Database
from tests.crash.changes import change_of, changing_operations
from tests.operations.faults import AROUND, require_all_or_nothing
from tests.programme import Programme
from tests.reliability.proofs import EVERY_STATEMENT

OPERATIONS = sorted(changing_operations())

each_operation = pytest.mark.parametrize("operation", OPERATIONS)


def with_entry_apart(programme, change):
    def wrong():
        change()
        with programme.database.writing() as connection:
            entry = audit.Change("tell", "coupon", 1)
            audit.append(connection, programme.call().author, [entry])

    return wrong


def traces(databases, operation, made_wrong=lambda _, change: change):
    """What a fault in the operation, in a database of its own, left; empty for nothing."""
    database = Database(databases.new())
    try:
        programme = Programme(database)
        change = made_wrong(programme, change_of(programme, operation))
        require_all_or_nothing(programme, change, AROUND)
    except AssertionError as error:
        return str(error) or repr(error)
    finally:
        database.close()
    return ""


def test_operations_are_found():
    assert {"redeem_coupon.redeem_coupon", "outbox.put_off", "users.add_user"} <= {*OPERATIONS}
    assert "outbox.list_messages" not in OPERATIONS


# On PostgreSQL the tests of each operation try the same, and the long proof does.
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@each_operation
def test_a_fault_leaves_nothing(programme, operation):
    assert require_all_or_nothing(programme, change_of(programme, operation)) > 1


def test_an_entry_apart_would_be_noticed(programme):
    change = change_of(programme, "redeem_coupon.redeem_coupon")
    with pytest.raises(AssertionError):
        require_all_or_nothing(programme, with_entry_apart(programme, change))


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_a_fault_at_any_moment_leaves_nothing(databases, report):
    found = {operation: traces(databases, operation) for operation in OPERATIONS}
    failed = {operation: text for operation, text in found.items() if text}
    report.proof(EVERY_STATEMENT, rounds=len(OPERATIONS), failures=len(failed))
    assert failed == {}


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_an_entry_apart_is_noticed_in_each_operation(databases, report):
    unnoticed = [it for it in OPERATIONS if not traces(databases, it, with_entry_apart)]
    noticed_count = len(OPERATIONS) - len(unnoticed)
    report.control(EVERY_STATEMENT, rounds=len(OPERATIONS), failures=noticed_count)
    assert unnoticed == []
