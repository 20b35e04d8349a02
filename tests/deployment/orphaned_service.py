"""The command ``coupon-billing`` whose processes take no notice of their parent's end."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.cli import serving_process, worker
from service.cli.main import main

# In each process of the service, whether that was forked or started anew.
serving_process.when_parent_ends = worker.when_parent_ends = lambda _: None

if __name__ == "__main__":
    main()
