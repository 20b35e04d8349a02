"""DispatchCoupons by each client."""

from tests.programme import Programme


def sent_to(programme: Programme, class_id: int) -> list[str]:
    """The addresses to which coupons of a class went."""
    return sorted(row["sent_to_email"] for row in programme.coupons(class_id) if row["sent_at"])


def test_each_address_gets_a_coupon(caller, customer, programme):
    class_id = programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id, count=3)

    errors = caller.dispatch(customer.customer_id, "Spring", "a@example.com", "b@example.com")

    assert errors == []
    assert sent_to(programme, class_id) == ["a@example.com", "b@example.com"]


def test_each_address_without_a_coupon_has_an_error_at_its_place(caller, customer, programme):
    class_id = programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id)
    emails = ["a@example.com", "b@example.com", "no address", "a@EXAMPLE.com"]

    errors = caller.dispatch(customer.customer_id, "Spring", *emails)

    assert [(error.Index, error.Code) for error in errors] == [(1, 90011), (2, 90012), (3, 90013)]
    assert [error.Details.partition(":")[0] for error in errors] == [
        "NoCouponAvailable",
        "EmailInvalid",
        "EmailDuplicate",
    ]
    assert errors[0].Message == "The class has no coupon left."
    assert sent_to(programme, class_id) == ["a@example.com"]


def test_a_thousand_addresses_are_served_in_one_call(caller, customer, programme):
    class_id = programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id, count=1000)
    emails = [f"member{number}@example.com" for number in range(1000)]

    assert caller.dispatch(customer.customer_id, "Spring", *emails) == []
    assert sent_to(programme, class_id) == sorted(emails)
