"""What Spyne knows of one request, without the garbage that Spyne makes of it."""

# mypy: disallow-subclassing-any=False

from typing import Any

from spyne import MethodContext
from spyne.server import ServerBase

__all__ = ["CallContext"]


class CallContext(MethodContext):
    """The state of a request on its way through Spyne's pipeline.

    Nothing of it waits for Python to look for garbage: looks stop all threads, and until then
    memory grows.

    Args:
        server: The endpoint that received the request.
    """

    def __init__(self, server: ServerBase) -> None:
        super().__init__(server, MethodContext.SERVER)

    def fire_event(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Tell those who listen.

        Where nobody does, Spyne's own makes a ring of lists for each event all the same.
        """
        managers = [self.app.event_manager]
        if self.descriptor is not None:
            managers += self.descriptor.event_managers
        for manager in managers:
            if event in manager.handlers:
                manager.fire_event(event, self, *args, **kwargs)

    def copy(self) -> "CallContext":
        """The context itself: Spyne wants one for each operation of a message, and it has one."""
        return self

    def take_apart(self) -> None:
        """Let go now of all that was read and written, which parts of a context hold together."""
        parts: tuple[Any, ...] = (self.inprot_ctx, self.outprot_ctx, self)
        for part in parts:
            vars(part).clear()
