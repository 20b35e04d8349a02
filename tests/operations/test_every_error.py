"""Every row of the catalogue is produced, by the smallest scenario that has it."""

import ast
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from service.domain import errors
from service.domain.error_catalogue import CATALOGUE
from service.domain.error_rows import ErrorRow, FaultKind
from service.domain.idempotency import KeyedRequest
from service.domain.limits import FAILURES_PER_MINUTE
from service.domain.refusals import AccountError, BatchError, ServiceError
from service.domain.roles import Caller, Credentials, Role
from service.domain.search import OrderBy, Paging, Predicate, SearchRequest
from service.domain.terms import CouponType
from service.identity.bearer import issuer_tokens
from service.operations.authentication import DEVELOPER, Authenticator
from service.operations.call_limits import CallLimits, CallRates
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class
from service.operations.create_for_recipients import create_coupons_for_recipients
from service.operations.creation_jobs import (
    NewCreationJob,
    add_creation_job,
    cancel_creation_job,
    retry_creation_job,
)
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.get_coupon_info import get_coupon_info
from service.operations.idempotency import once
from service.operations.import_coupons import WRITING, import_coupons
from service.operations.mint_coupons import mint_coupons
from service.operations.parties import add_account, add_customer
from service.operations.record_spend import record_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.operations.sign_in import FrontDesk
from service.operations.update_coupons import update_coupons
from service.operations.users import add_user, issue_token
from service.operations.windows import DatabaseWindows
from service.storage.accounts import lock_accounts
from service.storage.engine import Database, DatabaseLimits
from service.storage.tables import coupon
from service.storage.watching import Watch, nobody_watches
from tests.operations.jobs import begin_creation, work
from tests.operations.test_every_discount_error import ROWS as ROWS_OF_DISCOUNTS
from tests.ports import free_port
from tests.programme import START, Programme, member, terms

Scenario = Callable[[Programme, int], object]

SCENARIOS: dict[ErrorRow, Scenario] = {}
ON_THE_WIRE = {
    errors.IDEMPOTENCY_KEY_INVALID: (
        "test_idempotency.py",
        "test_what_cannot_be_a_key_is_refused",
    ),
    errors.INTERNAL_ERROR: (
        "test_faults.py",
        "test_a_bug_in_an_operation_tells_the_log_and_not_the_caller",
    ),
    errors.OPERATION_NOT_SUPPORTED: (
        "test_faults.py",
        "test_an_operation_that_is_not_carried_out_says_so",
    ),
}
"""Rows that only a request can produce, and the tests that produce them."""
WIRE_TESTS = Path(__file__).parents[1] / "wire"


def scenario(row: ErrorRow) -> Callable[[Scenario], Scenario]:
    """Declare what produces a row, for a customer that is new to the programme."""

    def declare(produce: Scenario) -> Scenario:
        assert SCENARIOS.setdefault(row, produce) is produce, f"two scenarios for {row.symbol}"
        return produce

    return declare


@pytest.mark.parametrize(
    "row",
    [row for row in CATALOGUE if row not in ON_THE_WIRE and row not in ROWS_OF_DISCOUNTS],
    ids=lambda row: row.symbol,
)
def test_an_operation_produces_it(programme: Programme, row: ErrorRow) -> None:
    assert row in SCENARIOS, f"no scenario produces {row.symbol}"
    owner = programme.customer()
    if row.kind in {FaultKind.ITEM, FaultKind.PARTIAL}:
        assert [error.row for error in failed(SCENARIOS[row](programme, owner))] == [row]
    else:
        with pytest.raises(ServiceError) as refusal:
            SCENARIOS[row](programme, owner)
        assert refusal.value.row is row


@pytest.mark.parametrize("row", ON_THE_WIRE, ids=lambda row: row.symbol)
def test_a_request_produces_it(row: ErrorRow) -> None:
    assert row not in SCENARIOS
    file_name, test_name = ON_THE_WIRE[row]
    module = ast.parse((WIRE_TESTS / file_name).read_text(encoding="utf-8"))
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    (test,) = (node for node in functions if node.name == test_name)
    # The number stands in the test itself, or in what the test calls.
    called = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)} | {test_name}
    numbers = {
        node.value
        for function in functions
        if function.name in called
        for node in ast.walk(function)
        if isinstance(node, ast.Constant)
    }
    assert row.code in numbers


def failed(result: object) -> list[BatchError | AccountError]:
    assert isinstance(result, list)
    return result


