"""``coupon delete``."""

from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from service.cli.calls import new_call, opened, refusals_told, require_current
from service.cli.jobs import described
from service.cli.options import (
    CustomerOption,
    DatabaseOption,
    JsonOption,
    OfBatchOption,
    OfClassOption,
    read_instant,
)
from service.cli.output import show
from service.cli.progress import progress_bar
from service.cli.waiting import wait_for_job
from service.domain.deletion import DeletionFilters, Validity
from service.domain.jobs import JobStatus
from service.domain.numbers import ID_MAX
from service.operations.deletion_jobs import create_deletion_job

# Neither a day that coupons come before nor one that they come after is a day of theirs.
_before = partial(read_instant, bare_date_is_end=False)
_after = partial(read_instant, bare_date_is_end=True)


ValueOption = Annotated[
    str | None,
    typer.Option("--code", metavar="CODE", help="Only this one; letters and digits are compared."),
]
ExactMatchOption = Annotated[
    bool, typer.Option("--exact", help="Compare all characters of the code.")
]
ValidOption = Annotated[
    Validity | None, typer.Option("--valid", help="Only coupons that are so now.")
]
RecipientOption = Annotated[
    int | None,
    typer.Option(
        "--account", metavar="ID", min=1, max=ID_MAX, help="Only those that it has claimed."
    ),
]
CreatedBeforeOption = Annotated[
    datetime | None,
    typer.Option("--created-before", metavar="DATE", parser=_before, help="Minted earlier."),
]
CreatedAfterOption = Annotated[
    datetime | None,
    typer.Option("--created-after", metavar="DATE", parser=_after, help="Minted later."),
]
StartsBeforeOption = Annotated[
    datetime | None,
    typer.Option("--starts-before", metavar="DATE", parser=_before, help="Of StartDate."),
]
StartsAfterOption = Annotated[
    datetime | None,
    typer.Option("--starts-after", metavar="DATE", parser=_after, help="Of StartDate."),
]
ExpiresBeforeOption = Annotated[
    datetime | None,
    typer.Option(
        "--expires-before", metavar="DATE", parser=_before, help="Of EndDate or ExpirationDate."
    ),
]
ExpiresAfterOption = Annotated[
    datetime | None,
    typer.Option(
        "--expires-after", metavar="DATE", parser=_after, help="Of EndDate or ExpirationDate."
    ),
]


def delete(
    customer: CustomerOption,
    class_name: OfClassOption = None,
    batch: OfBatchOption = None,
    value: ValueOption = None,
    exact_match: ExactMatchOption = False,
    valid: ValidOption = None,
    account: RecipientOption = None,
    created_before: CreatedBeforeOption = None,
    created_after: CreatedAfterOption = None,
    starts_before: StartsBeforeOption = None,
    starts_after: StartsAfterOption = None,
    expires_before: ExpiresBeforeOption = None,
    expires_after: ExpiresAfterOption = None,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Return when it is done, and do it if no worker does."),
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete coupons by a job; without a filter, all of the customer's. Redeemed ones stay.

    Their codes are never used again. Exit code 1 when the job has failed.

    JSON: the job as `jobs show` has it.
    """
    filters = DeletionFilters(
        created_before=created_before,
        created_after=created_after,
        starts_before=starts_before,
        starts_after=starts_after,
        expires_before=expires_before,
        expires_after=expires_after,
        valid=None if valid is None else valid.value,
        value=value,
        exact_match=exact_match,
        batch_id=batch,
        recipient_account_id=account,
    )
    with refusals_told(as_json=as_json), opened(database) as opened_database:
        require_current(opened_database)
        call = new_call(opened_database)
        job = create_deletion_job(call, customer, class_name, filters)
        if wait:
            with progress_bar(is_wanted=not as_json, unit="coupons") as watch:
                job = wait_for_job(call, opened_database, job, watch)
    show(described(job), as_json=as_json)
    raise typer.Exit(1 if job.status is JobStatus.FAILED else 0)
