"""Write the pages that are made from the code: ``python docs/generate_pages.py``.

With ``--check`` nothing is written, and the exit code is 1 when a page is not current.
"""

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from importlib import import_module
from itertools import starmap
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
import typer
from pydantic.fields import FieldInfo

from service.cli.checkup.table import CHECKS, SETTINGS_CHECK
from service.cli.main import app
from service.domain.error_catalogue import CATALOGUE
from service.domain.error_rows import ErrorRow
from service.metrics.table import METRICS, Metric
from service.settings import ENVIRONMENT_PREFIX, Settings
from service.soap.customer_billing import (
    IMPLEMENTED_OPERATIONS,
    CustomerBillingService,
    UnsupportedOperations,
)
from service.soap.management import MANAGEMENT_SERVICES
from service.soap.refusals import REFUSALS, Refusal
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS
from service.soap.types.messages import OPERATIONS, Signature
from service.soap.types.simple import SpyneType
from service.storage.consistency import RULES

DOCS = Path(__file__).parent
START, END = "<!-- table -->\n", "<!-- end of table -->\n"
METRICS_HEAD = "| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n"

ERRORS = """\
# Errors

Written by `python docs/generate_pages.py` from the service's error catalogue.

## Numbered errors

Numbers below 90001 are Microsoft's and keep Microsoft's meaning. **Microsoft publishes no error
numbers for coupons: those from 90001 up are this service's own.** A program that moves between the
two must not expect them from the original.

The fault is the element in the SOAP fault's detail. In `AdApiFaultDetail` the symbol is
`ErrorCode`; in `ApiFault` and `BatchError`, `Details` starts with it. A `BatchError` is about one
item of a list: it stands in the reply, and the other items went through. So is an `OperationError`
of DistributeCoupons and ClaimFeatureAdoptionCoupons: its `Details` starts with the account's number
and then has the symbol, and every row about coupons and accounts can stand there.

| Code | Symbol | Fault | Message | When, and what to do |
|---|---|---|---|---|
"""

REFUSED = """
## Requests that reach no operation

They have no number and no detail: `faultcode` and the symbol in `faultstring` tell them. Their HTTP
status is that of every other fault, the setting `fault_http_status`. What has a status of its own
here is no fault, which would have to have status 500: it is a line of plain text with symbol,
message and TrackingId. So is, without a TrackingId, the 408 `BodyTooSlow` that `serve` answers to a
body which does not [arrive in time](limits.md#connections).

| Symbol | faultcode | HTTP | Message | What to do |
|---|---|---|---|---|
"""

SETTINGS = """\
# Settings

Written by `python docs/generate_pages.py` from `service/settings.py`.

Each setting is an environment variable. `coupon-billing config` prints the value of each, and where
it comes from. An option of a command, such as `--database`, wins over its variable.

| Variable | Default | Bounds | Meaning |
|---|---|---|---|
"""

COMMANDS = """\
# The command line

Written by `python docs/generate_pages.py` from the commands' own help.

- Exit codes: 0 done, 1 refused, 2 wrong use.
- With `--json`, standard output is exactly one JSON object. Amounts are strings, dates are ISO 8601
  in UTC with `Z`. A refusal is an object `error` with `code`, `symbol`, `message` and `details`.
  The code is the number in [errors.md](errors.md). It is null for the refusals of the command line
  itself: `DatabaseNotInitialised`, `DatabaseUnusable`, `AddressUnusable`, `CertificateUnusable`,
  `ServiceNotStarted`, `TemplateBroken`, `FileUnusable`, `MetricsFolderUnusable`.
- Refusals and warnings are written to standard error, with and without `--json`.
- Dates are read as `2027-01-31` or `2027-01-31T12:00:00Z`; without a zone they are in UTC.
- Whoever may run the commands on the database has every right. Changes are in the audit log, under
  the name *command line* and a TrackingId of their own.
"""

