"""Asks a database for something when its standard input says so, and prints what became of it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.storage.engine import Database


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


database = Database(sys.argv[1])
with database.reading() as connection:
    connection.exec_driver_sql("SELECT 1")
    tell("connected")
    sys.stdin.readline()
    try:
        connection.exec_driver_sql(sys.argv[2])
        tell("answered")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        tell(type(error).__name__)
