"""What is limited within a minute."""

from datetime import timedelta

WINDOW = timedelta(minutes=1)
"""How far back a limit looks: at each moment, at the minute before it."""
FAILURES_PER_MINUTE = 10
"""How many attempts may fail within a minute, where the settings say nothing else."""
