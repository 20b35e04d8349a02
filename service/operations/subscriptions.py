"""Subscriptions: what accounts buy again and again, and coupons may be for."""

from sqlalchemy import Connection

from service.domain.errors import (
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NAME_TAKEN,
    NOT_AUTHORIZED,
)
from service.domain.money import is_currency
from service.domain.names import normal_spelling
from service.domain.programmes import Account, Subscription
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.names import require_name
from service.operations.owned import require_account
from service.storage import accounts, audit, subscriptions

TEXT_LENGTH_MAX = 64


def add_subscription(
    call: Call,
    account_id: int,
    reference: str,
    *,
    product_id: str,
    rate_plan_id: str,
    currency_code: str | None = None,
) -> int:
    """Add a subscription of an account; answers its number.

    Args:
        call: Whose call it is.
        account_id: Who subscribes.
        reference: What the operator's own programs call it: 1 to 64 characters, unique in
            the service.
        product_id: What is bought, 1 to 64 characters.
        rate_plan_id: At which of the product's prices, 1 to 64 characters.
        currency_code: ISO 4217; None for the account's.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only), ``AccountIdInvalid``,
            ``ApiInputValidationError`` (reference, product, rate plan, currency) or
            ``NameTaken`` (reference).
    """
    call.caller.require_operator()
    reference = _require_text("reference", reference)
    product_id = _require_text("product", product_id)
    rate_plan_id = _require_text("rate plan", rate_plan_id)
    if currency_code is not None and not is_currency(currency_code):
        raise ServiceError(INPUT_INVALID, f"currency {currency_code!r} is unknown")

    def attempt(connection: Connection) -> int:
        account = require_account(connection, call, account_id)
        if subscriptions.find_subscription(connection, reference) is not None:
            raise ServiceError(NAME_TAKEN, f"subscription {reference}")
        values = {
            "product_id": product_id,
            "rate_plan_id": rate_plan_id,
            "currency_code": currency_code or account.currency_code,
        }
        subscription_id = subscriptions.add_subscription(
            connection, account_id, reference, **values, now=call.now
        )
        after = {"account_id": account_id, "reference": reference, **values}
        change = audit.Change("add", "subscription", subscription_id, after=after)
        audit.append(connection, call.author, [change])
        return subscription_id

    return decide(call.database, attempt)


def list_subscriptions(call: Call, account_id: int) -> list[Subscription]:
    """The subscriptions of an account, oldest first; those that have ended as well.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, the same whether the account is of others or
            does not exist; operators read ``AccountIdInvalid`` then.
    """
    with call.database.reading() as connection:
        require_account(connection, call, account_id)
        return subscriptions.list_subscriptions(connection, account_id)


def end_subscription(call: Call, reference: str) -> Subscription:
    """End a subscription for good; one that has ended already is answered as it is.

    Its reference is not free again.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or ``EntityNotExistent``.
    """
    call.caller.require_operator()
    spelling = normal_spelling(reference)

    def attempt(connection: Connection) -> Subscription:
        is_ended_now = subscriptions.end_subscription(connection, spelling, call.now)
        found = subscriptions.find_subscription(connection, spelling)
        if found is None:
            raise ServiceError(ENTITY_NOT_EXISTENT, f"subscription {reference}")
        if is_ended_now:
            after = {"ended_at": call.now.isoformat()}
            change = audit.Change("end", "subscription", found.subscription_id, after=after)
            audit.append(connection, call.author, [change])
        return found

    return decide(call.database, attempt)


def require_subscription(
    connection: Connection,
    call: Call,
    reference: str,
    *,
    is_change: bool = False,
    locks_account: bool = False,
) -> tuple[Subscription, Account]:
    """A subscription, and its account.

    Args:
        connection: The transaction.
        call: Who asks for it.
        reference: What the operator's own programs call it.
        is_change: Whether what concerns it is to be changed: it is locked then, so that it
            neither ends nor is changed by another before the end of the transaction.
        locks_account: Whether the account is locked as well.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, the same whether the subscription is of others
            or does not exist; operators read ``EntityNotExistent`` then.
    """
    found = subscriptions.find_subscription(connection, normal_spelling(reference), lock=is_change)
    account = (
        accounts.find_account(connection, found.account_id, lock=locks_account) if found else None
    )
    allows = call.caller.may_write if is_change else call.caller.may_read
    if found is None or account is None or not allows(account.customer_id):
        row = ENTITY_NOT_EXISTENT if call.caller.is_operator else NOT_AUTHORIZED
        raise ServiceError(row, f"subscription {reference}")
    return found, account


def _require_text(of_what: str, text: str) -> str:
    name = require_name(of_what, text)
    if len(name) > TEXT_LENGTH_MAX:
        raise ServiceError(INPUT_INVALID, f"{of_what}: it has at most {TEXT_LENGTH_MAX} characters")
    return name
