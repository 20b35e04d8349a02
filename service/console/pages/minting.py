"""Minting: what codes will look like, the jobs that make many, and files of what was made."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, make_response, request, url_for
from wtforms import IntegerField, StringField, SubmitField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from service.console.choices import class_names, find_class
from service.console.forms import Form
from service.console.jobs import page_of_jobs, require_job
from service.console.rendering import changed, confirm_page, page
from service.console.routing import customer_pages
from service.console.visits import this_call, this_customer
from service.domain.codes import CodePattern, check_pattern
from service.domain.csv_cells import unprotected
from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    PATTERN_FULL,
    PATTERN_INVALID,
    QUANTITY_OUT_OF_RANGE,
)
from service.domain.jobs import CreationJob, JobStatus
from service.domain.numbers import INT_MAX
from service.domain.refusals import ServiceError
from service.operations.creation_jobs import (
    NewCreationJob,
    cancel_creation_job,
    create_creation_job,
    get_creation_jobs,
    retry_creation_job,
)
from service.operations.export_coupons import export_coupons
from service.operations.mint_coupons import COUPONS_COUNT_MAX, mint_coupons
from service.operations.pattern_capacity import PatternCapacity, get_pattern_capacity

EXAMPLES_COUNT = 5
CODES_COUNT = 20
"""How many codes of a batch its page shows."""
PIECE_LENGTH = 2**16
"""About how many characters of a file are sent at a time."""

blueprint = customer_pages("minting", __name__)


class MintForm(Form):
    """What is to be minted. What stays empty is as the class has it."""

    class_name = StringField("Class", [InputRequired("Name the class."), Length(max=100)])
    count = IntegerField(
        "How many", [InputRequired("Type a number."), NumberRange(1, INT_MAX)], default=1000
    )
    pattern = StringField("Pattern", [Optional(), Length(max=100)])
    alphabet = StringField("Alphabet", [Optional(), Length(max=94)])
    preview = SubmitField("Show examples")


@dataclass(frozen=True, slots=True)
class Preview:
    """What codes of a pattern look like, and how well they hide.

    Attributes:
        examples: Drawn like codes that are minted; none of them is taken.
        coupons_count: How many coupons the class has when these are minted.
    """

    pattern: CodePattern
    examples: list[str]
    capacity: PatternCapacity
    count: int
    coupons_count: int

    @property
    def is_too_small(self) -> bool:
        """Whether there are fewer codes than coupons to be minted."""
        return self.capacity.capacity < self.count


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a job is, from its beginning to now or its end.

    Attributes:
        per_second: Coupons made in a second; 0 when none is made yet.
        left: How long the rest takes at this pace; None when nobody knows, or nothing is left.
    """

    per_second: float
    left: timedelta | None

    @classmethod
    def of(cls, job: CreationJob, now: datetime) -> "Pace":
        """The pace of a job."""
        took_s = max(((job.ended_at or now) - job.created_at).total_seconds(), 0.001)
        per_second = job.created_amount / took_s
        rest = job.number_of_coupons - job.created_amount
        is_known = job.ended_at is None and per_second > 0 and rest > 0
        return cls(per_second, timedelta(seconds=rest / per_second) if is_known else None)


