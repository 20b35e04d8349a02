"""What a request costs in CPU time, against Spyne as it comes."""

from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.machine import machine
from benchmarks.own_service import Programme, start_programme
from benchmarks.stock_spyne import stock_application
from benchmarks.timing import Cost, measure
from benchmarks.wsgi_client import SoapClient, client_of, envelope, search_content
from service.addresses import CUSTOMER_BILLING_PATH
from service.domain.instants import NO_END

PAGE_SIZES = (1, 10, 100)


def requests_table(rounds: int) -> Iterator[str]:
    """The lines of the table, each as soon as it is known."""
    yield f"CPU time per request in process, {rounds} interleaved rounds, {machine()}."
    yield ""
    yield "| request | service, least (median) ms | stock Spyne, least (median) ms | ratio |"
    yield "|---|---|---|---|"
    with (
        TemporaryDirectory() as folder,
        # The service writes its log, which is part of what a request costs.
        Path(folder, "log").open("w", buffering=1, encoding="utf-8") as log,
        redirect_stderr(log),
    ):
        for name, contenders in _requests(start_programme(Path(folder))):
            costs = measure(contenders, rounds)
            own, stock = costs["service"], costs["stock"]
            ratio = stock.median_ms / own.median_ms
            yield f"| {name} | {_cell(own)} | {_cell(stock)} | {ratio:.1f} |"


def _requests(programme: Programme) -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    own = client_of(programme.application, CUSTOMER_BILLING_PATH)
    for size in PAGE_SIZES:
        stock = client_of(stock_application(programme.page[:size], NO_END), CUSTOMER_BILLING_PATH)
        yield (
            f"SearchCoupons, page of {size}",
            {
                "service": _sender(own, _search(programme, size)),
                "stock": _sender(stock, _search(programme, size)),
            },
        )
    stock = client_of(stock_application([], NO_END), CUSTOMER_BILLING_PATH)
    code = programme.page[0].coupon_code
    yield (
        "RedeemCoupon, repeated",
        {
            "service": _sender(own, _redeem(programme, code)),
            "stock": _sender(stock, _redeem(programme, code)),
        },
    )


def _sender(send: SoapClient, body: bytes) -> Callable[[], object]:
    return lambda: send(body)


def _search(programme: Programme, size: int) -> bytes:
    content = search_content(programme.keys.customer_id, 0, size)
    return envelope("SearchCoupons", content, programme.header)


def _redeem(programme: Programme, code: str) -> bytes:
    content = f"<AccountId>{programme.keys.account_id}</AccountId><CouponCode>{code}</CouponCode>"
    return envelope("RedeemCoupon", content, programme.header)


def _cell(cost: Cost) -> str:
    return f"{cost.least_ms:.3f} ({cost.median_ms:.3f})"
