"""Discounts in words, for the customer whose bill they are on."""

from decimal import Decimal

from service.domain.definitions import Effect, Modifier, ModifierDomain
from service.domain.discounts import Discount
from service.domain.ledger import Movement
from service.domain.money import is_whole, minor_unit, plain

_WHICH_UNITS = {
    Effect.FIRST_UNITS: "the first ",
    Effect.LAST_UNITS: "the last ",
    Effect.CHEAPEST_UNITS: "the cheapest ",
    Effect.ALL: "",
}


def explain(discount: Discount, currency_code: str) -> str:
    """Tell what a discount is reckoned from, what it comes to, and what it takes off.

    Args:
        discount: Of a bill in that currency.
        currency_code: ISO 4217; amounts have its decimals, and more only where they need them.

    Returns:
        One or two sentences: *50 % of 100.00 USD (users) is 50.00 USD. 40.00 USD is taken
        off: no more is left.*
    """
    subject = _subject(discount)
    if not discount.base:
        return f"Nothing is taken off: the bill charges nothing for {subject}."
    base, asked = _money(discount.base, currency_code), _money(discount.asked, currency_code)
    if discount.modifier.operand.is_percent:
        reckoned = f"{plain(discount.size)} % of {base} ({subject}) is {asked}."
    else:
        reckoned = f"{asked} off {base} ({subject})."
    if discount.amount == discount.asked:
        return reckoned
    if not discount.amount:
        return f"{reckoned} Nothing is taken off: nothing is left."
    taken = _money(discount.amount, currency_code)
    return f"{reckoned} {taken} is taken off: no more is left."


def explain_draw(movement: Movement) -> str:
    """Tell what a redeemed coupon pays of what the discounts have left of a bill.

    Args:
        movement: What the bill, as a spend, does to the coupon; it draws something.

    Returns:
        A sentence: *40.00 USD of its balance of 50.00 USD.*
    """
    coupon = movement.coupon
    drawn = _money(movement.drawn, coupon.currency_code)
    balance = _money(coupon.balance, coupon.currency_code)
    if coupon.percent_off is None:
        return f"{drawn} of its balance of {balance}."
    bound = f", at most its balance of {balance}," if coupon.is_bounded else ""
    return f"{plain(coupon.percent_off)} % of what was left at its turn{bound} is {drawn}."


def _subject(discount: Discount) -> str:
    """What the discount looks at: all of it, or so many of its units."""
    modifier = discount.modifier
    is_of_bill = modifier.domain is ModifierDomain.PRODUCT
    named = "the whole bill" if is_of_bill else str(modifier.specifier)
    if modifier.effect is Effect.ALL and not modifier.is_additional:
        return named
    return f"{named}: {_units(modifier, discount.units_count)}"


def _units(modifier: Modifier, count: int) -> str:
    which = _WHICH_UNITS[modifier.effect]
    additional = "additional " if modifier.is_additional else ""
    return f"{which}{count} {additional}unit{'' if count == 1 else 's'}"


def _money(amount: Decimal, currency_code: str) -> str:
    """The amount, exactly, with at least the currency's decimals."""
    unit = minor_unit(currency_code)
    text = f"{amount.quantize(unit):f}" if is_whole(amount, unit) else plain(amount)
    return f"{text} {currency_code}"
