"""Rules of bills: what instances and redeemed coupons took off them."""

from sqlalchemy import and_, func, literal, or_, select

from service.storage.discount_tables import bill, coupon_instance, coupon_use
from service.storage.invariants.rule import NOTHING, Rule
from service.storage.party_tables import account, subscription
from service.storage.tables import ledger, spend
from service.storage.types import Money

_BILLED = bill.join(subscription, subscription.c.subscription_id == bill.c.subscription_id).join(
    account, account.c.account_id == subscription.c.account_id
)
_rest = bill.c.cost - bill.c.discount
_given = (
    select(func.coalesce(func.sum(coupon_use.c.amount, type_=Money()), NOTHING, type_=Money()))
    .where(coupon_use.c.bill_id == bill.c.bill_id)
    .scalar_subquery()
)
_drawn = (
    select(func.coalesce(func.sum(ledger.c.drawn, type_=Money()), NOTHING, type_=Money()))
    .where(ledger.c.spend_id == bill.c.spend_id, ~ledger.c.is_reversal)
    .scalar_subquery()
)

RULES = (
    Rule(
        text="a bill is of the customer and in the currency of its subscription",
        entity="bill",
        key=bill.c.bill_id,
        suspects=select(bill.c.bill_id)
        .select_from(_BILLED)
        .where(
            or_(
                bill.c.customer_id != account.c.customer_id,
                bill.c.currency_code != subscription.c.currency_code,
            )
        ),
    ),
    Rule(
        text="the discount of a bill is what its instances gave",
        entity="bill",
        key=bill.c.bill_id,
        suspects=select(bill.c.bill_id).where(bill.c.discount != _given),
    ),
    Rule(
        text="an instance discounts bills of the subscription or account that it is attached to",
        entity="bill",
        key=bill.c.bill_id,
        suspects=select(bill.c.bill_id)
        .distinct()
        .select_from(_BILLED)
        .join(coupon_use, coupon_use.c.bill_id == bill.c.bill_id)
        .join(coupon_instance, coupon_instance.c.instance_id == coupon_use.c.instance_id)
        .where(
            coupon_instance.c.subscription_id.is_distinct_from(bill.c.subscription_id),
            coupon_instance.c.account_id.is_distinct_from(subscription.c.account_id),
        ),
    ),
    Rule(
        text="a bill that left something, in the currency of its account, has a spend of that",
        entity="bill",
        key=bill.c.bill_id,
        suspects=select(bill.c.bill_id)
        .select_from(_BILLED.join(spend, spend.c.spend_id == bill.c.spend_id, isouter=True))
        .where(
            or_(
                bill.c.spend_id.is_not(None)
                != and_(_rest > 0, account.c.currency_code == bill.c.currency_code),
                spend.c.amount != _rest,
                spend.c.account_id != account.c.account_id,
                spend.c.reference != literal("bill:") + bill.c.reference,
                spend.c.spent_at != bill.c.billed_at,
            )
        ),
    ),
    Rule(
        text="the spend of a bill is reversed when the bill is rolled back, and only then",
        entity="bill",
        key=bill.c.bill_id,
        suspects=select(bill.c.bill_id)
        .join(spend, spend.c.spend_id == bill.c.spend_id)
        .where(bill.c.rolled_back_at.is_distinct_from(spend.c.reversed_at)),
    ),
    Rule(
        text="redeemed coupons paid of a bill what the ledger of its spend tells",
        entity="bill",
        key=bill.c.bill_id,
        suspects=select(bill.c.bill_id).where(bill.c.drawn != _drawn),
    ),
)
