"""The page about the coupon management service: its table is whole, its snippet runs."""

import re
from pathlib import Path

import pytest
import zeep

from service.addresses import COUPON_MANAGEMENT_PATH
from service.domain.discount_errors import DISCOUNT_INVALID
from service.domain.errors import (
    PATTERN_FULL,
    RESERVATION_LIMIT_UNSUPPORTED,
    USAGE_LIMIT_UNSUPPORTED,
)
from service.domain.jobs import JobStatus
from service.soap.declared import members_of
from service.soap.types.management_entities import CouponCreationJob
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS
from tests.clients.server import running
from tests.docs.blocks import read

PAGE = read("docs/management.md")


def test_the_table_has_every_operation() -> None:
    names = re.findall(r"^\| ([A-Z]\w+)(?: \*)? \|", PAGE, re.MULTILINE)
    assert names == [*MANAGEMENT_OPERATIONS]
    assert COUPON_MANAGEMENT_PATH in PAGE


def test_every_field_of_a_job_is_explained() -> None:
    names = re.findall(r"^\| `([A-Z]\w+)` \|", PAGE, re.MULTILINE)
    assert names == [member.name for member in members_of(CouponCreationJob)]


def test_every_status_of_a_job_is_explained() -> None:
    page = read("docs/jobs.md")
    never = {JobStatus.PENDING_VERIFICATION, JobStatus.NOT_READY}
    table = page.partition("| Status | Meaning |")[2].partition("\n\n")[0]
    explained = set(re.findall(r"^\| `([a-z ]+)` \|", table, re.MULTILINE))
    assert explained == {status.value for status in JobStatus if status not in never}
    assert all(f"`{status.value}`" in page for status in never)


def test_the_numbers_of_errors_are_those_of_the_catalogue() -> None:
    rows = {PATTERN_FULL, USAGE_LIMIT_UNSUPPORTED, RESERVATION_LIMIT_UNSUPPORTED, DISCOUNT_INVALID}
    assert set(re.findall(r"\((9\d{4})\)", PAGE)) == {str(row.code) for row in rows}


@pytest.mark.prove
def test_the_snippet_mints_and_runs_a_job(tmp_path: Path, databases) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    with running(tmp_path, databases.blank()) as server:
        keys = server.first_keys
        filled_in = snippet.replace("127.0.0.1:8080", server.host).replace(
            '{"DeveloperToken": "...", "AuthenticationToken": "..."}',
            repr(
                {
                    "DeveloperToken": keys["developer_token"],
                    "AuthenticationToken": keys["authentication_token"],
                }
            ),
        )
        scope: dict[str, object] = {}
        exec(filled_in, scope)
        client, minted = scope["client"], scope["minted"]
        assert isinstance(client, zeep.Client)
        client.transport.session.close()
        assert len(minted.body.Codes.string) == 100
        job, exported = scope["job"], scope["exported"]
        assert (job.Status, job.CreatedAmount) == ("completed", 25_000)
        assert exported.body.HasMore
        assert len(exported.body.Csv.splitlines()) == 20_001
        assert server.trouble() == []