CHECKING = """\
# Checking a database

Written by `python docs/generate_pages.py` from the rules themselves.

`coupon-billing check` reads every row and tells which ones break a rule below. The exit code is 0
when none does, and 1 otherwise. Of each rule the first 100 rows are listed, and the others are
counted. On a terminal a bar shows how far the work is. Run it on a restored backup before the
service uses it, and from time to time on the running database.

- **One state is checked.** Everything is read in one transaction, on PostgreSQL a `REPEATABLE
  READ`, so that nothing is reported which is merely on its way. The service goes on meanwhile, and
  waits for nothing. Until the check ends, PostgreSQL keeps old versions of the rows that change,
  and the `-wal` file of SQLite grows by what is written. The statement timeout does not apply.
- **What the database holds is not repeated**: its UNIQUE, CHECK and FOREIGN KEY constraints. For a
  damaged file there are `PRAGMA integrity_check` of SQLite and `pg_amcheck` of PostgreSQL.
- **Clocks that differ break no rule.** Dates are compared only where the service does it itself.
- **Memory stays the same.** Rows are read in ranges of 20,000 numbers.

When a row breaks a rule, keep a copy of the database, and look at what the audit log says of the
entity and of its neighbours in time: no operation leaves such a row, so something else did, or
there is a bug that we would like to know.

| Entity | Rule |
|---|---|
"""

OPERATIONS_HEAD = """\
# Operations

Written by `python docs/generate_pages.py` from the operations' own declarations.

Each operation is called by the element `<Operation>Request`, answers `<Operation>Response`, and
has its own name as SOAPAction. The types are those of the [WSDL](wsdl.md). A request of an
operation that changes something can carry an [IdempotencyKey](idempotency.md). Every operation may
answer the faults of credentials, rights and trouble; [errors.md](errors.md) says when each comes.

## CustomerBillingService

Microsoft's contract, v13, at `/Api/Billing/v13/CustomerBillingService.svc`. What is not carried
out answers ApiFault 204, `OperationNotSupported`.

"""

MANAGEMENT_HEAD = """
## CouponManagementService

This service's own contract for operators, at
`/Api/CouponManagement/v1/CouponManagementService.svc`; [management.md](management.md) tells how it
is used.

"""

OPERATION_COLUMNS = """\
| Operation | What it does | Changes | Takes | Answers |
|---|---|---|---|---|
"""

DOCTOR = f"""\
# What `doctor` looks at

Written by `python docs/generate_pages.py` from the checks themselves.

`coupon-billing doctor` looks at an installation, and says what is wrong and what to do. Run it as
the user of the service, with its environment, after you have installed or changed something, and
when something is strange. It changes nothing, sends no mail, and the service goes on. Each check
ends as

- `ok`,
- `warning`: it works, and will not for long, or not for everybody,
- `wrong`: it does not work, or will lose something,
- `not done`: what it needs is missing, which another check tells.

The exit code is 1 when something is wrong, and 0 otherwise. With `--json` the same is one object,
for programs. What it cannot see from here: whether clients elsewhere reach the service, the
settings of other machines, and whether the rows are sound, which [`check`](checking.md) proves.

| Check | What is looked at |
|---|---|
| `{SETTINGS_CHECK}` | Each can be read, and no variable of `{ENVIRONMENT_PREFIX}` is misspelt. |
"""

ARCHITECTURE = """\
# Architecture

Written by `python docs/generate_pages.py`, the table from what the tests allow.

For whoever changes the code: which rooms there are, which may know which, and where a change goes.
[CONTRIBUTING](../CONTRIBUTING.md) says how it is tested and sent in.

```
  cli    console    soap    jobs        what speaks to the outside
     \\      |        |      /
      \\     v        v     /
       +-> operations <---+             what the service can do, one transaction each
              |
              v
           storage                      tables, migrations, queries; every verdict is one statement
              |
              v
           domain                       the rules of coupons: no XML, no SQL, no clock
```

An arrow points to what is imported. `app` puts the rooms together for the wire, and `cli` for the
command line. A test reads the imports of every module, and fails on an arrow that is not in its
table; this is that table:

| Room | What it is | May see |
|---|---|---|
"""

