"""``user``: who may call."""

import sys
from typing import Annotated

import typer

from service.cli.calls import calling
from service.cli.options import DatabaseOption, JsonOption, NameOption
from service.cli.output import show
from service.domain.roles import Role
from service.operations.parties import add_user

app = typer.Typer(help="Users: who may call.", no_args_is_help=True)


@app.command()
def add(
    name: NameOption,
    role: Annotated[Role, typer.Option("--role", help="What the user may do.")],
    customer: Annotated[
        int | None,
        typer.Option(
            "--customer", metavar="ID", help="The customer of the role; none for Operator."
        ),
    ] = None,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read a password from the first line of standard input, for callers that"
            " sign in by UserName and Password.",
        ),
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a user with one role. Tokens are issued by `token issue`.

    JSON: user_id.
    """
    password = _read_password() if password_stdin else None
    with calling(database, as_json=as_json) as call:
        user_id = add_user(call, name, role, customer, password)
    show({"user_id": user_id}, as_json=as_json)


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise typer.BadParameter("standard input has no password")
    return password
