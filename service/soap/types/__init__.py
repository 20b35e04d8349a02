"""The types of the contract as Spyne classes, one file per namespace, mirroring the schemas.

A member that is not nillable is declared with ``Long``, ``Double`` and so on; one that
is, with ``NillableLong``, ``NillableDouble``. Strings, arrays and complex types are
nillable. Nothing here has rules: the schemas are the source, and a test compares.
"""