CHANGES = """
## Where a change goes

| A change | Goes to |
|---|---|
| a rule of coupons, a new refusal | `domain`; refusals are rows of `domain/errors.py` |
| a table, an index | `storage`, with a migration; both databases are tested |
| what decides a race | `storage`: one conditional statement whose row count is the verdict |
| a new operation | one function in `operations`, one short method in `soap`, its tests |
| a message of our own contract | `schemas/` and `wsdl/`, which `soap` mirrors |
| a page of the console | `console/pages`; its docstring says how |
| a command | `cli`, over an operation |
| a setting | `settings.py`, with its unit in its name; nothing else reads the environment |
| something that `doctor` looks at | `cli/checkup`, and a row in its table |

Why it is so, and what was tried before, is in the [decisions](decisions). What is on a hot path,
and what it may cost, is in [0007](decisions/0007-hot-paths.md).
"""


def errors_page() -> str:
    """The page of the two tables of errors."""
    refused = (
        _row(f"`{row.symbol}`", _fault_code(row), row.http_status, row.message, row.meaning)
        for row in REFUSALS
    )
    return ERRORS + "".join(map(_error_row, CATALOGUE)) + REFUSED + "".join(refused)


def _fault_code(row: Refusal) -> str:
    return "" if row.http_status else f"`s:{row.fault_code}`"


def _error_row(row: ErrorRow) -> str:
    number = f"{row.code} (ours)" if row.is_ours else row.code
    return _row(number, f"`{row.symbol}`", f"`{row.kind.value}`", row.message, row.meaning)


def settings_page() -> str:
    """The page of the settings."""
    rows = (
        _row(
            f"`{ENVIRONMENT_PREFIX}{name.upper()}`",
            "" if field.default in (None, ()) else f"`{field.default}`",
            _bounds(field),
            " ".join(str(field.description).replace("``", "`").split()),
        )
        for name, field in Settings.model_fields.items()
    )
    return SETTINGS + "".join(rows)


