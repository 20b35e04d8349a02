"""``user``: who may call."""

import sys
from typing import Annotated

import typer

from service.cli.calls import calling
from service.cli.options import DatabaseOption, JsonOption, NameOption
from service.cli.output import show, show_list
from service.domain.numbers import ID_MAX
from service.domain.roles import Role
from service.operations.users import add_user, disable_user, list_users, set_email, set_password

app = typer.Typer(help="Users: who may call.", no_args_is_help=True)

UserArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]


@app.command()
def add(
    name: NameOption,
    role: Annotated[Role, typer.Option("--role", help="What the user may do.")],
    customer: Annotated[
        int | None,
        typer.Option(
            "--customer",
            metavar="ID",
            min=1,
            max=ID_MAX,
            help="The customer of the role; none for Operator.",
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
    email: Annotated[
        str | None,
        typer.Option(
            "--email", metavar="EMAIL", help="Where the user is told that a job has ended."
        ),
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a user with one role. Tokens are issued by `token issue`.

    JSON: user_id.
    """
    password = _read_password() if password_stdin else None
    with calling(database, as_json=as_json) as call:
        user_id = add_user(call, name, role, customer, password, email=email)
    show({"user_id": user_id}, as_json=as_json)


@app.command("list")
def list_(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List every user, once for each of its roles.

    JSON: users, each with user_id, name, role, customer_id, has_password, created_at,
    disabled_at, email.
    """
    with calling(database, as_json=as_json) as call:
        users = list_users(call)
    columns = ("user_id", "name", "role", "customer_id", "has_password", "email", "disabled_at")
    show_list("users", users, columns, as_json=as_json)


@app.command("set-password")
def set_password_(
    name: UserArgument,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read it from the first line of standard input instead of asking for it.",
        ),
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a user a password in the place of the one before. Tokens stay as they are.

    JSON: user_id.
    """
    password = _read_password() if password_stdin else _ask_password()
    with calling(database, as_json=as_json) as call:
        user_id = set_password(call, name, password)
    show({"user_id": user_id}, as_json=as_json)


@app.command("set-email")
def set_email_(
    name: UserArgument,
    email: Annotated[
        str | None, typer.Argument(metavar="EMAIL", help="The address.", show_default=False)
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the address away.")] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change where a user is told that a job has ended.

    JSON: user_id.
    """
    if (email is None) != remove:
        raise typer.BadParameter("give an address, or --remove")
    with calling(database, as_json=as_json) as call:
        user_id = set_email(call, name, email)
    show({"user_id": user_id}, as_json=as_json)


@app.command()
def disable(
    name: UserArgument, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """End a user for good: its tokens and its password are not accepted any more.

    JSON: user_id.
    """
    with calling(database, as_json=as_json) as call:
        user_id = disable_user(call, name)
    show({"user_id": user_id}, as_json=as_json)


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise typer.BadParameter("standard input has no password")
    return password


def _ask_password() -> str:
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer
