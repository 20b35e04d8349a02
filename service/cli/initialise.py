"""``init``."""

from dataclasses import fields
from typing import Annotated

import typer

from service.cli.calls import new_call, opened, refusals_told
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import show, tell
from service.operations.initialise import FirstKeys, initialise


def init(
    email: Annotated[
        str | None,
        typer.Option(
            "--email", metavar="EMAIL", help="Where the operator is told that a job has ended."
        ),
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create or upgrade the database.

    An empty one gets its first customer, account and operator, whose tokens and
    password are printed once.

    JSON: customer_id, account_id, developer_token, authentication_token, user_name,
    password; null when the database has customers already.
    """
    with refusals_told(as_json=as_json), opened(database) as opened_database:
        keys = initialise(new_call(opened_database), opened_database, email)
    if keys is None and not as_json:
        tell("The database is up to date. It has customers already: nobody was added.")
        return
    show(keys or dict.fromkeys(field.name for field in fields(FirstKeys)), as_json=as_json)
    if keys is not None:
        tell("Keep the tokens and the password: they are stored only as hashes.")
