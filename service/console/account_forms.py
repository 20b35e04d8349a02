"""Forms of accounts, of their spend, and of their subscriptions."""

from datetime import datetime

from wtforms import DateTimeLocalField, DecimalField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from service.console.forms import (
    CODE_LENGTH_MAX,
    EMAIL_LENGTH_MAX,
    Form,
    SearchForm,
    in_utc,
    upper,
)
from service.domain.names import NAME_LENGTH_MAX
from service.operations.record_spend import REFERENCE_LENGTH_MAX
from service.operations.subscriptions import TEXT_LENGTH_MAX


class AccountSearchForm(SearchForm):
    """Which accounts are listed."""

    number = StringField("Number begins with", [Length(max=8)], filters=[upper])


class NewCustomerForm(Form):
    """A customer to be added."""

    name = StringField("Name", [DataRequired("Type a name."), Length(max=NAME_LENGTH_MAX)])


class NewAccountForm(Form):
    """An account to be added."""

    number = StringField("Number", [DataRequired("Type a number.")], filters=[upper])
    currency_code = StringField(
        "Currency", [DataRequired("Type three letters, such as USD.")], filters=[upper]
    )
    email = StringField("E-mail", [Length(max=EMAIL_LENGTH_MAX)])


class SpendForm(Form):
    """What an account spent."""

    amount = DecimalField("Amount", [InputRequired("Type an amount.")], places=None)
    reference = StringField(
        "Reference", [DataRequired("Type a reference."), Length(max=REFERENCE_LENGTH_MAX)]
    )
    spent_at = DateTimeLocalField(
        "Spent at (UTC)", [Optional()], format=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
    )

    @property
    def instant(self) -> datetime | None:
        """When it was spent; None for now."""
        return in_utc(self.spent_at.data)


class NewSubscriptionForm(Form):
    """A subscription to be added."""

    reference = StringField(
        "Reference", [DataRequired("Type a reference."), Length(max=TEXT_LENGTH_MAX)]
    )
    product_id = StringField(
        "Product", [DataRequired("Type the product."), Length(max=TEXT_LENGTH_MAX)]
    )
    rate_plan_id = StringField(
        "Rate plan", [DataRequired("Type the rate plan."), Length(max=TEXT_LENGTH_MAX)]
    )
    currency_code = StringField("Currency", filters=[upper])


class CodeForm(SearchForm):
    """The code of a simple coupon."""

    code = StringField("Code", [InputRequired("Type a code."), Length(max=CODE_LENGTH_MAX)])
