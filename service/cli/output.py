"""What commands print: tables for people, one JSON object for programs."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import reduce
from operator import getitem
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.domain.money import plain

_WIDTH_OF_FILES = 1000


def plain_value(value: Any) -> Any:
    """The value in JSON's types: decimals as strings, instants in ISO 8601 with ``Z``."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Enum) else value


def print_json(value: Any) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(plain_value(value), ensure_ascii=False, indent=2))


def show(value: Any, *, as_json: bool) -> None:
    """Print one thing: its fields below one another."""
    if as_json:
        print_json(value)
        return
    table = Table.grid(padding=(0, 2))
    for name, item in _flat(plain_value(value)):
        table.add_row(Text(name, style="bold"), _cell(item))
    _console().print(table)


def show_list(key: str, items: Sequence[Any], columns: Sequence[str], *, as_json: bool) -> None:
    """Print things of one kind: a table for people, a list under ``key`` for programs.

    Args:
        key: What the things are called.
        items: The things.
        columns: Which of their fields people see; ``terms.amount`` is a field of a field.
        as_json: For programs; they see every field.
    """
    if as_json:
        print_json({key: items})
        return
    table = Table(box=box.SIMPLE)
    for column in columns:
        table.add_column(column.rpartition(".")[2], overflow="fold")
    for item in plain_value(items):
        table.add_row(*(_cell(reduce(getitem, column.split("."), item)) for column in columns))
    _console().print(table)


def tell(text: str) -> None:
    """Say something to the person, and nothing to the program that reads the output."""
    typer.echo(text, err=True)


def _console() -> Console:
    """The terminal; what goes to a file or another program is not folded to its width."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)


def _flat(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", item


def _cell(value: Any) -> Text:
    """The value as text, in which brackets are not Rich's markup."""
    if value is None:
        return Text("-", style="dim")
    return Text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
