"""Where the service is found: its paths, and the URL that clients are given."""

from ipaddress import ip_address

from service.settings import Settings

CUSTOMER_BILLING_PATH = "/Api/Billing/v13/CustomerBillingService.svc"
"""The path of the original, so that clients change nothing but the host."""
COUPON_MANAGEMENT_PATH = "/Api/CouponManagement/v1/CouponManagementService.svc"
"""Beside the original's, for operators."""
HEALTH_PATH = "/healthz"
"""Whether the process lives."""
READY_PATH = "/readyz"
"""Whether it can take calls."""
CONSOLE_PATH = "/console"
"""Below it are the pages of the console."""


def customer_billing_url(settings: Settings) -> str:
    """The address of CustomerBillingService, as clients write it."""
    return _root(settings) + CUSTOMER_BILLING_PATH


def console_url(settings: Settings) -> str:
    """The address of the console, as people write it."""
    return f"{_root(settings)}{CONSOLE_PATH}/"


def _root(settings: Settings) -> str:
    url = settings.public_url or local_url(settings.bind, settings.local_scheme)
    return str(url).rstrip("/")


def local_url(bind: str, scheme: str = "http") -> str:
    """Where clients on the same machine reach what listens on ``HOST:PORT``.

    ``0.0.0.0`` and ``[::]`` stand for every address of the machine, and are none that a
    client could call.
    """
    host, _, port = bind.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return f"{scheme}://{bind}"
    if not address.is_unspecified:
        return f"{scheme}://{bind}"
    return f"{scheme}://{'127.0.0.1' if address.version == 4 else '[::1]'}:{port}"  # noqa: PLR2004
