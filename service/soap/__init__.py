"""The wire: how bytes become calls of operations, and results become bytes."""
