"""The wire: how bytes become calls of operations, and results become bytes."""

from service.soap import spyne_compat

spyne_compat.prepare()