def search(programme: Programme, owner: int, *predicates: Predicate, **request: object) -> object:
    first = Predicate("CustomerId", "Equals", str(owner))
    whole = {"predicates": [first, *predicates], "page_info": Paging(0, 1), **request}
    return search_coupons(programme.call(), SearchRequest(**whole))  # type: ignore[arg-type]


def redeem_with(programme: Programme, owner: int, **terms: object) -> object:
    code = programme.coupon(owner, **terms)
    return redeem_coupon(programme.call(), programme.account(owner), code)


def dispatch(programme: Programme, owner: int, *emails: str | None) -> list[BatchError]:
    programme.coupon_class(owner)
    programme.mint(owner)
    return dispatch_coupons(programme.call(), list(emails), owner, "Spring")


def claim(programme: Programme, account_id: int, *codes: str) -> list[AccountError]:
    pairs = [AccountCoupon(account_id, code) for code in codes]
    return claim_coupons(programme.call(), pairs).errors


def distribute(programme: Programme, owner: int, *account_ids: int) -> list[AccountError]:
    programme.coupon_class(owner)
    programme.mint(owner)
    request = Distribution(
        account_ids=list(account_ids), class_name="Spring", send_notification=True
    )
    return distribute_coupons(programme.call(), request)


@scenario(errors.SERVICE_BUSY)
def _busy(programme: Programme, owner: int) -> object:
    account_id, url = programme.account(owner), programme.database.url
    impatient = Database(url.render_as_string(hide_password=False), DatabaseLimits(0.1))
    with closing(impatient), programme.database.writing() as connection:
        lock_accounts(connection, [account_id], None)
        return redeem_coupon(replace(programme.call(), database=impatient), account_id, "ABC")


@scenario(errors.SERVICE_UNAVAILABLE)
def _unavailable(programme: Programme, owner: int) -> object:
    url = programme.database.url
    missing = url.set(database=f"{url.database}/missing").render_as_string(hide_password=False)
    with closing(Database(missing)) as unavailable:
        return redeem_coupon(replace(programme.call(), database=unavailable), 1, "ABC")


@scenario(errors.CALL_RATE_EXCEEDED)
def _(programme: Programme, owner: int) -> object:
    desk = FrontDesk(programme.database, session_idle=timedelta(hours=1), clock=programme.clock)
    for _ in range(FAILURES_PER_MINUTE):
        with pytest.raises(ServiceError, match="InvalidCredentials"):
            desk.sign_in("nobody", "wrong", "192.0.2.1")
    return desk.sign_in("nobody", "wrong", "192.0.2.1")


@scenario(errors.CONCURRENT_REQUEST_OVER_LIMIT)
def _(programme: Programme, owner: int) -> object:
    rates = CallRates(customer_calls_at_once=1)
    limits = CallLimits(rates, DatabaseWindows(programme.database), pytest.fail)
    with limits.admitted(member(owner)), limits.admitted(member(owner)):
        return "both"


@scenario(errors.ISSUER_UNAVAILABLE)
def a_token_of_an_issuer_that_is_not_there(programme: Programme, owner: int) -> object:
    add_user(programme.call(), "kim", Role.STANDARD, owner)
    developer = issue_token(programme.call(), "kim", DEVELOPER).text
    url = f"http://127.0.0.1:{free_port()}"
    issuer = issuer_tokens(url, None, audience="here", user_claim="sub", timeout_s=1)
    token = jwt.encode({"alg": "RS256"}, {}, RSAKey.generate_key(), ["RS256"])
    authenticate = Authenticator(programme.database, programme.clock, verify_bearer=issuer)
    return authenticate(Credentials(developer, token), "t")


@scenario(errors.INVALID_CREDENTIALS)
def _(programme: Programme, owner: int) -> object:
    return Authenticator(programme.database)(Credentials("wrong", "wrong"), "t")


@scenario(errors.REQUEST_MISSING_HEADERS)
def _(programme: Programme, owner: int) -> object:
    return Authenticator(programme.database)(Credentials(), "t")


@scenario(errors.INPUT_INVALID)
def _(programme: Programme, owner: int) -> object:
    return search(programme, owner, ordering=[OrderBy("Number", "Ascending")])


@scenario(errors.NULL_PARAMETER)
def _(programme: Programme, owner: int) -> object:
    return redeem_coupon(programme.call(), programme.account(owner), None)


@scenario(errors.ENTITY_NOT_EXISTENT)
def _(programme: Programme, owner: int) -> object:
    return issue_token(programme.call(), "nobody", "developer")


