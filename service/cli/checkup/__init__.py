"""What ``doctor`` looks at: one small function for each thing that can be wrong.

To add one, write a function that takes an ``Installation`` and answers what is wrong with it,
give it a row in ``table.CHECKS``, and a real broken thing in ``tests/cli/breakages.py``.
"""
