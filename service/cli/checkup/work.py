"""Whether work is done, and whether callers are let in tomorrow."""

from collections.abc import Iterator
from datetime import timedelta

from service.cli.checkup.check import Installation, State, Trouble
from service.storage import condition, users

_FAILED_FOR = timedelta(days=7)
"""For how long a job that failed is told of; after that whoever cares has seen it."""
TOKEN_LEFT_MIN = timedelta(days=14)


def worker(installation: Installation) -> Iterator[Trouble]:
    """Whether a worker takes the jobs that are due."""
    with installation.database.reading() as connection:
        since = condition.job_due_since(connection)
    # A worker may have it until then without a sign of life.
    patience = timedelta(seconds=2 * installation.settings.job_lease_s)
    if since is not None and installation.now - since > patience:
        yield Trouble(
            f"a job has been due since {since:%Y-%m-%d %H:%M} UTC, and nobody works on it",
            "Run `coupon-billing worker`, or `serve` without --no-worker, and see its log.",
        )


def failed_jobs(installation: Installation) -> Iterator[Trouble]:
    """Whether jobs failed of late."""
    with installation.database.reading() as connection:
        numbers = condition.jobs_failed_since(connection, installation.now - _FAILED_FOR)
    for number in numbers:
        yield Trouble(
            f"job {number} failed",
            f"See why with `coupon-billing jobs show {number}`; then `jobs retry {number}`.",
            State.WARNING,
        )


def tokens(installation: Installation) -> Iterator[Trouble]:
    """Whether tokens that are in force end soon."""
    now = installation.now
    with installation.database.reading() as connection:
        found = users.list_tokens(connection)
    for token in found:
        ends_at = token.expires_at
        if token.revoked_at is None and ends_at and now < ends_at <= now + TOKEN_LEFT_MIN:
            yield Trouble(
                f"the {token.kind} token {token.token_id} of {token.user_name} ends at"
                f" {ends_at:%Y-%m-%d %H:%M} UTC",
                "Issue another with `coupon-billing token issue`, and give it to whoever calls.",
                State.WARNING,
            )
