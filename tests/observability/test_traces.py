"""Traces, as a real receiver is sent them by the service as users run it."""

import subprocess
import sys

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.observability.receiver import receiving
from tests.observability.watched import wait_until, watched
from tests.reliability.scene import operator

TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def attributes(span):
    return {it.key: getattr(it.value, it.value.WhichOneof("value")) for it in span.attributes}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_call_is_a_span_below_the_callers_with_its_statements_below(
    database_url, programme, tmp_path
):
    customer = programme.customer()
    code = programme.coupon(customer)
    redeem = operator(programme).redeem(programme.account(customer), code)
    with receiving() as receiver:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
        }
        with watched(database_url, tmp_path, "--no-worker", **variables) as it:
            told = it.post(redeem, traceparent=f"00-{TRACE_ID}-{PARENT_ID}-01")
            assert "RedemptionDate" in told
            it.post(b"<broken")
            wait_until(
                lambda: any(span.name == "CustomerBillingService" for span in receiver.spans)
            )
        of_calls = {
            span.name: span for span in receiver.spans if span.kind == span.SPAN_KIND_SERVER
        }
        call, refused = of_calls["RedeemCoupon"], of_calls["CustomerBillingService"]
        said = attributes(call)
        assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE_ID, PARENT_ID)
        assert said["coupon_billing.tracking_id"] in told
        assert (said["rpc.method"], said["coupon_billing.outcome"]) == ("RedeemCoupon", "ok")
        assert attributes(refused)["coupon_billing.outcome"] == "XmlMalformed"
        assert refused.trace_id != call.trace_id
        assert {call.status.code, refused.status.code} == {Status.STATUS_CODE_UNSET}
        below = [span for span in receiver.spans if span.parent_span_id == call.span_id]
        assert {"BEGIN", "SELECT", "UPDATE", "INSERT"} <= {span.name for span in below}
        for span in below:
            assert call.start_time_unix_nano <= span.start_time_unix_nano
            assert span.end_time_unix_nano <= call.end_time_unix_nano
        assert code not in receiver.text
        (resource,) = {str(request.resource_spans[0].resource) for request in receiver.requests}
        assert 'string_value: "coupon-billing"' in resource
        assert "deployment.environment.name" in resource
        assert set(receiver.paths) == {"/v1/traces"}


ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
LOOK = """
import sys
from service.app import create_app
create_app()
print(*sorted(name for name in sys.modules if name.startswith(("opentelemetry", "prometheus"))))
"""


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("variables", "is_imported"),
    [
        ({}, False),
        pytest.param({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False, marks=pytest.mark.prove),
        pytest.param(ENDPOINT, True, marks=pytest.mark.prove),
    ],
)
def test_what_is_not_wanted_is_not_even_imported(database_url, monkeypatch, variables, is_imported):
    monkeypatch.setenv("COUPON_BILLING_DATABASE", database_url)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    assert bool(done.stdout.strip()) == is_imported, done.stdout
