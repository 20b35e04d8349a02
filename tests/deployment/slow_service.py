"""The command ``coupon-billing`` whose workers take long to start, as on a slow machine."""

import sys
from pathlib import Path
from time import sleep

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.cli import serving_process
from service.cli.main import main

START_S = 5
create_app = serving_process.create_app_for_parent


def create_app_slowly(share):
    sleep(START_S)
    return create_app(share)


serving_process.create_app_for_parent = create_app_slowly

if __name__ == "__main__":
    main()
