"""``python -m service.cli`` is the command ``coupon-billing``."""

from service.cli.main import main

main()
