"""Definitions and their modifiers: which there can be, when they are used, how long they last."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.coupon_rules import (
    CouponRule,
    Preposition,
    RuleObject,
    Subject,
    ValidationStrategy,
)
from service.domain.definitions import (
    UNITS_MAX,
    CouponDefinition,
    Effect,
    LifeState,
    Modifier,
    ModifierDomain,
    Operand,
    Period,
    end_of_instance,
)
from service.domain.discount_errors import DISCOUNT_INVALID, STATE_INVALID
from service.domain.money import AMOUNT_MAX
from service.domain.refusals import ServiceError
from tests.programme import START, utc

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def modifier(**changes: Any) -> Modifier:
    return Modifier(**{"effect_amount": Decimal(10), "operand": Operand.PERCENT, **changes})


def definition(**changes: Any) -> CouponDefinition:
    values = {
        "customer_id": 1,
        "name": "Spring",
        "currency_code": "USD",
        "valid_from": START,
        "modifiers": (modifier(),),
    }
    return CouponDefinition(**{**values, **changes})


RULE = CouponRule(
    subject=Subject.USER,
    preposition=Preposition.GREATER_THAN,
    parameter="0",
    object=RuleObject.SUBSCRIPTION,
    strategy=ValidationStrategy.ONLY_AT_INITIALISATION,
)


@pytest.mark.parametrize(
    ("operand", "is_percent", "is_of_instance"),
    [
        ("fixed", False, False),
        ("percent", True, False),
        ("instance_fixed", False, True),
        ("instance_percent", True, True),
    ],
)
def test_an_operand_says_how_an_amount_is_read(
    operand: str, is_percent: bool, is_of_instance: bool
) -> None:
    read = Operand(operand)
    assert (read.is_percent, read.is_of_instance) == (is_percent, is_of_instance)


@pytest.mark.parametrize(
    "changes",
    [
        {"effect_amount": Decimal(0)},
        {"effect_amount": Decimal(100)},
        {"effect_amount": Decimal("33.333333")},
        {"effect_amount": AMOUNT_MAX, "operand": Operand.FIXED},
        {"effect_amount": Decimal(100), "operand": Operand.INSTANCE_PERCENT},
        {"effect_amount": Decimal(101), "operand": Operand.INSTANCE_FIXED},
        {"effect": Effect.FIRST_UNITS, "specifier_amount": 0},
        {"effect": Effect.LAST_UNITS, "specifier_amount": UNITS_MAX},
        {"domain": ModifierDomain.UNIT_OF_MEASURE, "specifier": "seats"},
        {"precedence": -UNITS_MAX},
    ],
)
def test_modifiers_may_be_like_this(changes: dict[str, Any]) -> None:
    definition(modifiers=(modifier(**changes),)).require_valid()


PERCENT_BOUND = "EffectAmount must be 0 to 100 with at most 6 decimals"
MONEY_BOUND = "EffectAmount must be 0 to 999999999999.999999 with at most 6 decimals"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"effect_amount": Decimal("100.000001")}, PERCENT_BOUND),
        ({"effect_amount": Decimal("-0.000001")}, PERCENT_BOUND),
        ({"effect_amount": Decimal("0.0000001")}, PERCENT_BOUND),
        ({"effect_amount": Decimal("NaN")}, PERCENT_BOUND),
        ({"effect_amount": Decimal(101), "operand": Operand.INSTANCE_PERCENT}, PERCENT_BOUND),
        ({"effect_amount": AMOUNT_MAX + 1, "operand": Operand.FIXED}, MONEY_BOUND),
        ({"effect_amount": Decimal("Infinity"), "operand": Operand.FIXED}, MONEY_BOUND),
        ({"specifier_amount": -1}, "SpecifierAmount must be 0 to 2147483647"),
        ({"specifier_amount": UNITS_MAX + 1}, "SpecifierAmount must be 0 to 2147483647"),
        ({"effect": Effect.FIRST_UNITS}, "SpecifierAmount is needed for discount_first_units"),
        ({"effect": Effect.LAST_UNITS}, "SpecifierAmount is needed for discount_last_units"),
        (
            {"effect": Effect.CHEAPEST_UNITS},
            "SpecifierAmount is needed for discount_cheapest_units",
        ),
        (
            {"domain": ModifierDomain.PRICING_COMPONENT, "specifier": ""},
            "Specifier is needed for the domain PricingComponent",
        ),
        ({"domain": ModifierDomain.UNIT_OF_MEASURE}, "Specifier is needed for the domain uom"),
        ({"specifier": "x" * 256}, "Specifier has at most 255 characters"),
        ({"modifier_id": ""}, "Id is needed"),
        ({"precedence": UNITS_MAX + 1}, "Precedence must be -2147483647 to 2147483647"),
        ({"precedence": -UNITS_MAX - 1}, "Precedence must be -2147483647 to 2147483647"),
    ],
)
def test_a_modifier_that_cannot_be_is_refused_by_its_place(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        definition(modifiers=(modifier(), modifier(**changes))).require_valid()
    assert (refused.value.row, refused.value.details) == (
        DISCOUNT_INVALID,
        f"Modifiers[1].{reason}",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"currency_code": None},
        {"valid_till": START},
        {"instance_duration": 0},
        {"instance_duration": UNITS_MAX, "instance_duration_period": Period.PERIODS},
        {"modifiers": ()},
        {"modifiers": (modifier(),) * 100},
        {"rules": (RULE,) * 100},
    ],
)
def test_definitions_may_be_like_this(changes: dict[str, Any]) -> None:
    definition(**changes).require_valid()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"currency_code": "usd"}, "Currency 'usd' is unknown"),
        ({"currency_code": ""}, "Currency '' is unknown"),
        (
            {"valid_till": START - TICK},
            "DefinitionValidTill must not be before DefinitionValidFrom",
        ),
        ({"instance_duration": -1}, "InstanceDuration must be 0 to 2147483647"),
        ({"instance_duration": UNITS_MAX + 1}, "InstanceDuration must be 0 to 2147483647"),
        ({"instance_duration": 1}, "InstanceDurationPeriod is needed with an InstanceDuration"),
        ({"modifiers": (modifier(),) * 101}, "at most 100 Modifiers"),
        ({"rules": (RULE,) * 101}, "at most 100 Rules"),
        ({"rules": (RULE, replace(RULE, parameter="x"))}, "Rules[1].Parameter must be a number"),
        ({"name": " "}, "Name is needed"),
        ({"definition_id": " x"}, "Id has white space around it"),
        ({"definition_id": "x" * 65}, "Id has at most 64 characters"),
        ({"crm_id": "x" * 256}, "CrmID has at most 255 characters"),
        ({"customer_code": "x" * 256}, "CustomerCode has at most 255 characters"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        definition(**changes).require_valid()
    assert refused.value.row == DISCOUNT_INVALID
    assert refused.value.details.startswith(reason)


@pytest.mark.parametrize("now", [START, START + DAY])
def test_both_ends_of_the_window_are_in_it(now: datetime) -> None:
    definition(valid_till=START + DAY).require_usable(now)


def test_a_window_may_have_no_end() -> None:
    definition().require_usable(utc(9999, 12, 31))


@pytest.mark.parametrize(
    ("changes", "now", "reason"),
    [
        ({"state": LifeState.DEVELOPMENT}, START, "definition Spring is in development"),
        ({"state": LifeState.DELETED}, START, "definition Spring is retired"),
        ({}, START - TICK, "definition Spring is valid from 2026-03-01T12:00:00+00:00"),
        (
            {"valid_till": START},
            START + TICK,
            "definition Spring was valid till 2026-03-01T12:00:00+00:00",
        ),
    ],
)
def test_instances_are_put_into_effect_in_production_and_in_the_window_alone(
    changes: dict[str, Any], now: datetime, reason: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        definition(**changes).require_usable(now)
    assert (refused.value.row, refused.value.details) == (STATE_INVALID, reason)


@pytest.mark.parametrize(
    ("duration", "period", "since", "end"),
    [
        (90, Period.MINUTES, START, utc(2026, 3, 1, 13, 30)),
        (2, Period.HOURS, START, utc(2026, 3, 1, 14)),
        (31, Period.DAYS, START, utc(2026, 4, 1, 12)),
        (1, Period.MONTHS, utc(2026, 1, 31, 12), utc(2026, 2, 28, 12)),
        (1, Period.MONTHS, utc(2024, 1, 31), utc(2024, 2, 29)),
        (1, Period.MONTHS, utc(2026, 12, 15), utc(2027, 1, 15)),
        (11, Period.MONTHS, utc(2026, 1, 15), utc(2026, 12, 15)),
        (13, Period.MONTHS, utc(2026, 11, 30), utc(2027, 12, 30)),
        (1, Period.YEARS, utc(2024, 2, 29), utc(2025, 2, 28)),
        (4, Period.YEARS, utc(2024, 2, 29), utc(2028, 2, 29)),
        (3, Period.PERIODS, START, None),
        (0, Period.DAYS, START, None),
        (None, Period.DAYS, START, None),
        (8_000, Period.YEARS, START, None),
        (UNITS_MAX, Period.YEARS, START, None),
        (UNITS_MAX, Period.MONTHS, START, None),
        (UNITS_MAX, Period.DAYS, START, None),
        (UNITS_MAX, Period.HOURS, START, None),
    ],
)
def test_an_instance_lasts_as_long_as_its_definition_says(
    duration: int | None, period: Period, since: datetime, end: datetime | None
) -> None:
    lasting = definition(instance_duration=duration, instance_duration_period=period)
    assert end_of_instance(lasting, since) == end


def test_an_instance_ends_with_its_duration_or_on_the_fixed_date_whichever_is_first() -> None:
    a_day = {"instance_duration": 1, "instance_duration_period": Period.DAYS}
    for fixed, expected in ((START, START), (START + 2 * DAY, START + DAY)):
        assert end_of_instance(definition(fixed_end_date=fixed, **a_day), START) == expected
    assert end_of_instance(definition(fixed_end_date=START), START) == START
    assert end_of_instance(definition(), START) is None
