"""Whether the services are there that this one asks, where settings name any."""

from collections.abc import Iterator

from service.cli.checkup.check import Installation, State, Trouble


def issuer(installation: Installation) -> Iterator[Trouble]:
    """Whether the issuer of OAuth tokens tells its keys."""
    settings = installation.settings
    if settings.oauth_issuer is None:
        return
    remedy = "Correct the settings that begin with oauth_, or start the issuer; see docs/tokens.md."
    try:
        # An extra: most installations have no issuer.
        from service.identity.issuer_documents import (  # noqa: PLC0415
            DocumentUnusableError,
            fetch_keys,
        )
    except ModuleNotFoundError as error:
        yield Trouble(f"{error}", "Install the extra `oauth`.")
        return
    try:
        keys = fetch_keys(settings.oauth_issuer, settings.oauth_jwks_url, settings.oauth_timeout_s)
    except DocumentUnusableError as error:
        yield Trouble(f"{settings.oauth_issuer}: {error}", remedy)
        return
    if not keys:
        yield Trouble(f"{settings.oauth_issuer} has no key that can be used", remedy)


def redis(installation: Installation) -> Iterator[Trouble]:
    """Whether the Redis that counts calls for all machines can be reached."""
    url = installation.settings.redis_url
    if url is None:
        return
    # No other command needs it, and each would wait for it.
    from service.operations.windows import LibraryWindows  # noqa: PLC0415

    try:
        is_there = LibraryWindows(url).is_reachable()
    except ModuleNotFoundError as error:
        yield Trouble(f"{error}", "Install the extra `redis`.")
        return
    if not is_there:
        yield Trouble(
            "the Redis of redis_url does not answer: calls go on uncounted",
            "Start it, or correct COUPON_BILLING_REDIS_URL; see docs/limits.md.",
            State.WARNING,
        )
