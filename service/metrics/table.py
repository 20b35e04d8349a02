"""The table of the metrics: each that the service has, and no other, is a row of it."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["DURATION_BUCKETS_S", "METRICS", "Kind", "Metric"]


class Kind(Enum):
    """What Prometheus makes of the numbers."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As it is scraped; that of a counter ends in ``_total``.
        meaning: What it tells, and its unit.
        labels: By what it is divided.
    """

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()


DURATION_BUCKETS_S = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
"""Upper ends of the classes of a duration: from a remembered answer to ``lock_timeout_s``."""

_rows: list[Metric] = []


def _row(name: str, kind: Kind, meaning: str, *labels: str) -> Metric:
    row = Metric(f"coupon_billing_{name}", kind, meaning, labels)
    _rows.append(row)
    return row


# What processes count

CALLS = _row(
    "calls_total",
    Kind.COUNTER,
    "SOAP calls, by how they ended: `ok`, or the symbol of the fault."
    " `operation` is `none` for what the gate refused.",
    *("service", "operation", "outcome"),
)
CALL_DURATION = _row(
    "call_duration_seconds",
    Kind.HISTOGRAM,
    "How long SOAP calls took, from when the body was there and it was their turn.",
    *("service", "operation"),
)
GATE_REFUSALS = _row(
    "gate_refusals_total",
    Kind.COUNTER,
    "Requests that reached no operation, by the symbol of the reason.",
    *("service", "reason"),
)
PAGES = _row(
    "console_pages_total",
    Kind.COUNTER,
    "Requests of the console, by page and HTTP status; `page` is `none` where there is none.",
    *("page", "http_status"),
)
PAGE_DURATION = _row(
    "console_page_duration_seconds",
    Kind.HISTOGRAM,
    "How long pages of the console took.",
    "page",
)
MAIL_ATTEMPTS = _row(
    "mail_attempts_total",
    Kind.COUNTER,
    "Attempts to send a mail, by the state that they left it in: `sent`, `queued` for another"
    " attempt, or `failed`.",
    "state",
)
JOB_RUNS = _row(
    "job_runs_total",
    Kind.COUNTER,
    "Turns of a worker at a job, by the status that they left it in.",
    *("kind", "status"),
)
JOURNAL_LOSSES = _row(
    "journal_losses_total",
    Kind.COUNTER,
    "Calls that are missing in the journal of calls: they came too quickly, or the database"
    " did not take them.",
)
POOL_IN_USE = _row(
    "database_connections_in_use",
    Kind.GAUGE,
    "Connections that processes which serve have in use just now, looked at once a second.",
)
POOL_SIZE = _row(
    "database_connections_max",
    Kind.GAUGE,
    "Connections that processes which serve may have in use.",
)

# What is read when it is asked for

BUILD = _row(
    "build_info",
    Kind.GAUGE,
    "Always 1; the labels tell what runs.",
    *("version", "database", "python"),
)
PROCESSES = _row(
    "processes",
    Kind.GAUGE,
    "Processes of this host that count and are alive.",
)
DATABASE_UP = _row(
    "database_up",
    Kind.GAUGE,
    "Whether the database answered within three seconds: 1 or 0. At 0 what follows is absent.",
)
JOBS = _row(
    "jobs",
    Kind.GAUGE,
    "Jobs in the database, by status. It is the same on every host.",
    "status",
)
PENDING_JOB_AGE = _row(
    "oldest_pending_job_age_seconds",
    Kind.GAUGE,
    "Since when the oldest job waits or is at work, in seconds; 0 when there is none.",
)
OUTBOX = _row(
    "outbox_mails",
    Kind.GAUGE,
    "Mails that are not sent, by state: `queued` or `failed`; counted up to 100,000.",
    "state",
)
DUE_MAIL_AGE = _row(
    "oldest_due_mail_age_seconds",
    Kind.GAUGE,
    "Since when the mail that is due longest is due, in seconds; 0 when none is.",
)

METRICS: tuple[Metric, ...] = tuple(_rows)
