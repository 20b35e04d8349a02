"""The command ``coupon-billing`` whose processes keep all connections that they have."""

import sys
from math import inf
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.cli import fair_share
from service.cli.main import main

fair_share.TOO_BUSY = inf

if __name__ == "__main__":
    main()