@blueprint.get("")
def index() -> Response:
    """The jobs, newest first."""
    jobs, after = page_of_jobs(get_creation_jobs)
    return page("minting/index.html", jobs=jobs, after=after)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Ask what is to be minted, and mint it."""
    this_call().caller.require_write(this_customer().customer_id)
    form = MintForm(class_name=request.args.get("class_name"))
    if form.validate_on_submit() and not form.preview.data:
        fields = {
            COUPON_CLASS_NOT_FOUND: form.class_name,
            COUPON_CLASS_RETIRED: form.class_name,
            PATTERN_INVALID: form.pattern,
            PATTERN_FULL: form.pattern,
            QUANTITY_OUT_OF_RANGE: form.count,
        }
        with form.refusals(fields):
            return _mint(form)
    return page("minting/new.html", form, preview=_preview(form), class_names=class_names())


def _mint(form: MintForm) -> Response:
    """Mint at once, or by a job; leads to where one sees what comes of it."""
    name, count = form.class_name.data or "", form.count.data or 0
    pattern, alphabet = form.pattern.data or None, form.alphabet.data or None
    customer_id = this_customer().customer_id
    if count > COUPONS_COUNT_MAX:
        wanted = NewCreationJob(
            customer_id=customer_id,
            class_name=name,
            number_of_coupons=count,
            code_pattern=pattern,
            code_alphabet=alphabet,
        )
        job = create_creation_job(this_call(), wanted)
        return changed(f"Job {job.job_id} mints the coupons.", "minting.show", job_id=job.job_id)
    batch = mint_coupons(this_call(), customer_id, name, count, pattern=pattern, alphabet=alphabet)
    text = f"{batch.created_count:,} coupons were minted"
    if batch.created_count < count:
        text = f"Only {text}: the pattern has no more codes"
    return changed(f"{text}.", "minting.batch", batch_id=batch.batch_id)


@blueprint.post("/preview")
def preview() -> Response:
    """The part of the page that shows what codes will look like, while one types."""
    return page("minting/preview.html", preview=_preview(MintForm()))


def _preview(form: MintForm) -> Preview | ServiceError | None:
    """What codes will look like; why there are none; or None while the class is not known."""
    found = find_class(form.class_name.data)
    pattern = form.pattern.data or (found and found.code_pattern)
    if not pattern:
        return None
    alphabet = form.alphabet.data or (found and found.code_alphabet) or None
    count = min(max(form.count.data or 1, 1), INT_MAX)
    coupons_count = count + (found.coupons_count if found else 0)
    try:
        capacity = get_pattern_capacity(pattern, alphabet, coupons_count)
    except ServiceError as refusal:
        return refusal
    checked = check_pattern(pattern, *([alphabet] if alphabet else []))
    return Preview(checked, checked.draw(EXAMPLES_COUNT), capacity, count, coupons_count)


# One job.


@blueprint.get("/jobs/<int:job_id>")
def show(job_id: int) -> Response:
    """A job: how far it is, and what can be done about it."""
    return page("minting/show.html", **_shown(job_id))


@blueprint.get("/jobs/<int:job_id>/progress")
def progress(job_id: int) -> Response:
    """The part of the page that moves; at the end of the job the whole page is read anew."""
    shown = _shown(job_id)
    reply = page("minting/progress.html", **shown)
    if not shown["is_pending"]:
        reply.headers["HX-Refresh"] = "true"
    return reply


def _shown(job_id: int) -> dict[str, Any]:
    job = require_job(get_creation_jobs, job_id)
    return {
        "job": job,
        "pace": Pace.of(job, this_call().now),
        "is_pending": job.status is JobStatus.PENDING,
        "has_file": job.ended_at is not None
        and job.created_amount > 0
        and job.status is not JobStatus.FAILED,
    }


@blueprint.route("/jobs/<int:job_id>/cancel", methods=["GET", "POST"])
def cancel(job_id: int) -> Response:
    """Ask whether a job is to end early, and let it."""
    this_call().caller.require_write(this_customer().customer_id)
    job = require_job(get_creation_jobs, job_id)

    def do() -> Response:
        cancel_creation_job(this_call(), job_id)
        return changed("The job ends after its present step.", "minting.show", job_id=job_id)

    return confirm_page(
        do,
        title=f"Cancel job {job_id}?",
        action="Cancel the job",
        cancel_url=url_for("minting.show", job_id=job_id),
        consequences=[
            f"{job.created_amount:,} of {job.number_of_coupons:,} coupons are made so far.",
            "They stay; no more are made.",
            "A job that was cancelled cannot go on.",
        ],
    )


@blueprint.post("/jobs/<int:job_id>/retry")
def retry(job_id: int) -> Response:
    """Let a job that has failed go on."""
    this_call().caller.require_write(this_customer().customer_id)
    require_job(get_creation_jobs, job_id)
    retry_creation_job(this_call(), job_id)
    return changed("The job goes on where it stopped.", "minting.show", job_id=job_id)


# What was made.


@blueprint.get("/batches/<int:batch_id>")
def batch(batch_id: int) -> Response:
    """A batch: its first codes, and its files."""
    lines = export_coupons(
        this_call(), this_customer().customer_id, batch_id=batch_id, count=CODES_COUNT + 1
    )
    rows = [
        {name: unprotected(cell) for name, cell in row.items()} for row in csv.DictReader(lines)
    ]
    return page(
        "minting/batch.html",
        batch_id=batch_id,
        rows=rows[:CODES_COUNT],
        has_more=len(rows) > CODES_COUNT,
    )


@blueprint.get("/batches/<int:batch_id>/codes.csv")
def codes_file(batch_id: int) -> Response:
    """The codes of a batch as a CSV file."""
    return _file(batch_id, f"codes-{batch_id}.csv", codes_only=True)


@blueprint.get("/batches/<int:batch_id>/coupons.csv")
def coupons_file(batch_id: int) -> Response:
    """The coupons of a batch, with terms and use, as a CSV file."""
    return _file(batch_id, f"coupons-{batch_id}.csv", codes_only=False)


def _file(batch_id: int, name: str, *, codes_only: bool) -> Response:
    lines = export_coupons(
        this_call(), this_customer().customer_id, batch_id=batch_id, codes_only=codes_only
    )
    reply = make_response(Response(_pieces(lines), mimetype="text/csv"))
    reply.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return reply


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines put together to what is worth being sent, so that no file is held in memory."""
    piece: list[str] = []
    length = 0
    for line in lines:
        piece.append(line)
        length += len(line)
        if length >= PIECE_LENGTH:
            yield "".join(piece).encode()
            piece, length = [], 0
    yield "".join(piece).encode()
