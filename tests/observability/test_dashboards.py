"""Dashboard and alert rules ask for metrics, labels and outcomes that there are, and no others.

What ``/metrics`` really has is the table: ``test_metrics.py`` compares the two.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from service.domain.error_catalogue import CATALOGUE
from service.domain.jobs import JobKind, JobStatus
from service.domain.mail import MessageState
from service.metrics.table import METRICS, Kind
from service.soap.refusals import REFUSALS

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "coupon-billing.json").read_text(encoding="utf-8"))
RULES_FILE = DEPLOY / "prometheus" / "alerts.yml"
RULES = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"][0]["rules"]

BY_PROMETHEUS = {"instance", "job", "le"}
VALUES = {
    "outcome": {"ok", *(row.symbol for row in (*CATALOGUE, *REFUSALS))},
    "reason": {row.symbol for row in REFUSALS},
    "status": {status.value for status in JobStatus},
    "kind": {kind.value for kind in JobKind},
    "state": {state.value for state in MessageState},
    "operation": {"none"},
}
"""What the labels can be that have few values."""
LABELS = {
    row.name + suffix: {*row.labels, *BY_PROMETHEUS}
    for row in METRICS
    for suffix in (("_bucket", "_sum", "_count") if row.kind is Kind.HISTOGRAM else ("",))
} | {"up": BY_PROMETHEUS}

_SELECTOR = re.compile(r"\b(coupon_billing_\w+|up(?=\{))(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|without) \(([^)]*)\)")


def panels() -> Iterator[dict]:
    return (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


def queries() -> list[str]:
    """Every query of the dashboard and of the rules."""
    of_panels = [target["expr"] for panel in panels() for target in panel["targets"]]
    of_lists = [it["query"]["query"] for it in DASHBOARD["templating"]["list"][1:]]
    return [*of_panels, *of_lists, *(rule["expr"] for rule in RULES)]


def wrong_in(query: str) -> list[str]:
    """What a query asks for that there is not."""
    wrong = []
    asked: set[str] = set()
    for name, matchers in _SELECTOR.findall(query):
        there = LABELS.get(name)
        if there is None:
            wrong.append(name)
            continue
        asked |= there
        for label, values in _MATCHER.findall(matchers):
            known = VALUES.get(label, set(values.split("|")))
            wrong += [label] if label not in there else [*({*values.split("|")} - known)]
    grouped = {it.strip() for labels in _GROUPING.findall(query) for it in labels.split(",")}
    return wrong + sorted(grouped - asked)


@pytest.mark.parametrize("query", queries())
def test_what_is_asked_for_is_there(query):
    assert _SELECTOR.search(query)
    assert wrong_in(query) == []


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("rate(coupon_billing_call_total[5m])", ["coupon_billing_call_total"]),
        ("coupon_billing_call_duration_seconds", ["coupon_billing_call_duration_seconds"]),
        ('coupon_billing_calls_total{result="ok"}', ["result"]),
        ('coupon_billing_calls_total{outcome=~"ok|Broken"}', ["Broken"]),
        ("sum by (page) (coupon_billing_calls_total)", ["page"]),
    ],
)
def test_what_is_not_there_is_noticed(query, wrong):
    assert wrong_in(query) == wrong


def test_every_metric_is_shown_or_watched():
    asked = {name for query in queries() for name, _ in _SELECTOR.findall(query)}
    assert {
        row.name
        for row in METRICS
        if not {row.name, f"{row.name}_bucket", f"{row.name}_sum"} & asked
    } == set()


def test_panels_stand_apart_and_say_what_they_are():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken
        assert max(column for column, _ in cells) < 24
        taken |= cells
    assert all(panel["title"] and panel["fieldConfig"]["defaults"]["unit"] for panel in panels())
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_every_rule_says_what_to_do():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert {"summary", "advice"} == rule["annotations"].keys()
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        grouping = _GROUPING.findall(rule["expr"])
        kept = {it.strip() for labels in grouping for it in labels.split(",")}
        assert named <= (kept or {"instance"})


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_rules_and_fires_when_it_should():
    fires = Path(__file__).with_name("alerts_test.yml")
    for words in (["check", "rules", RULES_FILE], ["test", "rules", fires]):
        subprocess.run(["promtool", *words], check=True)
