"""The benchmark: ``python -m benchmarks [ROUNDS]`` prints the table of docs/performance.md."""

import logging
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.own_service import Programme, start_programme
from benchmarks.stock_spyne import stock_application
from benchmarks.timing import Cost, measure
from benchmarks.wsgi_client import SoapClient, client_of, envelope
from service.domain.instants import NO_END

ROUNDS = 7
PAGE_SIZES = (1, 10, 100)
PATH = "/Api/Billing/v13/CustomerBillingService.svc"


def main(rounds: int) -> None:
    """Measure and print."""
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory() as folder:
        programme = start_programme(Path(folder))
        print(f"CPU time per request in process, {rounds} interleaved rounds, {_machine()}.\n")
        print("| request | service, least (median) ms | stock Spyne, least (median) ms | ratio |")
        print("|---|---|---|---|")
        for name, contenders in _requests(programme):
            costs = measure(contenders, rounds)
            own, stock = costs["service"], costs["stock"]
            ratio = stock.median_ms / own.median_ms
            print(f"| {name} | {_cell(own)} | {_cell(stock)} | {ratio:.1f} |", flush=True)


def _requests(programme: Programme) -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    own = client_of(programme.application, PATH)
    for size in PAGE_SIZES:
        stock = client_of(stock_application(programme.page[:size], NO_END), PATH)
        yield (
            f"SearchCoupons, page of {size}",
            {
                "service": _sender(own, _search(programme, size)),
                "stock": _sender(stock, _search(programme, size)),
            },
        )
    stock = client_of(stock_application([], NO_END), PATH)
    code = programme.page[0].coupon_code
    yield (
        "RedeemCoupon again (read)",
        {
            "service": _sender(own, _redeem(programme, code)),
            "stock": _sender(stock, _redeem(programme, code)),
        },
    )


def _sender(send: SoapClient, body: bytes) -> Callable[[], object]:
    return lambda: send(body)


def _search(programme: Programme, size: int) -> bytes:
    content = (
        "<Predicates><e:Predicate><e:Field>CustomerId</e:Field><e:Operator>Equals</e:Operator>"
        f"<e:Value>{programme.keys.customer_id}</e:Value></e:Predicate></Predicates>"
        f"<PageInfo><e:Index>0</e:Index><e:Size>{size}</e:Size></PageInfo>"
    )
    return envelope("SearchCoupons", content, programme.header)


def _redeem(programme: Programme, code: str) -> bytes:
    content = f"<AccountId>{programme.keys.account_id}</AccountId><CouponCode>{code}</CouponCode>"
    return envelope("RedeemCoupon", content, programme.header)


def _cell(cost: Cost) -> str:
    return f"{cost.least_ms:.3f} ({cost.median_ms:.3f})"


def _machine() -> str:
    return f"{platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
