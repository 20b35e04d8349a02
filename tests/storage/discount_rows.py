"""Rows of the tables of discounts, for the tests of constraints: valid ones, and changes."""

from typing import Any

from tests.programme import START

_MADE = {"created_at": START, "changed_by": 1}

FIRST: dict[str, dict[str, Any]] = {
    "coupon_definition": {
        "definition_id": 1,
        "reference": "CDF-1",
        "customer_id": 1,
        "name": "Spring",
        "description": "",
        "target": "product",
        "currency_code": "USD",
        "valid_from": START,
        "valid_till": START,
        "instance_duration": 1,
        "instance_duration_period": "months",
        "state": "production",
        **_MADE,
    },
    "coupon_modifier": {
        "modifier_id": 1,
        "reference": "CMD-1",
        "definition_id": 1,
        "place": 0,
        "effect_amount": 50,
        "operand": "percent",
        "effect": "discount_first_units",
        "specifier_amount": 5,
        "domain": "PricingComponent",
        "specifier": "users",
        **_MADE,
    },
    "coupon_rule": {
        "rule_id": 1,
        "reference": "CRL-1",
        "definition_id": 1,
        "place": 0,
        "subject": "user",
        "polarity": "does_not",
        "preposition": "greater_than",
        "parameter": "0",
        "object": "subscription",
        "strategy": "only_at_initialisation",
        **_MADE,
    },
    "coupon_book_definition": {
        "book_definition_id": 1,
        "reference": "CBD-1",
        "customer_id": 1,
        "definition_id": 1,
        "name": "Packs",
        "description": "",
        "minimum": 10,
        "maximum": 20,
        "step": 5,
        "valid_from": START,
        "valid_till": START,
        "state": "production",
        **_MADE,
    },
    "coupon_book": {
        "book_id": 1,
        "reference": "CBK-1",
        "customer_id": 1,
        "book_definition_id": 1,
        "coupon_id": 1,
        "name": "Pack",
        "cost": 10,
        "max_remaining_coupons": 10,
        "remaining_coupons": 9,
        "maximum_coupon_uses": 3,
        **_MADE,
    },
    "parent_coupon": {
        "coupon_id": 1,
        "customer_id": 1,
        "definition_id": 1,
        "name": "Summer",
        "coupons_max": 10,
        "uses_max": 3,
        "claims_count": 2,
        **_MADE,
    },
    "unique_code": {"coupon_id": 1, "parent_coupon_id": 1, "claims_count": 1, "created_at": START},
    "coupon_instance": {
        "instance_id": 1,
        "reference": "CIN-1",
        "customer_id": 1,
        "definition_id": 1,
        "book_id": 1,
        "coupon_id": 1,
        "parent_coupon_id": 1,
        "target": "subscription",
        "subscription_id": 1,
        "initialised_at": START,
        "max_remaining_uses": 3,
        "remaining_uses": 2,
        "used_count": 1,
        "discount_value": 10,
        **_MADE,
    },
    "coupon_existing_value": {
        "existing_value_id": 1,
        "reference": "CEV-1",
        "instance_id": 1,
        "component_id": "users",
        "units": 5,
        **_MADE,
    },
    "bill": {
        "bill_id": 1,
        "customer_id": 1,
        "subscription_id": 1,
        "reference": "bill 1",
        "currency_code": "USD",
        "digest": b"1" * 32,
        "cost": 100,
        "discount": 60,
        "drawn": 10,
        "answer": {},
        "spend_id": 1,
        "billed_at": START,
        "created_at": START,
    },
    "coupon_use": {"use_id": 1, "bill_id": 1, "instance_id": 1, "amount": 60},
}
"""A valid row of each table."""

CHANGES: dict[str, dict[str, Any]] = {
    "coupon_definition": {"reference": "CDF-2"},
    "coupon_modifier": {"reference": "CMD-2", "place": 1},
    "coupon_rule": {"reference": "CRL-2", "place": 1, "parent_rule_id": 1},
    "coupon_book_definition": {"reference": "CBD-2"},
    "coupon_book": {"reference": "CBK-2", "coupon_id": 2},
    "parent_coupon": {"coupon_id": 2, "definition_id": 2},
    "unique_code": {"coupon_id": 2},
    # No claim, but one with a code of its own.
    "coupon_instance": {"reference": "CIN-2", "coupon_id": 2, "parent_coupon_id": None},
    "coupon_existing_value": {"reference": "CEV-2", "component_id": "seats"},
    "bill": {"reference": "bill 2", "spend_id": None},
    "coupon_use": {"bill_id": 2},
}
"""What a second row has of its own, beside its number."""

