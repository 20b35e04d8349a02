"""The database itself refuses rows that break a rule, and names the rule as far as it can."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, ForeignKey, Index, Table, UniqueConstraint, insert, null
from sqlalchemy.exc import IntegrityError

from service.storage.all_tables import metadata
from service.storage.consistency import check
from service.storage.engine import Database
from tests.databases import Databases
from tests.programme import START
from tests.storage import console_rows, discount_rows

FIRST: dict[str, dict[str, Any]] = {
    "customer": {"customer_id": 1, "name": "Contoso", "created_at": START},
    "account": {
        "account_id": 1,
        "customer_id": 1,
        "number": "X0000001",
        "currency_code": "USD",
        "created_at": START,
    },
    "service_user": {"user_id": 1, "name": "kim", "created_at": START},
    "membership": {"membership_id": 1, "user_id": 1, "customer_id": 1, "role": "Standard"},
    "token": {
        "token_id": 1,
        "user_id": 1,
        "kind": "developer",
        "digest": b"1" * 32,
        "created_at": START,
    },
    "coupon_terms": {
        "terms_id": 1,
        "coupon_type": "Retention",
        "currency_code": "USD",
        "amount": 50,
        "percent_off": 10,
        "spend_threshold": 25,
        "active_duration": 30,
        "start_date": START,
        "end_date": START,
    },
    "coupon_class": {
        "class_id": 1,
        "customer_id": 1,
        "terms_id": 1,
        "name": "Spring",
        "code_pattern": "###",
        "code_alphabet": "01",
        "created_at": START,
    },
    "coupon_batch": {"batch_id": 1, "class_id": 1, "requested_count": 1, "created_at": START},
    "coupon": {
        "coupon_id": 1,
        "class_id": 1,
        "terms_id": 1,
        "batch_id": 1,
        "seq": 0,
        "code": "A",
        "sent_to_email": "kim@example.com",
        "sent_at": START,
        "claimed_account_id": 1,
        "claimed_at": START,
        "claimed_feature_id": 7,
    },
    "coupon_place": {"batch_id": 1, "seq": 0, "coupon_id": 1},
    "job": {
        "job_id": 1,
        "kind": "creation",
        "customer_id": 1,
        "class_id": 1,
        "created_at": START,
        "created_by": 1,
        "errors": [],
        "next_attempt_at": START,
    },
    "creation_job": {
        "job_id": 1,
        "batch_id": 1,
        "terms_id": 1,
        "number_of_coupons": 2,
        "code_pattern": "###",
        "code_alphabet": "01",
        "usage_limit": 1,
        "reservation_limit": 1,
        "chunk_size": 1,
    },
    "deletion_job": {"job_id": 1, "filters": {}, "batch_id": 1, "seq": 0},
    "unfinished_import": {"batch_id": 1, "first_coupon_id": 1},
    "subscription": {
        "subscription_id": 1,
        "account_id": 1,
        "reference": "order 1",
        "product_id": "ads",
        "rate_plan_id": "monthly",
        "currency_code": "USD",
        "created_at": START,
    },
    "redemption": {
        "coupon_id": 1,
        "account_id": 1,
        "redeemed_at": START,
        "expires_at": START,
        "activated_at": START,
        "is_active": True,
        "granted": 50,
        "spend_to_threshold": 0,
        "balance": 50,
        "currency_code": "USD",
        "acquisition_customer_id": 1,
    },
    "spend": {
        "spend_id": 1,
        "customer_id": 1,
        "account_id": 1,
        "reference": "invoice 1",
        "amount": 10,
        "spent_at": START,
        "recorded_at": START,
    },
    "ledger": {
        "line_id": 1,
        "coupon_id": 1,
        "spend_id": 1,
        "is_reversal": False,
        "towards_threshold": 0,
        "drawn": 10,
        "is_activation": False,
    },
    "outbox": {
        "message_id": 1,
        "mail_id": "<1@example.com>",
        "kind": "dispatch",
        "recipient": "kim@example.com",
        "coupon_id": 1,
        "next_attempt_at": START,
        "created_at": START,
    },
    "audit": {
        "audit_id": 1,
        "at": START,
        "user_id": 1,
        "tracking_id": "t",
        "action": "add",
        "entity": "customer",
        "entity_id": 1,
    },
    "idempotency_key": {
        "user_id": 1,
        "key": "one",
        "operation": "RedeemCoupon",
        "body_digest": b"1" * 32,
        "reply": "<RedeemCouponResponse/>",
        "created_at": START,
    },
    **discount_rows.FIRST,
    **console_rows.FIRST,
}
"""A valid row of each table."""

CHANGES: dict[str, dict[str, Any]] = {
    "account": {"number": "X0000002"},
    "service_user": {"name": "lee"},
    "membership": {"user_id": 2},
    "token": {"digest": b"2" * 32},
    "coupon_class": {"name": "Summer"},
    "coupon": {"seq": 1, "code": "B", "claimed_feature_id": 8},
    "coupon_place": {"seq": 1},
    "creation_job": {"job_id": 2, "batch_id": 2},
    "deletion_job": {"job_id": 2},
    "unfinished_import": {"batch_id": 2},
    "subscription": {"reference": "order 2"},
    "redemption": {"coupon_id": 2, "acquisition_customer_id": None, "is_active": False},
    "spend": {"reference": "invoice 2"},
    "ledger": {"is_reversal": True},
    "outbox": {"mail_id": "<2@example.com>"},
    "idempotency_key": {"key": "two"},
    **discount_rows.CHANGES,
    **console_rows.CHANGES,
}
"""What a second row has of its own, beside its number."""

TWICE = ["service_user", "coupon_batch", "coupon", "job", *discount_rows.TWICE, *console_rows.TWICE]
"""The tables with a second row, for rows of other tables that point to it."""


def second(table: Table) -> dict[str, Any]:
    """Another valid row, unlike the first wherever it must be."""
    numbers = {
        column.name: 2
        for column in table.primary_key.columns
        if not column.foreign_keys and column.autoincrement
    }
    return {**FIRST[table.name], **numbers, **CHANGES.get(table.name, {})}


@pytest.fixture(scope="module")
def filled(session_databases: Databases) -> Iterator[Database]:
    """A database with a valid row in each table, and a second one in some.

    Tests share it, and leave it as it is.
    """
    database = Database(session_databases.new())
    tables = metadata.tables
    with database.writing() as connection:
        for name, values in FIRST.items():
            connection.execute(insert(tables[name]).values(values))
        for name in TWICE:
            connection.execute(insert(tables[name]).values(second(tables[name])))
    yield database
    database.close()


def try_insert(database: Database, table: Table, *rows: dict[str, Any]) -> None:
    """Insert rows, and undo it."""
    with database.engine.connect() as connection:
        for values in rows:
            connection.execute(insert(table).values(values))
        connection.rollback()


def refusal(database: Database, table: Table, *rows: dict[str, Any]) -> str:
    """What the database says of rows: PostgreSQL names the rule, SQLite has words for it."""
    with pytest.raises(IntegrityError) as error:
        try_insert(database, table, *rows)
    cause: Any = error.value.orig
    if database.engine.dialect.name == "sqlite":
        return str(cause)
    diagnosis = cause.diag
    return str(diagnosis.constraint_name or f"{diagnosis.table_name}.{diagnosis.column_name}")


def broken_rules(database: Database, table: Table, *rows: dict[str, Any]) -> set[str]:
    """The rules that are broken while the rows are there."""
    with database.engine.connect() as connection:
        for values in rows:
            connection.execute(insert(table).values(values))
        return {breach.rule for breach in check(connection).breaches}


def told(database: Database, *, name: str, on_sqlite: str) -> str:
    """What the database says when the rule of this name is broken."""
    return on_sqlite if database.engine.dialect.name == "sqlite" else name


TABLES = list(metadata.tables.values())
WITH_ROOM = [it for it in TABLES if it.name not in {*TWICE, *console_rows.ONE_ROW}]


@pytest.mark.parametrize("table", WITH_ROOM, ids=str)
def test_a_valid_row_is_accepted(filled: Database, table: Table) -> None:
    try_insert(filled, table, second(table))


UNIQUE = {
    str(it.name): (table, [column.name for column in it.columns])
    for table in TABLES
    for it in [*table.constraints, *table.indexes]
    if isinstance(it, UniqueConstraint) or (isinstance(it, Index) and it.unique)
}
NEW_NUMBERS: dict[str, dict[str, Any]] = {
    "service_user": {"user_id": 3, "name": "mo"},
    "coupon_batch": {"batch_id": 3},
    "coupon": {"coupon_id": 3, "seq": 3, "code": "C", "claimed_feature_id": 9},
    "job": {"job_id": 3},
    **discount_rows.NEW_NUMBERS,
    **console_rows.NEW_NUMBERS,
}
TRIED_ALONE = {
    "uq_membership_operator",
    "uq_redemption_active",
    "uq_outbox_job_id",
    "uq_coupon_instance_code",
}
OF_JOB = {"kind": "job", "coupon_id": None, "job_id": 1}
"""Of a message that tells the end of a job."""


@pytest.mark.parametrize("name", [it for it in UNIQUE if it not in TRIED_ALONE])
def test_what_is_unique_comes_once(filled: Database, name: str) -> None:
    table, columns = UNIQUE[name]
    again = {column: FIRST[table.name][column] for column in columns}
    values = {**second(table), **NEW_NUMBERS.get(table.name, {}), **again}
    on_sqlite = "UNIQUE constraint failed: " + ", ".join(f"{table.name}.{it}" for it in columns)
    assert refusal(filled, table, values) == told(filled, name=name, on_sqlite=on_sqlite)


def test_a_user_is_operator_once(filled: Database) -> None:
    membership = metadata.tables["membership"]
    values = {**second(membership), "customer_id": None, "role": "Operator"}
    again = refusal(filled, membership, values, {**values, "membership_id": 3})
    on_sqlite = "UNIQUE constraint failed: membership.user_id"
    assert again == told(filled, name="uq_membership_operator", on_sqlite=on_sqlite)


def test_an_account_has_one_active_coupon(filled: Database) -> None:
    redemption = metadata.tables["redemption"]
    again = refusal(filled, redemption, {**second(redemption), "is_active": True})
    on_sqlite = "UNIQUE constraint failed: redemption.account_id"
    assert again == told(filled, name="uq_redemption_active", on_sqlite=on_sqlite)


def test_the_end_of_a_job_is_told_once(filled: Database) -> None:
    outbox = metadata.tables["outbox"]
    values = {**second(outbox), **OF_JOB}
    again = refusal(filled, outbox, values, {**values, "message_id": 3, "mail_id": "<3@x>"})
    on_sqlite = "UNIQUE constraint failed: outbox.job_id"
    assert again == told(filled, name="uq_outbox_job_id", on_sqlite=on_sqlite)


def test_the_code_of_an_instance_is_its_own(filled: Database) -> None:
    instance = metadata.tables["coupon_instance"]
    values = second(instance)
    again = refusal(filled, instance, values, {**values, "instance_id": 3, "reference": "CIN-3"})
    on_sqlite = "UNIQUE constraint failed: coupon_instance.coupon_id"
    assert again == told(filled, name="uq_coupon_instance_code", on_sqlite=on_sqlite)


def test_a_subscription_claims_again_what_was_removed(filled: Database) -> None:
    instance = metadata.tables["coupon_instance"]
    try_insert(filled, instance, {**second(instance), "parent_coupon_id": 1, "removed_at": START})


FOREIGN_KEYS = sorted(
    (key for table in TABLES for key in table.foreign_keys), key=lambda key: str(key.parent)
)
LEFT_TO_CHECK = {
    **dict.fromkeys(
        ("coupon.batch_id", "coupon.class_id", "coupon.terms_id"),
        "a coupon has its class, its batch and its terms",
    ),
    "coupon_place.batch_id": (
        "the coupon at a place of a batch is of the batch, and knows the place"
    ),
}
"""What PostgreSQL would look up for each of millions of coupons, and by which rule it is found."""


@pytest.mark.parametrize("key", FOREIGN_KEYS, ids=lambda key: str(key.parent))
def test_what_is_pointed_to_exists(filled: Database, key: ForeignKey) -> None:
    table = key.parent.table
    values = {**second(table), **NEW_NUMBERS.get(table.name, {}), key.parent.name: 99}
    if str(key.parent) == "outbox.job_id":
        values = {**values, **OF_JOB, "job_id": 99}
    if str(key.parent) == "coupon_instance.account_id":
        values = {**values, **discount_rows.OF_ACCOUNT}
    if filled.engine.dialect.name == "postgresql" and str(key.parent) in LEFT_TO_CHECK:
        assert LEFT_TO_CHECK[str(key.parent)] not in broken_rules(filled, table)
        assert LEFT_TO_CHECK[str(key.parent)] in broken_rules(filled, table, values)
        return
    expected = told(
        filled, name=str(key.constraint.name), on_sqlite="FOREIGN KEY constraint failed"
    )
    assert refusal(filled, table, values) == expected


REQUIRED = [
    column
    for table in TABLES
    for column in table.columns
    if not column.nullable and not column.primary_key and column.server_default is None
]


@pytest.mark.parametrize("column", REQUIRED, ids=str)
def test_what_is_required_is_there(filled: Database, column: Any) -> None:
    table = column.table
    values = {**second(table), **NEW_NUMBERS.get(table.name, {}), column.name: null()}
    on_sqlite = f"NOT NULL constraint failed: {column}"
    assert refusal(filled, table, values) == told(filled, name=str(column), on_sqlite=on_sqlite)


CHECKS: dict[str, list[dict[str, Any]]] = {
    "ck_service_user_disabled": [{"disabled_at": START, "password_hash": "x"}],
    "ck_membership_role": [{"role": "Owner"}, {"role": "standard"}, {"role": ""}],
    "ck_membership_customer": [{"role": "Operator"}, {"customer_id": None}],
    "ck_token_kind": [{"kind": "Developer"}],
    "ck_coupon_terms_type": [{"coupon_type": "Loyalty"}],
    "ck_coupon_terms_amounts": [{"amount": -1}, {"spend_threshold": -1}],
    "ck_coupon_terms_worth": [{"amount": 0, "percent_off": None}],
    "ck_coupon_terms_percent_off": [{"percent_off": 0}, {"percent_off": -1}],
    "ck_coupon_terms_active_duration": [{"active_duration": 0}],
    "ck_coupon_terms_end_date": [{"start_date": START.replace(year=2027)}],
    "ck_coupon_class_coupons_count": [{"coupons_count": -1}],
    "ck_coupon_batch_coupons_count": [{"coupons_count": -1}, {"coupons_count": 1}],
    "ck_coupon_batch_unused_from": [{"unused_from": -1}],
    "ck_coupon_deleted": [{"seq": None}, {"deleted_at": START}],
    "ck_coupon_redeemed": [{"seq": None, "deleted_at": START, "redeemed_at": START}],
    "ck_coupon_sent": [{"sent_to_email": None}, {"sent_at": None}],
    "ck_coupon_claimed": [{"claimed_account_id": None}, {"claimed_at": None}],
    "ck_coupon_claimed_feature": [{"claimed_account_id": None, "claimed_at": None}],
    "ck_job_kind": [{"kind": "copy"}],
    "ck_job_status": [{"status": "done", "ended_at": START}],
    "ck_job_ended": [{"status": "completed"}, {"ended_at": START}],
    "ck_job_counts": [{"fail_count": -1}, {"fail_count": 1}],
    "ck_job_class": [{"class_id": None}],
    "ck_creation_job_number_of_coupons": [
        {"number_of_coupons": 0},
        {"number_of_coupons": 5_000_001},
    ],
    "ck_creation_job_created_amount": [{"created_amount": -1}, {"created_amount": 3}],
    "ck_creation_job_placed_amount": [{"placed_amount": -1}, {"placed_amount": 1}],
    "ck_creation_job_usage_limit": [{"usage_limit": -1}, {"usage_limit": 1_000_000}],
    "ck_creation_job_reservation_limit": [
        {"reservation_limit": -1},
        {"reservation_limit": 1_000_000},
    ],
    "ck_creation_job_chunk_size": [{"chunk_size": 0}],
    "ck_deletion_job_deleted_amount": [{"deleted_amount": -1}],
    "ck_deletion_job_progress": [{"batch_id": None}, {"seq": None}],
    "ck_redemption_amounts": [{"balance": -1}, {"balance": 51}, {"spend_to_threshold": -1}],
    "ck_redemption_active": [{"is_active": True, "activated_at": None}],
    "ck_spend_amount": [{"amount": 0}, {"amount": -1}],
    "ck_ledger_amounts": [{"towards_threshold": -1}, {"drawn": -1}],
    "ck_outbox_kind": [{"kind": "Dispatch"}],
    "ck_outbox_subject": [{"coupon_id": None}, {**OF_JOB, "coupon_id": 1}],
    "ck_outbox_job": [{"kind": "job"}, {**OF_JOB, "kind": "dispatch"}],
    "ck_outbox_state": [{"state": "lost"}],
    "ck_outbox_sent": [{"state": "sent"}, {"sent_at": START}],
    "ck_outbox_attempts_count": [{"attempts_count": -1}],
    "ck_idempotency_key_answer": [{"error_symbol": "CouponEnded", "error_details": ""}],
    "ck_idempotency_key_error": [
        {"reply": None, "error_symbol": "CouponEnded"},
        {"reply": None, "error_details": ""},
    ],
    **discount_rows.CHECKS,
    **console_rows.CHECKS,
}
DECLARED = {
    str(it.name): table
    for table in TABLES
    for it in table.constraints
    if isinstance(it, CheckConstraint)
}


def test_every_check_is_tried() -> None:
    assert CHECKS.keys() == DECLARED.keys()


@pytest.mark.parametrize(
    ("name", "changes"),
    [(name, changes) for name, cases in CHECKS.items() for changes in cases],
)
def test_a_check_refuses_what_it_names(
    filled: Database, name: str, changes: dict[str, Any]
) -> None:
    table = DECLARED[name]
    values = {**second(table), **NEW_NUMBERS.get(table.name, {}), **changes}
    on_sqlite = f"CHECK constraint failed: {name}"
    assert refusal(filled, table, values) == told(filled, name=name, on_sqlite=on_sqlite)
