"""Whether mail is made, taken and delivered."""

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from service.cli.checkup.check import Installation, State, Trouble
from service.cli.checkup.database import existing
from service.cli.mail import create_smtp_transport, lease_s, sender_address
from service.domain.jobs import JobKind, JobReport, JobStatus
from service.domain.mail import MailContent, MailKind, TemplateBrokenError
from service.domain.terms import CouponTerms, CouponType
from service.jobs.mail_templates import MailTemplates, folder_name
from service.jobs.transport import DeliveryError
from service.storage import work_figures

_DUE_FOR_MAX = timedelta(minutes=10)
_AN_INSTANT = datetime(2027, 1, 31, 12, tzinfo=timezone.utc)
_SPARE = CouponTerms(coupon_type=CouponType.RETENTION, currency_code="USD", amount=Decimal(50))
_FULL = CouponTerms(
    coupon_type=CouponType.ACQUISITION,
    currency_code="USD",
    amount=Decimal("1234.5"),
    percent_off=Decimal("12.5"),
    spend_threshold=Decimal(100),
    active_duration=30,
    start_date=_AN_INSTANT,
    end_date=_AN_INSTANT,
    expiration_date=_AN_INSTANT,
)


def server(installation: Installation) -> Iterator[Trouble]:
    """Whether the mail server takes mails from the sender; none is sent."""
    transport = create_smtp_transport(installation.settings)
    if transport is None:
        return
    try:
        transport.offer(sender_address(installation.settings).addr_spec)
    except DeliveryError as error:
        yield Trouble(
            str(error),
            "Correct the settings that begin with smtp_, or mail_sender; see docs/mail.md.",
        )


def folder(installation: Installation) -> Iterator[Trouble]:
    """Whether mails can be written as files, while no mail server is set."""
    settings = installation.settings
    if settings.smtp_host is not None:
        return
    place = existing(settings.mail_folder)
    try:
        # What is written is gone at once, and the folder itself is left to the worker.
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        yield Trouble(
            f"mails cannot be written below {place}: {error.strerror}",
            "Set COUPON_BILLING_MAIL_FOLDER to a folder that the service may write.",
        )


def templates(installation: Installation) -> Iterator[Trouble]:
    """Whether each template of your own is one that a mail can be made from."""
    place = installation.settings.mail_templates
    made = MailTemplates(place)
    for file in sorted(place.rglob("*.*")) if place else []:
        yield from _template(made, file.relative_to(place or file))


def _template(made: MailTemplates, file: Path) -> Iterator[Trouble]:
    kind, _, language = file.stem.partition(".")
    class_folder = file.parent.name
    is_named = (
        file.suffix in {".txt", ".html"}
        and kind in {it.value for it in MailKind}
        and language
        and len(file.parts) <= 2  # noqa: PLR2004 - a folder for a class, and the file
        and file.name == file.name.lower()
        and folder_name(class_folder) == class_folder
    )
    if not is_named:
        yield Trouble(
            f"no mail is ever made from {file}",
            "Name templates as docs/mail.md says, or move the file elsewhere.",
            State.WARNING,
        )
        return
    try:
        for content in _samples(MailKind(kind), class_folder, language):
            made.render(MailKind(kind), content)
    except TemplateBrokenError as error:
        yield Trouble(str(error), "Mend the template: no mail is sent from it until then.")


def _samples(kind: MailKind, class_folder: str, language: str) -> Iterator[MailContent | JobReport]:
    """What mails of a kind tell: as little and as much as there can be."""
    class_name = class_folder or "Spring"
    if kind is MailKind.JOB:
        for job_kind in JobKind:
            yield _report(job_kind, class_name, language)
        return
    for terms, number in ((_SPARE, None), (_FULL, "X0000001")):
        yield MailContent(
            code="ABCD-1234",
            class_name=class_name,
            customer_name="Contoso",
            terms=terms,
            language=language,
            account_number="X0000001" if kind is MailKind.DISTRIBUTE else number,
        )


def _report(kind: JobKind, class_name: str, language: str) -> JobReport:
    is_creation = kind is JobKind.CREATION
    return JobReport(
        job_id=1,
        kind=kind,
        status=JobStatus.FAILED,
        amount=20_000,
        number_of_coupons=20_001 if is_creation else None,
        class_name=class_name,
        customer_name="Contoso",
        batch_id=1 if is_creation else None,
        last_error="no space left" if is_creation else None,
        language=language,
    )


def outbox(installation: Installation) -> Iterator[Trouble]:
    """Whether mails are delivered: none waits for long, and none has failed."""
    with installation.database.reading() as connection:
        figures = work_figures.find_mail(connection, installation.now)
    patience = max(_DUE_FOR_MAX, timedelta(seconds=lease_s(installation.settings)))
    since = figures.due_since
    if since is not None and installation.now - since > patience:
        yield Trouble(
            f"mails have been due since {since:%Y-%m-%d %H:%M} UTC, and nobody delivers them:"
            f" {figures.queued:,} wait",
            "Run `coupon-billing worker`, or `serve` without --no-worker, and see its log.",
        )
    if figures.failed:
        yield Trouble(
            f"{figures.failed:,} mails have failed",
            "See why with `coupon-billing outbox list --state failed`;"
            " queue them again with `outbox resend`.",
            State.WARNING,
        )
