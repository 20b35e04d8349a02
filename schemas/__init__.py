"""The XML schemas of every message, one file per namespace."""