@scenario(errors.PREDICATE_MISSING)
def _(programme: Programme, owner: int) -> object:
    return search(programme, owner, predicates=None)


@scenario(errors.NOT_AUTHORIZED)
def _(programme: Programme, owner: int) -> object:
    return add_customer(programme.call(member(owner, Role.SUPER_ADMIN)), "Contoso")


@scenario(errors.ACCOUNT_ID_INVALID)
def _(programme: Programme, owner: int) -> object:
    return redeem_coupon(programme.call(), None, "CODE")


@scenario(errors.BATCH_TOO_LARGE)
def _(programme: Programme, owner: int) -> object:
    return dispatch(programme, owner, *["kim@example.com"] * 1001)


@scenario(errors.PREDICATE_INVALID)
def _(programme: Programme, owner: int) -> object:
    return search(programme, owner, Predicate("Amount", "Equals", "1"))


@scenario(errors.PAGING_INVALID)
def _(programme: Programme, owner: int) -> object:
    return search(programme, owner, page_info=Paging(0, 0))


@scenario(errors.LIST_EMPTY)
def _(programme: Programme, owner: int) -> object:
    return dispatch(programme, owner)


@scenario(errors.COUPON_NOT_FOUND)
def _(programme: Programme, owner: int) -> object:
    return redeem_coupon(programme.call(), programme.account(owner), "NO-SUCH-CODE")


@scenario(errors.COUPON_ALREADY_REDEEMED)
def _(programme: Programme, owner: int) -> object:
    code = programme.coupon(owner)
    redeem_coupon(programme.call(), programme.account(owner), code)
    return redeem_coupon(programme.call(), programme.account(owner), code)


@scenario(errors.COUPON_NOT_STARTED)
def _(programme: Programme, owner: int) -> object:
    return redeem_with(programme, owner, start_date=START + timedelta(days=1))


@scenario(errors.COUPON_ENDED)
def _(programme: Programme, owner: int) -> object:
    return redeem_with(programme, owner, end_date=START - timedelta(days=1))


@scenario(errors.COUPON_EXPIRED)
def _(programme: Programme, owner: int) -> object:
    return redeem_with(programme, owner, expiration_date=START - timedelta(days=1))


@scenario(errors.CURRENCY_MISMATCH)
def _(programme: Programme, owner: int) -> object:
    return redeem_with(programme, owner, currency_code="EUR")


@scenario(errors.ACQUISITION_NOT_ELIGIBLE)
def _(programme: Programme, owner: int) -> object:
    redeem_with(programme, owner, coupon_type=CouponType.ACQUISITION)
    return redeem_with(programme, owner, coupon_type=CouponType.ACQUISITION)


@scenario(errors.COUPON_CLAIMED_BY_ANOTHER_ACCOUNT)
def _(programme: Programme, owner: int) -> object:
    code = programme.coupon(owner)
    programme.claim(code, programme.account(owner))
    return redeem_coupon(programme.call(), programme.account(owner), code)


@scenario(errors.COUPON_CLASS_RETIRED)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(owner)
    retire_class(programme.call(), owner, "Spring")
    return programme.mint(owner)


@scenario(errors.COUPON_CLASS_NOT_FOUND)
def _(programme: Programme, owner: int) -> object:
    return programme.mint(owner, "No such class")


@scenario(errors.NO_COUPON_AVAILABLE)
def _(programme: Programme, owner: int) -> object:
    return dispatch(programme, owner, "kim@example.com", "lee@example.com")


@scenario(errors.EMAIL_INVALID)
def _(programme: Programme, owner: int) -> object:
    return dispatch(programme, owner, "nobody")


@scenario(errors.EMAIL_DUPLICATE)
def _(programme: Programme, owner: int) -> object:
    return dispatch(programme, owner, "kim@example.com", "kim@example.com")


@scenario(errors.FEATURE_ALREADY_CLAIMED)
def _(programme: Programme, owner: int) -> object:
    codes = [programme.coupon(owner, feature_id=7) for _ in range(2)]
    return claim(programme, programme.account(owner), *codes)


@scenario(errors.COUPON_WITHOUT_FEATURE)
def _(programme: Programme, owner: int) -> object:
    return claim(programme, programme.account(owner), programme.coupon(owner))


@scenario(errors.ACCOUNT_DUPLICATE)
def _(programme: Programme, owner: int) -> object:
    account_id = programme.account(owner, email="kim@example.com")
    return distribute(programme, owner, account_id, account_id)


