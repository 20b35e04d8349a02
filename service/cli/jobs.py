"""``jobs``: what makes and deletes coupons by the thousand."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any

import typer

from service.cli.calls import calling
from service.cli.options import (
    COUNT_MAX,
    CustomerOption,
    DatabaseOption,
    JsonOption,
    OfBatchOption,
    OfClassOption,
)
from service.cli.output import plain_value, show, show_list
from service.domain.deletion import DeletionJob
from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.jobs import CreationJob, JobKind, JobQuery, JobStatus
from service.domain.numbers import ID_MAX
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.creation_jobs import (
    cancel_creation_job,
    get_creation_jobs,
    retry_creation_job,
)
from service.operations.deletion_jobs import get_deletion_jobs
from service.operations.find_jobs import PAGE_SIZE_MAX

app = typer.Typer(help="Jobs, which make and delete coupons by the thousand.", no_args_is_help=True)

Job = CreationJob | DeletionJob
JobArgument = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=ID_MAX, help="The job's number.")
]
_COLUMNS = ("job_id", "kind", "class_name", "status", "amount", "number_of_coupons", "created_at")


@app.command("list")
def list_(
    customer: CustomerOption,
    kind: Annotated[JobKind | None, typer.Option("--kind", help="Only such jobs.")] = None,
    class_name: OfClassOption = None,
    batch: OfBatchOption = None,
    status: Annotated[JobStatus | None, typer.Option("--status", help="Only such jobs.")] = None,
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, max=COUNT_MAX, help="How many at most.")
    ] = PAGE_SIZE_MAX,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a customer's jobs, the newest first.

    JSON: jobs, each as `jobs show` has it.
    """
    query = JobQuery(customer_id=customer, class_name=class_name, batch_id=batch, status=status)
    with calling(database, as_json=as_json) as call:
        found = [job for one in _kinds(kind) for job in islice(_every(call, one, query), count)]
    newest = sorted(found, key=lambda job: job.job_id, reverse=True)[:count]
    show_list("jobs", [described(job) for job in newest], _COLUMNS, as_json=as_json)


@app.command("show")
def show_(
    job_id: JobArgument, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Show a job, and how far it is.

    JSON: kind, the fields of the job, and amount, which is how many coupons are made or
    deleted.
    """
    with calling(database, as_json=as_json) as call:
        job = find_job(call, job_id)
    show(described(job), as_json=as_json)


@app.command()
def retry(
    job_id: JobArgument, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Let a creation job that has failed go on where it stopped.

    JSON: the job as `jobs show` has it.
    """
    with calling(database, as_json=as_json) as call:
        job = retry_creation_job(call, job_id)
    show(described(job), as_json=as_json)


@app.command()
def cancel(
    job_id: JobArgument, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """End a creation job early. The coupons that are made stay.

    JSON: the job as `jobs show` has it.
    """
    with calling(database, as_json=as_json) as call:
        job = cancel_creation_job(call, job_id)
    show(described(job), as_json=as_json)


def find_job(call: Call, job_id: int) -> Job:
    """The job with this number.

    Raises:
        ServiceError: ``EntityNotExistent``.
    """
    query = JobQuery(customer_id=None, job_id=job_id)
    found: list[Job] = [*get_creation_jobs(call, query), *get_deletion_jobs(call, query)]
    if not found:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"job {job_id}")
    return found[0]


def described(job: Job) -> dict[str, Any]:
    """A job as it is printed, of whichever kind."""
    if isinstance(job, CreationJob):
        kind, amount, wanted = JobKind.CREATION, job.created_amount, job.number_of_coupons
        rest = {"is_guessable": job.is_guessable}
    else:
        kind, amount, wanted, rest = JobKind.DELETION, job.deleted_amount, None, {}
    # People see jobs of both kinds in one table.
    common = {"kind": kind.value, "amount": amount, "number_of_coupons": wanted}
    return {**common, **plain_value(job), **rest}


def _kinds(kind: JobKind | None) -> tuple[JobKind, ...]:
    return tuple(JobKind) if kind is None else (kind,)


def _every(call: Call, kind: JobKind, query: JobQuery) -> Iterator[Job]:
    """The jobs of a kind, page by page."""
    while page := _page(call, kind, query):
        yield from page
        query = replace(query, index=query.index + 1)


def _page(call: Call, kind: JobKind, query: JobQuery) -> list[Job]:
    if kind is JobKind.CREATION:
        return [*get_creation_jobs(call, query)]
    return [*get_deletion_jobs(call, query)]