TWICE = ["coupon_definition", "bill"]
"""The tables with a second row, for rows of other tables that point to it."""

NEW_NUMBERS: dict[str, dict[str, Any]] = {
    "coupon_definition": {"definition_id": 3, "reference": "CDF-3"},
    "bill": {"bill_id": 3, "reference": "bill 3"},
}

OF_ACCOUNT = {"target": "account", "subscription_id": None}
"""Of an instance that is attached to an account, beside its number."""
_WITHOUT_CLASS = dict.fromkeys(
    (
        *("class_id", "terms_id", "batch_id", "seq", "sent_to_email", "sent_at"),
        *("claimed_account_id", "claimed_at", "claimed_feature_id"),
    )
)

CHECKS: dict[str, list[dict[str, Any]]] = {
    "ck_coupon_class": [{"terms_id": None}, {"batch_id": None}],
    "ck_coupon_without_class": [
        {**_WITHOUT_CLASS, "seq": 1},
        {**_WITHOUT_CLASS, "sent_to_email": "kim@example.com", "sent_at": START},
        {**_WITHOUT_CLASS, "claimed_account_id": 1, "claimed_at": START},
        {**_WITHOUT_CLASS, "redeemed_at": START},
        {**_WITHOUT_CLASS, "deleted_at": START},
    ],
    "ck_coupon_definition_target": [{"target": "products"}],
    "ck_coupon_definition_period": [{"instance_duration_period": "weeks"}],
    "ck_coupon_definition_duration": [{"instance_duration": -1}],
    "ck_coupon_definition_valid_till": [{"valid_from": START.replace(year=2027)}],
    "ck_coupon_definition_state": [{"state": "retired"}],
    "ck_coupon_modifier_operand": [{"operand": "instance"}],
    "ck_coupon_modifier_effect": [{"effect": "discount_units"}],
    "ck_coupon_modifier_domain": [{"domain": "pricingcomponent"}],
    "ck_coupon_modifier_effect_amount": [{"effect_amount": -1}],
    "ck_coupon_modifier_specifier": [{"specifier": None}],
    "ck_coupon_modifier_specifier_amount": [
        {"specifier_amount": -1},
        {"specifier_amount": -1, "effect": "discount_all"},
        {"specifier_amount": None},
    ],
    "ck_coupon_book_definition_sizes": [{"minimum": 0}, {"maximum": 9}, {"step": 0}],
    "ck_coupon_book_definition_valid_till": [{"valid_from": START.replace(year=2027)}],
    "ck_coupon_book_definition_state": [{"state": "retired"}],
    "ck_coupon_book_remaining_coupons": [{"remaining_coupons": -1}, {"remaining_coupons": 11}],
    "ck_coupon_book_maximum_coupon_uses": [{"maximum_coupon_uses": 0}],
    "ck_coupon_book_cost": [{"cost": -1}],
    "ck_parent_coupon_coupons_max": [{"coupons_max": 0, "claims_count": 0}],
    "ck_parent_coupon_uses_max": [{"uses_max": 0}],
    "ck_parent_coupon_limit_scope": [{"limit_scope": "class"}],
    "ck_parent_coupon_claims_count": [{"claims_count": -1}],
    "ck_parent_coupon_claim_limit": [{"claims_count": 11}, {"coupons_max": 1}],
    "ck_unique_code_claims_count": [{"claims_count": -1}],
    "ck_coupon_instance_target": [
        {"target": "none"},
        {"target": "account"},
        {"subscription_id": None},
        {"account_id": 1},
        {**OF_ACCOUNT, "account_id": None},
        {"target": "user"},
    ],
    "ck_coupon_instance_bound": [{"remaining_uses": None}, {"max_remaining_uses": None}],
    "ck_coupon_instance_remaining_uses": [{"remaining_uses": -1}, {"remaining_uses": 4}],
    "ck_coupon_instance_used": [{"used_count": -1}, {"discount_value": -1}],
    "ck_coupon_instance_removed": [
        {"target": "none", "subscription_id": None, "removed_at": START}
    ],
    "ck_coupon_instance_claim": [{"parent_coupon_id": 1, "coupon_id": None}],
    "ck_coupon_existing_value_units": [{"units": -1}],
    "ck_bill_amounts": [{"discount": -1}, {"drawn": -1}, {"discount": 91}, {"cost": 69}],
    "ck_coupon_use_amount": [{"amount": 0}, {"amount": -1}],
}
"""Changes of the second row that a check refuses."""