@scenario(errors.ACCOUNT_WITHOUT_EMAIL)
def _(programme: Programme, owner: int) -> object:
    return distribute(programme, owner, programme.account(owner))


@scenario(errors.COUPON_CLASS_AMBIGUOUS)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(programme.customer())
    return distribute(programme, owner, programme.account(owner))


@scenario(errors.ID_TOO_LARGE)
def _(programme: Programme, owner: int) -> object:
    account_id = programme.account(owner)
    programme.claim(programme.coupon(owner), account_id)
    programme.change(coupon, coupon.c.claimed_account_id == account_id, coupon_id=2**31)
    return get_coupon_info(programme.call(), owner)


@scenario(errors.IDEMPOTENCY_KEY_REUSED)
def _(programme: Programme, owner: int) -> object:
    user_id = add_user(programme.call(), "kim", Role.STANDARD, owner)
    call = programme.call(Caller(user_id, "kim", {owner: Role.STANDARD}))
    for digest in (b"1" * 32, b"2" * 32):
        request = KeyedRequest("key", "RedeemCoupon", digest)
        once(call, request, timedelta(hours=48), lambda _: "reply")
    return None


@scenario(errors.NAME_TAKEN)
def _(programme: Programme, owner: int) -> object:
    add_account(programme.call(), owner, "SAMENAME", "USD")
    return add_account(programme.call(), owner, "SAMENAME", "USD")


@scenario(errors.TERMS_INVALID)
def _(programme: Programme, owner: int) -> object:
    return programme.coupon_class(owner, active_duration=0)


@scenario(errors.PATTERN_INVALID)
def _(programme: Programme, owner: int) -> object:
    return programme.coupon_class(owner, pattern="NO PLACE")


@scenario(errors.PATTERN_FULL)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(owner, pattern="A-#")
    programme.mint(owner, count=100)
    return programme.mint(owner)


@scenario(errors.QUANTITY_OUT_OF_RANGE)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(owner)
    return mint_coupons(programme.call(), owner, "Spring", 0)


@scenario(errors.SPEND_REFERENCE_TAKEN)
def _(programme: Programme, owner: int) -> object:
    account_id = programme.account(owner)
    record_spend(programme.call(), account_id, Decimal(1), "invoice")
    return record_spend(programme.call(), account_id, Decimal(2), "invoice")


@scenario(errors.COUPON_RESERVATION_REQUIRED)
def _(programme: Programme, owner: int) -> object:
    return redeem_with(programme, owner, is_reservation_mandatory=True)


@scenario(errors.COUPON_BATCH_INCOMPLETE)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(owner)
    batch_id = begin_creation(programme, owner)
    return update_coupons(programme.call(), owner, terms(), batch_id=batch_id)


@scenario(errors.IMPORT_FILE_INVALID)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(owner)
    return import_coupons(programme.call(), owner, "Spring", lambda: iter(["price\n"]))


@scenario(errors.IMPORT_REPLACED)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(owner)

    def begin(watch: Watch = nobody_watches) -> object:
        lines = ["code\n", "FROM-PAPER\n"]
        return import_coupons(programme.call(), owner, "Spring", lambda: iter(lines), watch=watch)

    def replace(step: str, _done: int, _all: int) -> None:
        if step == WRITING:
            begin()

    return begin(replace)


@scenario(errors.RECIPIENT_REFUSED)
def _(programme: Programme, owner: int) -> object:
    programme.coupon_class(owner)
    return create_coupons_for_recipients(programme.call(), owner, "Spring", [10**9])


def new_job(programme: Programme, owner: int, **values: int) -> int:
    programme.coupon_class(owner)
    new = NewCreationJob(customer_id=owner, class_name="Spring", number_of_coupons=1, **values)
    return add_creation_job(programme.call(), new).job_id


@scenario(errors.USAGE_LIMIT_UNSUPPORTED)
def _(programme: Programme, owner: int) -> object:
    return new_job(programme, owner, usage_limit=2)


@scenario(errors.RESERVATION_LIMIT_UNSUPPORTED)
def _(programme: Programme, owner: int) -> object:
    return new_job(programme, owner, reservation_limit=0, is_reservation_mandatory=True)


@scenario(errors.JOB_ENDED)
def _(programme: Programme, owner: int) -> object:
    job_id = new_job(programme, owner)
    work(programme)
    return cancel_creation_job(programme.call(), job_id)


@scenario(errors.JOB_NOT_FAILED)
def _(programme: Programme, owner: int) -> object:
    return retry_creation_job(programme.call(), new_job(programme, owner))
