"""Forgetting the names of a request's elements and attributes when it has been read.

libxml2 keeps each name that it meets in a dictionary, so as to keep it once, and trees count who
needs theirs. lxml has one dictionary for each thread, which takes that of the first parser that it
meets, and keeps it for as long as the thread lives. A stranger could fill the memory with names
that he makes up. Worse, threads that met the same parser share a dictionary which libxml2 does not
lock: new names in two requests at once end the process.

So each request has a parser of its own, and its thread forgets the parser's dictionary, which goes
with the tree.
"""

import ctypes

__all__ = ["forget_names"]

# Where lxml keeps what it has for a thread. That it still does is what its tests tell.
_KEPT_AS = b"_ParserDictionaryContext"

_thread_state = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyThreadState_GetDict", ctypes.pythonapi))
_delete = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyDict_DelItemString", ctypes.pythonapi)
)


def forget_names() -> None:
    """Make lxml forget the dictionary of this thread; trees that need it keep it."""
    try:
        _delete(_thread_state(), _KEPT_AS)
    except KeyError:
        # Nothing was parsed here.
        return