def _bounds(field: FieldInfo) -> str:
    """The words that may be chosen, or from where to where a number goes."""
    kinds = get_args(field.annotation)
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{word}`" for word in kinds)
    # The bounds of what may be unset are those of one of its kinds.
    inner = [it for kind in kinds for it in get_args(kind) if isinstance(it, FieldInfo)]
    bounds = [bound for it in (field, *inner) for bound in it.metadata]
    least = [f"from {it.ge}" for it in bounds if isinstance(it, annotated_types.Ge)]
    most = [f"to {it.le}" for it in bounds if isinstance(it, annotated_types.Le)]
    return " ".join(least + most)


def command_line_page() -> str:
    """The page of the commands."""
    return COMMANDS + "".join(f"\n{_section(name, call)}" for name, call in commands(app))


def commands(group: typer.Typer, prefix: str = "coupon-billing") -> Iterator[tuple[str, Any]]:
    """Every command: what is typed, and the function that carries it out."""
    for command in group.registered_commands:
        function: Any = command.callback
        yield f"{prefix} {command.name or function.__name__}", function
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            yield from commands(inner.typer_instance, f"{prefix} {inner.name}")


def _section(name: str, function: Any) -> str:
    head = (
        f"## {name}\n\n{inspect.getdoc(function)}\n\n| Option | Value | Meaning |\n|---|---|---|\n"
    )
    return head + "".join(map(_parameter_row, inspect.signature(function).parameters.values()))


def _parameter_row(parameter: inspect.Parameter) -> str:
    kind, option = get_args(parameter.annotation)
    # Typer keeps the first name of an annotated option where others have their default.
    declared = (option.default, *(option.param_decls or ()))
    names = ", ".join(f"`{name}`" for name in declared if isinstance(name, str))
    is_required = parameter.default is inspect.Parameter.empty
    return _row(names, _value(kind, option), option.help + " Required." * is_required)


def _value(kind: Any, option: Any) -> str:
    choices = ", ".join(f"`{choice}`" for choice in _choices(kind))
    return choices or (f"`{option.metavar}`" if option.metavar else "")


def _choices(kind: Any) -> list[str]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(member.value) for member in kind]
    return [choice for inner in get_args(kind) for choice in _choices(inner)]


def _row(*cells: Any) -> str:
    texts = ("" if cell is None else str(cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(texts)} |\n"


def checking_page() -> str:
    """The page of what a check proves."""
    return CHECKING + "".join(_row(f"`{rule.entity}`", rule.text) for rule in RULES)


def operations_page() -> str:
    """The page of what can be called."""
    original = _operations(OPERATIONS, [CustomerBillingService, UnsupportedOperations])
    own = _operations(MANAGEMENT_OPERATIONS, MANAGEMENT_SERVICES)
    return (
        OPERATIONS_HEAD + OPERATION_COLUMNS + original + MANAGEMENT_HEAD + OPERATION_COLUMNS + own
    )


def _operations(signatures: Mapping[str, Signature], services: Iterable[Any]) -> str:
    methods = {name: it for service in services for name, it in service.public_methods.items()}
    return "".join(_operation_row(name, it, methods[name]) for name, it in signatures.items())


def _operation_row(name: str, signature: Signature, method: Any) -> str:
    is_missing = name in OPERATIONS and name not in IMPLEMENTED_OPERATIONS
    meaning = "Not carried out." if is_missing else method.doc.partition("\n\n")[0]
    changes = "yes" if method.udd.changes else ""
    fields = map(_fields, (signature.takes, signature.gives))
    return _row(f"`{name}`", " ".join(meaning.split()), changes, *fields)


def _fields(types: Mapping[str, SpyneType]) -> str:
    return ", ".join(f"`{name}` {declared.get_type_name()}" for name, declared in types.items())


def doctor_page() -> str:
    """The page of what `doctor` looks at."""
    return DOCTOR + "".join(_row(f"`{it.name}`", it.meaning) for it in CHECKS)


def observability_page() -> str:
    """The page by hand, with the table of metrics in its place."""
    page = (Path(__file__).parent / "observability.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    rows = "".join(map(_metric_row, METRICS))
    return f"{before}{START}{METRICS_HEAD}{rows}{END}{rest.partition(END)[2]}"


def _metric_row(row: Metric) -> str:
    labels = ", ".join(f"`{name}`" for name in row.labels)
    return _row(f"`{row.name}`", row.kind.value, labels, row.meaning)


def architecture_page() -> str:
    """The page of the rooms, and of the arrows between them."""
    sys.path.insert(0, str(DOCS.parent))
    from tests.architecture.test_architecture import ROOMS  # noqa: PLC0415

    return ARCHITECTURE + "".join(starmap(_room_row, ROOMS.items())) + CHANGES


def _room_row(room: str, seen: set[str]) -> str:
    meaning = str(import_module(f"service.{room}").__doc__).partition("\n")[0].replace("``", "`")
    return _row(f"`{room}`", meaning, ", ".join(f"`{it}`" for it in sorted(seen)))


PAGES = {
    "architecture.md": architecture_page,
    "observability.md": observability_page,
    "doctor.md": doctor_page,
    "operations.md": operations_page,
    "checking.md": checking_page,
    "errors.md": errors_page,
    "settings.md": settings_page,
    "command-line.md": command_line_page,
}


def main(arguments: list[str]) -> int:
    """Write or check the pages; answers the exit code."""
    stale = [
        name
        for name, page in PAGES.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != page()
    ]
    if "--check" in arguments:
        print(*(f"docs/{name} is not current" for name in stale), sep="\n", end="\n" * bool(stale))
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
