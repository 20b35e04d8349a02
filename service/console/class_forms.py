"""Forms of coupon classes: the terms as people type them."""

from dataclasses import asdict
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    DecimalField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from service.console.forms import Form, SearchForm, in_utc, upper
from service.domain.codes import DEFAULT_ALPHABET, DEFAULT_PATTERN, PATTERN_LENGTH_MAX
from service.domain.errors import TERMS_INVALID
from service.domain.mail import DEFAULT_LANGUAGE
from service.domain.names import NAME_LENGTH_MAX
from service.domain.programmes import CouponClass
from service.domain.terms import ACTIVE_DURATION_DAYS_MAX, CouponTerms, CouponType
from service.operations.classes import FEATURE_ID_MAX
from service.operations.look_at_coupon import CouponView

TYPES = (
    (CouponType.RETENTION.value, "Retention: everybody may redeem"),
    (CouponType.ACQUISITION.value, "Acquisition: new customers only"),
)
_INSTANT = "%Y-%m-%dT%H:%M:%S"
_INSTANTS = [_INSTANT, "%Y-%m-%dT%H:%M"]


def _require_finite(_form: Form, field: Field) -> None:
    if field.data is not None and not field.data.is_finite():
        raise ValidationError("Type a number.")


def _number(title: str) -> DecimalField:
    # No places: a percentage has six decimals, an amount those of its currency.
    return DecimalField(title, [Optional(), _require_finite], places=None)


def _instant(title: str) -> DateTimeLocalField:
    return DateTimeLocalField(title, [Optional()], format=_INSTANTS)


class TermsForm(Form):
    """What coupons are worth, to whom, and when; the fields are named as those of the terms."""

    coupon_type = SelectField("Who may redeem", choices=TYPES)
    currency_code = StringField(
        "Currency", [DataRequired("Type three letters, such as USD.")], filters=[upper]
    )
    amount = _number("Amount")
    percent_off = _number("Percent off")
    spend_threshold = _number("Spend threshold")
    active_duration = IntegerField(
        "Active days",
        [Optional(), NumberRange(1, ACTIVE_DURATION_DAYS_MAX)],
    )
    start_date = _instant("Start date (UTC)")
    end_date = _instant("End date (UTC)")
    expiration_date = _instant("Expiration date (UTC)")
    is_reservation_mandatory = BooleanField("Only for the account that has claimed it")

    def terms(self) -> CouponTerms:
        """The terms that were typed; nothing says yet that a coupon can have them."""
        return CouponTerms(
            coupon_type=CouponType(self.coupon_type.data),
            currency_code=self.currency_code.data or "",
            amount=self.amount.data or Decimal(0),
            percent_off=self.percent_off.data,
            spend_threshold=self.spend_threshold.data or Decimal(0),
            active_duration=self.active_duration.data,
            start_date=in_utc(self.start_date.data),
            end_date=in_utc(self.end_date.data),
            expiration_date=in_utc(self.expiration_date.data),
            is_reservation_mandatory=self.is_reservation_mandatory.data,
        )

    def show_refusal_at_its_field(self) -> None:
        """Tell that terms are invalid beneath the term that the details begin with."""
        if self.refusal is None or self.refusal.row is not TERMS_INVALID:
            return
        term, _, _ = self.refusal.details.partition(" ")
        field = self._field_of(term)
        if field is not None:
            field.errors = [*field.errors, self.refusal.details]
            self.refusal = None

    def _field_of(self, term: str) -> Field | None:
        """The field of a term as SOAP calls it: ``percent_off`` is that of PercentOff."""
        return next(
            (it for it in self if it.short_name.replace("_", "") == term.lower()),
            None,
        )


class NewClassForm(TermsForm):
    """A class to be made."""

    name = StringField("Name", [DataRequired("Type a name."), Length(max=NAME_LENGTH_MAX)])
    feature_id = IntegerField("Feature", [Optional(), NumberRange(0, FEATURE_ID_MAX)])
    code_pattern = StringField(
        "Pattern",
        [DataRequired("Type a pattern with at least one #."), Length(max=PATTERN_LENGTH_MAX)],
        default=DEFAULT_PATTERN,
    )
    code_alphabet = StringField(
        "Alphabet", [DataRequired("Type the characters of codes.")], default=DEFAULT_ALPHABET
    )
    language = StringField(
        "Language of mails", [DataRequired("Type a language.")], default=DEFAULT_LANGUAGE
    )


class ChangedTermsForm(TermsForm):
    """New terms of a class, or of a coupon.

    Attributes:
        terms_id: The terms that the form was filled with.
    """

    terms_id = HiddenField()

    @classmethod
    def of(cls, shown: CouponClass | CouponView, **options: Any) -> "ChangedTermsForm":
        """The form of what has terms, filled with them; options are those of WTForms."""
        terms = {} if shown.terms is None else asdict(shown.terms)
        values = {name: _typed(value) for name, value in terms.items()}
        return cls(**values, terms_id=shown.terms_id, **options)

    def is_of(self, shown: CouponClass | CouponView) -> bool:
        """Whether it still has the terms that the form was filled with."""
        return self.terms_id.data == str(shown.terms_id)

    def changes(self, old: CouponTerms) -> dict[str, Any]:
        """The terms that were typed anew, by name.

        What a field cannot show, such as parts of a second, stays as it was.
        """
        typed, was = asdict(self.terms()), asdict(old)
        return {name: value for name, value in typed.items() if _typed(value) != _typed(was[name])}


class ClassSearchForm(SearchForm):
    """Which classes are listed."""

    name = StringField("Part of the name", [Optional(), Length(max=NAME_LENGTH_MAX)])
    state = SelectField(
        "State", choices=[("", "All"), ("in-use", "In use"), ("retired", "Retired")], default=""
    )
    type = SelectField("Who may redeem", choices=[("", "All"), *TYPES], default="")

    @property
    def is_retired(self) -> bool | None:
        """Whether the classes that are looked for are retired; None for any."""
        return {"in-use": False, "retired": True}.get(self.state.data)

    @property
    def coupon_type(self) -> CouponType | None:
        """Of the classes that are looked for; None for any."""
        return CouponType(self.type.data) if self.type.data else None


def _typed(value: Any) -> Any:
    """A term as its field shows it."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    if isinstance(value, CouponType):
        return value.value
    return value
