"""Who calls in the tests of security, and what they have."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.roles import Role
from service.operations.users import AUTHENTICATION, DEVELOPER, add_user, issue_token
from service.soap.namespaces import MANAGEMENT
from tests.programme import Programme
from tests.security.door import Application, Attempt, Reply, send
from tests.wire.harness import envelope

CLASS_NAME = "Sun & Fun"
FIRST_PAGE = (
    f'<PageInfo xmlns:e="{MANAGEMENT}:entities"><e:Index>0</e:Index><e:Size>99</e:Size></PageInfo>'
)


def new_keys(
    programme: Programme, name: str, role: Role, customer_id: int | None
) -> dict[str, str]:
    """The SOAP headers of a new user."""
    add_user(programme.call(), name, role, customer_id)
    return {
        "DeveloperToken": issue_token(programme.call(), name, DEVELOPER).text,
        "AuthenticationToken": issue_token(programme.call(), name, AUTHENTICATION).text,
    }


@dataclass(frozen=True)
class Shop:
    """A customer with an account, a class, and one coupon of it; and its user.

    Attributes:
        code: The coupon's.
    """

    application: Application
    programme: Programme
    keys: Mapping[str, str]
    customer_id: int
    account_id: int
    code: str

    def call(self, body: str, keys: Mapping[str, str] | None = None, **environ: str) -> Reply:
        """Send an envelope with this content; prefixes are those of ``tests.wire.harness``."""
        shown = self.keys if keys is None else keys
        header = "".join(f"<b:{name}>{text}</b:{name}>" for name, text in shown.items())
        return send(self.application, Attempt(envelope(body, header), environ))

    def manage(self, operation: str, content: str) -> Reply:
        """Call an operation of the coupon management service."""
        return self.call(f'<{operation}Request xmlns="{MANAGEMENT}">{content}</{operation}Request>')

    def redeem(self, code: str, **environ: str) -> Reply:
        """Redeem whatever the text of the element means."""
        body = f"<b:AccountId>{self.account_id}</b:AccountId><b:CouponCode>{code}</b:CouponCode>"
        return self.call(f"<b:RedeemCouponRequest>{body}</b:RedeemCouponRequest>", **environ)


def open_shop(application: Application, programme: Programme) -> Shop:
    """A new customer, and what it has."""
    customer_id = programme.customer()
    programme.coupon_class(customer_id, CLASS_NAME, pattern="SUN-####")
    return Shop(
        application,
        programme,
        new_keys(programme, f"Keeper {customer_id}", Role.SUPER_ADMIN, customer_id),
        customer_id,
        programme.account(customer_id),
        programme.mint(customer_id, CLASS_NAME)[0],
    )
