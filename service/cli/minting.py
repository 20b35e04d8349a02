"""``mint``."""

import csv
from itertools import islice
from typing import Annotated, Any

import typer

from service.cli.calls import new_call, opened, refusals_told, require_current
from service.cli.options import (
    COUNT_MAX,
    AlphabetOption,
    ClassOption,
    CustomerOption,
    DatabaseOption,
    JsonOption,
    PatternOption,
)
from service.cli.output import show, tell
from service.cli.progress import progress_bar
from service.cli.waiting import wait_for_job
from service.domain.codes import DENSITY_MIN
from service.domain.csv_cells import unprotected
from service.domain.jobs import CreationJob
from service.domain.programmes import Batch
from service.operations.creation_jobs import NewCreationJob, create_creation_job
from service.operations.export_coupons import export_coupons
from service.operations.mint_coupons import COUPONS_COUNT_MAX, mint_coupons
from service.storage.engine import Database


def mint(
    customer: CustomerOption,
    class_name: ClassOption,
    count: Annotated[
        int,
        typer.Option(
            "--count",
            metavar="N",
            max=COUNT_MAX,
            help=f"How many; more than {COUPONS_COUNT_MAX} are made by a job.",
        ),
    ],
    pattern: PatternOption = None,
    alphabet: AlphabetOption = None,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Return when all are made, and make them if no worker does."),
    ] = False,
    show_codes: Annotated[
        bool, typer.Option("--show-codes", help="Print the codes, in ascending order.")
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mint coupons of a class, with codes drawn from a pattern: the class's own, if none is given.

    When the pattern has too few unused codes, the rest of them is minted and the
    status is `coupon pattern full`. More than 20,000 coupons are made by a job, which a
    worker does: `serve`, `worker`, or this command with `--wait`, whose exit code is 1
    when the job has failed or was cancelled.

    JSON: batch_id, job_id (null: no job was needed), created_amount, status, codes
    (null without --show-codes).
    """
    is_job = count > COUPONS_COUNT_MAX
    if is_job and show_codes and not wait:
        raise typer.BadParameter("--show-codes needs --wait: the codes are not made yet")
    with refusals_told(as_json=as_json), opened(database) as opened_database:
        require_current(opened_database)
        if is_job:
            new = NewCreationJob(
                customer_id=customer,
                class_name=class_name,
                number_of_coupons=count,
                code_pattern=pattern,
                code_alphabet=alphabet,
            )
            job = _create_job(opened_database, new, wait=wait, as_json=as_json)
            result = _told_job(opened_database, job, show_codes=show_codes)
        else:
            call = new_call(opened_database)
            batch = mint_coupons(
                call, customer, class_name, count, pattern=pattern, alphabet=alphabet
            )
            result = _told(batch, show_codes=show_codes)
    if show_codes and not as_json:
        typer.echo("\n".join(result["codes"]))
    else:
        show(result, as_json=as_json)
    raise typer.Exit(1 if result["status"] in {"failed", "cancelled"} else 0)


def _told(batch: Batch, *, show_codes: bool) -> dict[str, Any]:
    _warn_of_fewer(batch.status, batch.created_count, batch.requested_count)
    _warn_of_density(batch.density)
    return {
        "batch_id": batch.batch_id,
        "job_id": None,
        "created_amount": batch.created_count,
        "status": batch.status,
        "codes": batch.codes if show_codes else None,
    }


def _create_job(
    database: Database, new: NewCreationJob, *, wait: bool, as_json: bool
) -> CreationJob:
    call = new_call(database)
    job = create_creation_job(call, new)
    # What is warned of is better known before five million coupons are made.
    _warn_of_density(job.density)
    if wait:
        with progress_bar(is_wanted=not as_json, unit="coupons") as watch:
            job = wait_for_job(call, database, job, watch)
        for error in job.errors:
            tell(f"warning: {error}")
        _warn_of_fewer(job.status.value, job.created_amount, job.number_of_coupons)
    return job


def _told_job(database: Database, job: CreationJob, *, show_codes: bool) -> dict[str, Any]:
    codes = None
    if show_codes:
        call = new_call(database)
        lines = export_coupons(call, job.customer_id, batch_id=job.batch_id, codes_only=True)
        rows = islice(csv.reader(lines), 1, None)
        codes = sorted(unprotected(code) for (code,) in rows)
    return {
        "batch_id": job.batch_id,
        "job_id": job.job_id,
        "created_amount": job.created_amount,
        "status": job.status.value,
        "codes": codes,
    }


def _warn_of_fewer(status: str, created_count: int, asked_count: int) -> None:
    """Tell a person what a program reads in the status."""
    if created_count < asked_count:
        tell(f"warning: {created_count} of {asked_count} minted: {status}")


def _warn_of_density(density: int) -> None:
    if density < DENSITY_MIN:
        tell(
            f"warning: the pattern has only {density:,} codes for each coupon of the class."
            f" Under {DENSITY_MIN:,}, a coupon can be found by guessing."
        )
