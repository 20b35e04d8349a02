"""The command ``coupon-billing`` with writers that ask SQLite for its lock when they first write.

Two that have read before they write cannot both go on: SQLite refuses one at once,
however long it would wait.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.cli.main import main
from service.storage import engine


def begin_late(connection, _timeout_s):
    connection.exec_driver_sql("BEGIN")


engine.begin_writing = begin_late

if __name__ == "__main__":
    main()
