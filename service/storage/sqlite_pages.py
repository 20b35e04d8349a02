"""A place of their own for the pages that SQLite remembers.

A connection forgets its pages whenever another process has written, and takes memory for new ones
thereafter: megabytes, thousands of times an hour. Among what else a process takes and gives back
that left ever more holes. docs/decisions/0007-hot-paths.md has what a place of their own changes.
"""

import _sqlite3
import ctypes
from typing import Final

PAGES_COUNT = 1_500
"""Three connections that are busy have as many at the most. A connection that finds none left
forgets one of its own first."""
_PAGE_BYTES = 4096
_CONFIG_PAGECACHE, _CONFIG_PCACHE_HDRSZ = 7, 24
"""Numbers of the C interface: https://sqlite.org/c3ref/c_config_covering_index_scan.html."""
_OK = 0

_places: Final[list[object]] = []
"""What SQLite was given must stay as long as the process."""


def reserve_pages() -> bool:
    """Set memory aside for the pages of all connections that this process will have.

    Returns:
        Whether it was: not in a process that has connections already, nor where SQLite is no
        library of its own.
    """
    library = _library()
    # To set SQLite up anew would take away what they have.
    if library is None or library.sqlite3_memory_used():
        return False
    library.sqlite3_shutdown()
    try:
        return _reserve(library)
    finally:
        library.sqlite3_initialize()


def _library() -> ctypes.CDLL | None:
    """The SQLite that Python uses."""
    path = getattr(_sqlite3, "__file__", None)
    if path is None:
        return None
    # What it is linked to is found through it.
    library = ctypes.CDLL(path)
    if not hasattr(library, "sqlite3_config"):
        return None
    library.sqlite3_memory_used.restype = ctypes.c_int64
    return library


def _reserve(library: ctypes.CDLL) -> bool:
    beside = ctypes.c_int(0)
    if library.sqlite3_config(_CONFIG_PCACHE_HDRSZ, ctypes.byref(beside)) != _OK:
        return False
    # Each is to begin at a multiple of eight.
    slot_bytes = -(-(_PAGE_BYTES + beside.value) // 8) * 8
    place = ctypes.create_string_buffer(slot_bytes * PAGES_COUNT)
    if library.sqlite3_config(_CONFIG_PAGECACHE, place, slot_bytes, PAGES_COUNT) != _OK:
        return False
    _places.append(place)
    return True
