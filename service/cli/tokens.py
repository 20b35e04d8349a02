"""``token``: by what callers are known."""

from enum import Enum
from typing import Annotated

import typer

from service.cli.calls import calling
from service.cli.options import DatabaseOption, JsonOption, TokenExpiresOption
from service.cli.output import show, show_list, tell
from service.domain.numbers import ID_MAX
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.users import issue_token, list_tokens, revoke_token

app = typer.Typer(help="Tokens: by what callers are known.", no_args_is_help=True)


class TokenKind(str, Enum):
    """Which header carries the token."""

    DEVELOPER = DEVELOPER
    AUTHENTICATION = AUTHENTICATION


@app.command()
def issue(
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="Whose token it will be.")],
    kind: Annotated[
        TokenKind, typer.Option("--kind", help="For the header DeveloperToken, or the other one.")
    ],
    expires: TokenExpiresOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a token to a user. Its text is printed once.

    JSON: token_id, kind, text.
    """
    with calling(database, as_json=as_json) as call:
        token = issue_token(call, user, kind.value, expires)
    show(token, as_json=as_json)
    tell("Keep the token: it is stored only as a hash.")


@app.command("list")
def list_(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List every token, without its text.

    JSON: tokens, each with token_id, user_name, kind, created_at, expires_at, revoked_at,
    last_used_at, which is right to two minutes.
    """
    with calling(database, as_json=as_json) as call:
        tokens = list_tokens(call)
    columns = (
        *("token_id", "user_name", "kind"),
        *("created_at", "expires_at", "revoked_at", "last_used_at"),
    )
    show_list("tokens", tokens, columns, as_json=as_json)


@app.command()
def revoke(
    token_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=ID_MAX, help="The token's number.")
    ],
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a token: it is not accepted any more.

    JSON: token_id.
    """
    with calling(database, as_json=as_json) as call:
        revoke_token(call, token_id)
    show({"token_id": token_id}, as_json=as_json)
