"""The rules of coupon definitions, held against accounts and their subscriptions."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection

from service.domain.coupon_rules import RuleFacts, RuleSatisfaction, check_rules
from service.domain.definitions import CouponDefinition
from service.domain.discount_errors import COUPON_RULE_BROKEN
from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.programmes import Subscription
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.owned import require_account, require_owned
from service.operations.subscriptions import require_subscription
from service.storage import definitions, subscriptions

NO_UNITS: Mapping[str, int] = MappingProxyType({})


def check_coupon_rules(
    call: Call,
    definition_id: str,
    account_id: int,
    subscription_reference: str | None = None,
    *,
    is_initialisation: bool = True,
    units: Mapping[str, int] = NO_UNITS,
) -> RuleSatisfaction:
    """Tell whether the rules of a definition hold for an account; nothing is changed.

    Args:
        call: Whose call it is.
        definition_id: Whose rules.
        account_id: Whose subscriptions are counted.
        subscription_reference: The account's subscription that the coupon would be for; None
            for a coupon of the whole account.
        is_initialisation: Whether to look at the rules as when an instance is put into
            effect; otherwise as with each bill.
        units: How many units the subscription has, by unit of measure.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (definition, account, subscription), the same
            whether it is of others or does not exist. Operators read ``EntityNotExistent``
            and ``AccountIdInvalid`` then; anybody reads ``EntityNotExistent`` for a
            subscription of another account.
    """
    with call.database.reading() as connection:
        stored = definitions.find_definition(connection, definition_id)
        owner = stored.definition.customer_id if stored else None
        require_owned(call, owner, f"definition {definition_id}", is_change=False)
        account = require_account(connection, call, account_id)
        subscription = None
        if subscription_reference is not None:
            subscription, _ = require_subscription(connection, call, subscription_reference)
            if subscription.account_id != account.account_id:
                text = f"subscription {subscription_reference} of account {account_id}"
                raise ServiceError(ENTITY_NOT_EXISTENT, text)
        facts = rule_facts(connection, account_id, subscription, units)
        rules = stored.definition.rules if stored else ()
        return check_rules(rules, facts, is_initialisation=is_initialisation)


def rule_facts(
    connection: Connection,
    account_id: int,
    subscription: Subscription | None,
    units: Mapping[str, int],
) -> RuleFacts:
    """What rules are held against, as it is now.

    Args:
        connection: The transaction.
        account_id: Whose subscriptions are counted, those that have ended left out.
        subscription: The one that a coupon is for; None for a coupon of the whole account.
        units: How many units that subscription has, by unit of measure.
    """
    current = subscription.subscription_id if subscription else None
    others = [
        other
        for other in subscriptions.list_subscriptions(connection, account_id)
        if other.ended_at is None and other.subscription_id != current
    ]
    return RuleFacts(
        product_ids=tuple(other.product_id for other in others),
        rate_plan_ids=tuple(other.rate_plan_id for other in others),
        product_id=subscription.product_id if subscription else None,
        rate_plan_id=subscription.rate_plan_id if subscription else None,
        units=units,
    )


def require_rules(
    connection: Connection,
    definition: CouponDefinition,
    account_id: int,
    subscription: Subscription | None,
) -> None:
    """Let an instance be put into effect only when the rules of its definition hold.

    Raises:
        ServiceError: ``CouponRuleBroken``, with the first rule that does not.
    """
    facts = rule_facts(connection, account_id, subscription, NO_UNITS)
    broken = check_rules(definition.rules, facts, is_initialisation=True).broken_rules
    if broken:
        raise ServiceError(COUPON_RULE_BROKEN, broken[0].sentence)
