"""What is recorded of each call, and the line that the log has of it."""

from datetime import datetime, timezone

from service.domain.recorded import CallRecord
from service.soap.call_context import CallContext
from service.soap.exchange import Exchange
from service.soap.faults import WireFault

__all__ = ["call_line", "call_record"]


def call_record(
    ctx: CallContext,
    contract_name: str,
    http_status: int,
    duration_s: float,
    response_bytes_count: int,
) -> CallRecord:
    """Who called what, how it ended and what it cost; nothing of what was said."""
    exchange: Exchange = ctx.udc
    fault: WireFault | None = ctx.out_error
    return CallRecord(
        exchange.tracking_id,
        datetime.now(timezone.utc),
        contract_name,
        ctx.descriptor.operation_name if ctx.descriptor else None,
        exchange.user_id,
        fault.symbol if fault else "ok",
        fault.error.row.code if fault and fault.error else None,
        int(http_status),
        duration_s * 1000,
        exchange.body.bytes_count,
        response_bytes_count,
        exchange.is_replay,
    )


def call_line(record: CallRecord) -> str:
    """Tell a call in JSON.

    It is put together by hand: what makes JSON of anything takes a tenth of the time of a
    small call. Every text in it is a name of our own or a GUID, and has nothing to escape.
    """
    operation = "null" if record.operation is None else f'"{record.operation}"'
    user_id = "null" if record.user_id is None else record.user_id
    code = "null" if record.code is None else record.code
    is_replay = "true" if record.is_replay else "false"
    now = record.at.isoformat().removesuffix("+00:00")
    return (
        f'{{"event": "call", "tracking_id": "{record.tracking_id}", "operation": {operation},'
        f' "user_id": {user_id}, "outcome": "{record.outcome}", "code": {code},'
        f' "replayed": {is_replay},'
        f' "http_status": {record.http_status}, "duration_ms": {record.duration_ms:.3f},'
        f' "request_bytes": {record.request_bytes},'
        f' "response_bytes": {record.response_bytes}, "level": "info", "timestamp": "{now}Z"}}'
    )
