"""``secret``: what signs the sessions of the console."""

from typing import Annotated

import typer

from service.cli.calls import CommandRefusedError, calling, read_settings, refusals_told
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import show
from service.operations.signing_secrets import rotate_secret

app = typer.Typer(help="What signs the sessions of the console.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep ``rotate`` a command of its own, though it is the only one."""


@app.command()
def rotate(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Forget those before: everybody is signed out.")
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw another secret, which signs from two minutes later on; nobody is signed out.

    The one before verifies sessions until the last one that it signed has ended.

    JSON: number, signs_from.
    """
    with refusals_told(as_json=as_json):
        if read_settings().console_secret is not None:
            text = "the setting console_secret signs; change it in its place"
            raise CommandRefusedError("SecretIsSetting", "There is nothing to rotate.", text)
    with calling(database, as_json=as_json) as call:
        secret = rotate_secret(call, at_once=at_once)
    show(secret, as_json=as_json)
