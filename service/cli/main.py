"""The command ``coupon-billing``."""

import re
from typing import Any

import typer
from typer.core import TyperGroup

from service.cli import (
    accounts,
    backup,
    checking,
    classes,
    configuration,
    coupons,
    customers,
    deletion,
    demo,
    doctor,
    exporting,
    importing,
    initialise,
    jobs,
    minting,
    outbox,
    secret,
    serving,
    spend,
    subscriptions,
    tokens,
    users,
    worker,
)

_SURROGATE = re.compile("[\ud800-\udfff]")


class CommandLine(TyperGroup):
    """All commands; what is typed must be Unicode, as what is stored and printed is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse bytes that are no text in the terminal's encoding.

        Raises:
            typer.BadParameter: An argument holds some, which Python shows as surrogates.
        """
        for argument in args:
            if _SURROGATE.search(argument):
                raise typer.BadParameter(f"{argument!a} is not text")
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=CommandLine,
    name="coupon-billing",
    help="A self-hosted SOAP coupon billing service. Exit codes: 0 done, 1 refused, 2 wrong use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("init")(initialise.init)
app.command("serve")(serving.serve)
app.command("worker")(worker.worker)
app.add_typer(outbox.app, name="outbox")
app.command("demo")(demo.demo)
app.add_typer(customers.app, name="customer")
app.add_typer(accounts.app, name="account")
app.add_typer(subscriptions.app, name="subscription")
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(secret.app, name="secret")
app.add_typer(classes.app, name="class")
app.command("mint")(minting.mint)
app.add_typer(jobs.app, name="jobs")
app.command("import")(importing.import_)
app.command("export")(exporting.export)
coupons.app.command("delete")(deletion.delete)
app.add_typer(coupons.app, name="coupon")
app.add_typer(spend.app, name="spend")
app.command("check")(checking.check)
app.command("backup")(backup.backup)
app.command("config")(configuration.config)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command that was typed."""
    app()
