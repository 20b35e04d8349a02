"""The largest whole numbers."""

INT_MAX = 2**31 - 1
"""The largest ``int`` of the contract, and of a column of that size."""
ID_MAX = 2**63 - 1
"""The largest number that a database gives to anything."""
