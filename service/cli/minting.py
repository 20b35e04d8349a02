"""``mint``."""

from typing import Annotated

import typer

from service.cli.calls import calling
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
from service.domain.codes import DENSITY_MIN
from service.domain.programmes import Batch
from service.operations.mint_coupons import COUPONS_COUNT_MAX, mint_coupons


def mint(
    customer: CustomerOption,
    class_name: ClassOption,
    count: Annotated[
        int,
        typer.Option(
            "--count", metavar="N", max=COUNT_MAX, help=f"How many, 1 to {COUPONS_COUNT_MAX}."
        ),
    ],
    pattern: PatternOption = None,
    alphabet: AlphabetOption = None,
    wait: Annotated[  # noqa: ARG001 - part of the fixed spelling; there is nothing to wait for
        bool,
        typer.Option("--wait", help="Return when all are minted; that is always so."),
    ] = False,
    show_codes: Annotated[
        bool, typer.Option("--show-codes", help="Print the codes, in ascending order.")
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mint coupons of a class, with codes drawn from a pattern: the class's own, if none is given.

    When the pattern has too few unused codes, the rest of them is minted and the
    status is `coupon pattern full`.

    JSON: batch_id, job_id (null: no job is needed), created_amount, status, codes
    (null without --show-codes).
    """
    with calling(database, as_json=as_json) as call:
        batch = mint_coupons(call, customer, class_name, count, pattern=pattern, alphabet=alphabet)
    _warn(batch)
    result = {
        "batch_id": batch.batch_id,
        "job_id": None,
        "created_amount": batch.created_count,
        "status": batch.status,
        "codes": batch.codes if show_codes else None,
    }
    if show_codes and not as_json:
        typer.echo("\n".join(batch.codes))
    else:
        show(result, as_json=as_json)


def _warn(batch: Batch) -> None:
    """Tell what a person must know of the batch and a program reads in its status."""
    if batch.created_count < batch.requested_count:
        tell(f"warning: {batch.created_count} of {batch.requested_count} minted: {batch.status}")
    if batch.density < DENSITY_MIN:
        tell(
            f"warning: the pattern has only {batch.density:,} codes for each coupon of the class."
            f" Under {DENSITY_MIN:,}, a coupon can be found by guessing."
        )
