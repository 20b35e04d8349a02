"""The spans of a trace: one for each request, and below it one for each statement."""

from collections.abc import Callable, Iterable
from importlib.metadata import version
from multiprocessing.util import Finalize
from threading import local
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Engine, event

from service.domain.errors import INTERNAL_ERROR, SERVICE_BUSY, SERVICE_UNAVAILABLE
from service.domain.recorded import CallRecord

__all__ = ["Tracing"]

NAME = "coupon-billing"
_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_OWN_FAILURES = {it.symbol for it in (INTERNAL_ERROR, SERVICE_BUSY, SERVICE_UNAVAILABLE)}
"""The outcomes that are the service's failure, and no answer to what was asked."""


class Tracing:
    """Makes spans, and sends them in the background.

    Args:
        engine: Whose statements are traced.
    """

    def __init__(self, engine: Engine) -> None:
        own = Resource.create({"service.name": NAME, "service.version": version(NAME)})
        # What the variables of OpenTelemetry say wins.
        provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        # However the process ends, but by force: also where it was forked.
        Finalize(provider, provider.shutdown, exitpriority=90)
        self._tracer = provider.get_tracer(NAME)
        self._propagator = TraceContextTextMapPropagator()
        self._thread = local()
        event.listen(engine, "before_cursor_execute", self._begin_statement)
        event.listen(engine, "after_cursor_execute", self._end_statement)

    def traced(self, application: _Application) -> _Application:
        """The application, with a span for each request, below that of the caller if it has one."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            given = {
                name: environ.get(f"HTTP_{name.upper()}", "") for name in self._propagator.fields
            }
            with self._tracer.start_as_current_span(
                f"{environ['REQUEST_METHOD']} {environ.get('SCRIPT_NAME', '')}",
                context=self._propagator.extract(given),
                kind=SpanKind.SERVER,
                attributes={"http.request.method": environ["REQUEST_METHOD"]},
            ):
                try:
                    return application(environ, start_response)
                finally:
                    self._give_up_statement()

        return answer

    def note_call(self, record: CallRecord) -> None:
        """Say of the span of this thread which call it was, and how it ended."""
        span = get_current_span()
        span.update_name(record.operation or record.contract)
        attributes = {
            "rpc.system": "soap",
            "rpc.service": record.contract,
            "rpc.method": record.operation,
            "http.response.status_code": record.http_status,
            "coupon_billing.tracking_id": record.tracking_id,
            "coupon_billing.outcome": record.outcome,
            "coupon_billing.user_id": record.user_id,
            "coupon_billing.replayed": record.is_replay,
        }
        span.set_attributes({name: it for name, it in attributes.items() if it is not None})
        if record.outcome in _OWN_FAILURES:
            span.set_status(StatusCode.ERROR, record.outcome)

    def _begin_statement(
        self, connection: Any, _cursor: Any, statement: str, *_others: Any
    ) -> None:
        self._give_up_statement()
        # What is not part of a request, such as the journal's own statements, has no trace.
        if get_current_span().is_recording():
            operation = statement.split(None, 1)[0]
            self._thread.statement = self._tracer.start_span(
                operation,
                kind=SpanKind.CLIENT,
                attributes={
                    "db.system.name": connection.dialect.name,
                    "db.operation.name": operation,
                    # Never with its parameters, which are codes and addresses.
                    "db.query.text": statement,
                },
            )

    def _end_statement(self, *_event: Any) -> None:
        span: Span | None = getattr(self._thread, "statement", None)
        if span is not None:
            span.end()
            self._thread.statement = None

    def _give_up_statement(self) -> None:
        """End a span that is open still: its statement has failed, which is told to nobody."""
        span: Span | None = getattr(self._thread, "statement", None)
        if span is not None:
            span.set_status(StatusCode.ERROR)
            self._end_statement()
