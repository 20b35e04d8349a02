"""What belongs to customers: found only by those who may know of it."""

from sqlalchemy import Connection

from service.domain.errors import ACCOUNT_ID_INVALID, ENTITY_NOT_EXISTENT, NOT_AUTHORIZED
from service.domain.programmes import Account
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.storage import accounts


def require_owned(call: Call, customer_id: int | None, text: str, *, is_change: bool) -> None:
    """Let only those through who may read, or change, what belongs to the customer.

    Args:
        call: Who asks.
        customer_id: The owner of what was asked for; None when there is no such thing.
        text: What was asked for, such as ``definition CDF-1``.
        is_change: Whether it is to be changed.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, the same whether it is of others or does not
            exist; operators read ``EntityNotExistent`` then.
    """
    allows = call.caller.may_write if is_change else call.caller.may_read
    if customer_id is None or not allows(customer_id):
        row = ENTITY_NOT_EXISTENT if call.caller.is_operator else NOT_AUTHORIZED
        raise ServiceError(row, text)


def require_account(connection: Connection, call: Call, account_id: int) -> Account:
    """An account that the caller may know of.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, the same whether the account is of others or
            does not exist; operators read ``AccountIdInvalid`` then.
    """
    account = accounts.find_account(connection, account_id)
    if account is None or not call.caller.may_read(account.customer_id):
        row = ACCOUNT_ID_INVALID if call.caller.is_operator else NOT_AUTHORIZED
        raise ServiceError(row, f"account {account_id}")
    return account
