"""Where the service is found: its paths, and the URL that clients are given."""

from service.settings import Settings

CUSTOMER_BILLING_PATH = "/Api/Billing/v13/CustomerBillingService.svc"
"""The path of the original, so that clients change nothing but the host."""
HEALTH_PATH = "/healthz"


def customer_billing_url(settings: Settings) -> str:
    """The address of CustomerBillingService, as clients write it."""
    root = str(settings.public_url or f"http://{settings.bind}")
    return root.rstrip("/") + CUSTOMER_BILLING_PATH
