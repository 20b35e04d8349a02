"""``outbox``: mails listed, shown and sent again."""

from typing import Annotated, Any

import typer

from service.cli.calls import CommandRefusedError, calling, read_settings, refusals_told
from service.cli.mail import sender_address
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import show, show_list
from service.domain.mail import MessageState, TemplateBrokenError
from service.domain.numbers import ID_MAX
from service.jobs.mail_message import compose
from service.jobs.mail_templates import MailTemplates
from service.operations.outbox import (
    LIST_COUNT_MAX,
    list_messages,
    resend_message,
    resend_messages,
    show_message,
)

LIST_COUNT_DEFAULT = 100

app = typer.Typer(help="Mails: listed, shown, sent again.", no_args_is_help=True)

MessageArgument = Annotated[
    int,
    typer.Argument(metavar="MESSAGE_ID", min=1, max=ID_MAX, help="The message's number."),
]


@app.command("list")
def list_(
    state: Annotated[
        MessageState | None, typer.Option("--state", help="Only messages in this state.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            "--limit",
            metavar="N",
            min=1,
            max=LIST_COUNT_MAX,
            help=f"How many, 1 to {LIST_COUNT_MAX}.",
        ),
    ] = LIST_COUNT_DEFAULT,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List messages, newest first.

    JSON: messages, each with message_id, mail_id, kind, recipient, coupon_id, job_id,
    state, attempts_count, next_attempt_at, last_error, created_at, sent_at.
    """
    with calling(database, as_json=as_json) as call:
        messages = list_messages(call, state, limit)
    columns = ("message_id", "state", "kind", "recipient", "attempts_count", "last_error")
    show_list("messages", messages, columns, as_json=as_json)


@app.command("show")
def show_(
    message_id: MessageArgument, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Show a message, and the mail as it would be sent now.

    JSON: message, with the fields that `outbox list` tells; headers, by their names;
    text; html, null for a mail without.
    """
    settings = read_settings(database=database)
    with calling(database, as_json=as_json) as call:
        found = show_message(call, message_id)
    templates = MailTemplates(settings.mail_templates)
    with refusals_told(as_json=as_json):
        try:
            rendered = templates.render(found.message.kind, found.content)
        except TemplateBrokenError as error:
            text = "A mail template cannot be used."
            raise CommandRefusedError("TemplateBroken", text, str(error)) from None
    mail = compose(found.message, rendered, sender_address(settings))
    headers = {name: str(value) for name, value in mail.items()}
    if as_json:
        parts = {"headers": headers, "text": rendered.text, "html": rendered.html}
        show({"message": found.message, **parts}, as_json=True)
        return
    show(found.message, as_json=False)
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
    typer.echo(f"\n{lines}\n{rendered.text}")


@app.command()
def resend(
    message_id: Annotated[
        int | None,
        typer.Argument(metavar="[MESSAGE_ID]", min=1, max=ID_MAX, help="The message's number."),
    ] = None,
    state: Annotated[
        MessageState | None,
        typer.Option("--state", help="Instead of a number: all that are sent, or have failed."),
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Queue messages that were sent or have failed once more, under the same Message-IDs.

    JSON: message_id; with --state: state, resent_count.
    """
    if (message_id is None) == (state is None):
        raise typer.BadParameter("give either MESSAGE_ID or --state")
    result: dict[str, Any] = {}
    with calling(database, as_json=as_json) as call:
        if state is not None:
            result = {"state": state, "resent_count": resend_messages(call, state)}
        elif message_id is not None:
            resend_message(call, message_id)
            result = {"message_id": message_id}
    show(result, as_json=as_json)
