"""Every setting of the service, with its unit and bounds; the only reader of the environment."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, HttpUrl
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_PREFIX = "COUPON_BILLING_"


class Settings(BaseSettings):
    """One frozen object, read once at the start.

    Each setting is the environment variable of its name in capitals after
    ``COUPON_BILLING_``, such as ``COUPON_BILLING_DATABASE``.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, frozen=True, use_attribute_docstrings=True
    )

    database: str = "sqlite:///coupon-billing.db"
    """SQLAlchemy URL of the database."""
    bind: str = "127.0.0.1:8080"
    """Address and port on which ``serve`` listens."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Number of worker processes."""
    threads: Annotated[int, Field(ge=1, le=128)] = 16
    """Number of threads of each worker process: so many calls run at once."""
    public_url: HttpUrl | None = None
    """Address under which clients see the service, such as ``https://billing.example``.
    The published WSDL names it; unset, the WSDL names what each request asked."""
    # The environment has text, which is not one of the two numbers until it is read.
    fault_http_status: Annotated[Literal[200, 500], BeforeValidator(int)] = 500
    """HTTP status of SOAP faults; 200 is what the original has been seen to send."""
    validate_responses: bool = False
    """Whether each reply is checked against the schemas before it leaves."""
    body_bytes_max: Annotated[int, Field(ge=1024, le=64 * 2**20)] = 262_144
    """Largest request body, in bytes."""
    depth_max: Annotated[int, Field(ge=8, le=255)] = 32
    """Deepest nesting of elements in a request."""
    elements_count_max: Annotated[int, Field(ge=16)] = 20_000
    """Most elements in a request."""
    attributes_count_max: Annotated[int, Field(ge=16)] = 2_000
    """Most attributes in a request, namespace declarations not counted."""
