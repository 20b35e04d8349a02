"""The console as it is served: several processes of granian that share sessions and counts."""

from pathlib import Path

import httpx
import pytest

from service.domain.roles import Role
from service.operations.users import add_user
from tests.console.server import PASSWORD, sign_in, token
from tests.programme import Programme
from tests.reliability.service_process import serving


@pytest.mark.prove
def test_processes_share_sessions_and_counts(
    programme: Programme, database_url: str, tmp_path: Path
) -> None:
    programme.customer()
    add_user(programme.call(), "Olga", Role.OPERATOR, None, PASSWORD)
    with serving(database_url, tmp_path, WORKERS="3", LOG_LEVEL="info") as service:
        url = f"http://127.0.0.1:{service.port}/console/"
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=url, limits=limits, timeout=30) as client:
            assert sign_in(client, "Olga").status_code == 303
            assert {client.get("settings").status_code for _ in range(30)} == {200}
            assert client.get("static/htmx.min.js").status_code == 200
            form = {"csrf_token": token(client, "customers"), "user_name": "Olga"}
            statuses = [
                client.post("sign-in", data={**form, "password": "wrong"}).status_code
                for _ in range(11)
            ]
            assert statuses == [422] * 10 + [429]
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert log.count('"page": "settings.index"') == 30
    assert PASSWORD not in log
