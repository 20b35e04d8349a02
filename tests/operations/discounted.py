"""A programme in which everything has happened to coupons that discount bills."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from service.domain.bills import BillLine, Tier
from service.domain.coupon_instances import ExistingValue, InstanceTarget
from service.domain.coupon_rules import (
    CouponRule,
    Preposition,
    RuleObject,
    Subject,
    ValidationStrategy,
)
from service.domain.definitions import Effect, Modifier, ModifierDomain, Operand
from service.domain.discounted_bills import BillRequest
from service.domain.parent_coupons import CouponDiscount, LimitScope
from service.operations.bills import apply_coupons_to_bill, rollback_bill
from service.operations.coupon_books import add_book, add_book_definition, update_book
from service.operations.coupon_instances import (
    Attachment,
    add_instance,
    attach_instance,
    retire_instance,
)
from service.operations.definitions import add_definition
from service.operations.parent_coupons import retire_coupon
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.operations.unique_codes import generate_unique_codes
from service.storage.discount_tables import (
    bill,
    coupon_book,
    coupon_book_definition,
    coupon_definition,
    coupon_instance,
)
from service.storage.tables import coupon
from tests.operations.handed_out import HALF, book, book_definition, definition, stock
from tests.operations.simple_coupons import new_coupon, subscription
from tests.programme import Programme

MODIFIERS = (
    replace(HALF, effect_amount=Decimal(10)),
    Modifier(
        effect_amount=Decimal(3),
        operand=Operand.INSTANCE_FIXED,
        effect=Effect.LAST_UNITS,
        is_additional=True,
        specifier_amount=2,
        domain=ModifierDomain.PRICING_COMPONENT,
        specifier="users",
        precedence=1,
    ),
)
_ALWAYS = ValidationStrategy.WHILE_RECURRING_OR_INITIALISATION
RULES = (
    CouponRule(
        subject=Subject.CHILD_RULES,
        preposition=Preposition.GREATER_THAN_OR_EQUAL_TO,
        parameter="1",
        object=RuleObject.SATISFACTION,
        strategy=_ALWAYS,
        children=(
            CouponRule(
                subject=Subject.CURRENT_SUBSCRIPTION,
                preposition=Preposition.EQUAL_TO,
                parameter="ads",
                object=RuleObject.PRODUCT,
                strategy=_ALWAYS,
            ),
            CouponRule(
                subject=Subject.USER,
                preposition=Preposition.LESS_THAN,
                parameter="100",
                object=RuleObject.SUBSCRIPTION,
                strategy=_ALWAYS,
            ),
        ),
    ),
)
LINES = (
    BillLine(component_id="users", units=12, tiers=(Tier(None, Decimal(5)),)),
    BillLine(component_id="support", given_cost=Decimal(100)),
)


@dataclass
class Discounted:
    """What was made, by the names that tests use.

    Attributes:
        subscription: Has claims and instances, and is billed.
        other: Another one of its account.
        codes: Unique codes of the coupon SUMMER; nobody has the last one.
        apart_code: A unique code that is claimed.
    """

    programme: Programme
    owner: int
    account_id: int = field(init=False)
    subscription: str = field(init=False)
    other: str = field(init=False)
    codes: list[str] = field(init=False)
    apart_code: str = field(init=False)

    def build(self) -> None:
        """Do everything once."""
        self.account_id = self.programme.account(self.owner)
        self.subscription = subscription(self.programme, self.account_id)
        self.other = subscription(self.programme, self.account_id)
        code = self.programme.coupon(self.owner, amount=Decimal(500))
        redeem_coupon(self.programme.call(), self.account_id, code)
        self._claim()
        self._hand_out()
        self.programme.clock.move(minutes=1)
        self._bill()

    def request(self, reference: str) -> BillRequest:
        """A bill of 160 USD."""
        return BillRequest(
            subscription_reference=self.subscription,
            currency_code="USD",
            lines=LINES,
            reference=reference,
        )

    def attachment(self, **which: str) -> Attachment:
        """Of one instance to the subscription."""
        values = (ExistingValue(component_id="users", units=4),)
        return Attachment(
            **which,
            target=InstanceTarget.SUBSCRIPTION,
            target_id=self.subscription,
            instance_discount_value=Decimal(7),
            existing_values=values,
        )

    def numbers(self) -> dict[str, int]:
        """The numbers of what tests want to find, by the names that they give."""
        retired, removed, unused = self.codes
        codes = {row["code"]: row["coupon_id"] for row in self.programme.rows(coupon)}
        named = {
            "summer": codes["SUMMER"],
            "apart": codes["APART"],
            "apart code": codes[self.apart_code],
            "retired code": codes[retired],
            "removed code": codes[removed],
            "unused code": codes[unused],
        }
        names = {number: name for name, number in named.items()}
        for row in self.programme.rows(coupon_instance):
            if row["parent_coupon_id"] is not None:
                named[f"claim of {names[row['coupon_id']]}"] = row["instance_id"]
            else:
                name = "drawn" if row["book_id"] else row["reference"]
                named[f"{name} instance"] = row["instance_id"]
        for row in self.programme.rows(bill):
            named[f"{row['reference']} bill"] = row["bill_id"]
        for table in (coupon_definition, coupon_book_definition, coupon_book):
            (key,) = table.primary_key.columns
            named |= {row["reference"]: row[key.name] for row in self.programme.rows(table)}
        return named

    def _claim(self) -> None:
        """Claims that run, one that was removed, and one whose unique code was retired."""
        fifth = (CouponDiscount(percentage=Decimal(20)),)
        new_coupon(self.programme, self.owner, discounts=fifth, coupons_max=10, uses_max=3)
        call = self.programme.call
        self.codes = generate_unique_codes(call(), "SUMMER", 3)
        apply_coupon(call(), self.subscription, "SUMMER")
        apply_coupon(call(), self.other, self.codes[0])
        self.programme.clock.move(minutes=1)
        retire_coupon(call(), self.codes[0])
        apply_coupon(call(), self.other, self.codes[1])
        self.programme.clock.move(minutes=1)
        remove_coupon(call(), self.other, self.codes[1])
        scope = {"limit_scope": LimitScope.CODE, "coupons_max": 2}
        new_coupon(self.programme, self.owner, coupon_code="APART", discounts=fifth, **scope)
        self.apart_code, *_ = generate_unique_codes(call(), "APART", 3)
        apply_coupon(call(), self.subscription, "APART")
        apply_coupon(call(), self.other, self.apart_code)
        apply_coupon(call(), subscription(self.programme, self.account_id), self.apart_code)
        self.programme.clock.move(minutes=1)
        retire_coupon(call(), "APART")

    def _hand_out(self) -> None:
        """Stock, instances on the subscription and on its account, and one from a book."""
        call, owner = self.programme.call, self.owner
        valid_from = self.programme.clock()
        common = {"valid_from": valid_from, "modifiers": MODIFIERS, "rules": RULES}
        add_definition(call(), definition(owner, definition_id="CDF-1", **common))
        add_book_definition(
            call(),
            book_definition(owner, "CDF-1", book_definition_id="CBD-1", valid_from=valid_from),
        )
        for name, changes in BOOKS.items():
            add_book(call(), book(owner, "CBD-1", book_id=name, **changes))
        update_book(
            call(), book(owner, "CBD-1", book_id="CBK-2", book_code="OTHER", remaining_coupons=1)
        )
        for name in ("stock", "spare", "retired"):
            made = stock(owner, "CDF-1", instance_id=name, coupon_code=f"CODE-{name}")
            add_instance(call(), replace(made, initialised_at=valid_from))
        self.programme.clock.move(minutes=1)
        attach_instance(call(), self.attachment(coupon_code="CODE-stock"))
        attach_instance(call(), self.attachment(book_code="PACK"))
        retire_instance(call(), "retired")

    def _bill(self) -> None:
        """A bill that stands, and one that was rolled back."""
        for reference in ("standing", "rolled back"):
            apply_coupons_to_bill(self.programme.call(), self.request(reference))
            self.programme.clock.move(minutes=1)
        rollback_bill(self.programme.call(), self.subscription, "rolled back")
        self.programme.clock.move(minutes=1)


BOOKS: Mapping[str, dict[str, str]] = {"CBK-1": {"book_code": "PACK"}, "CBK-2": {}}
