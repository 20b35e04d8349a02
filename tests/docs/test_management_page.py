"""The page about the coupon management service: its table is whole, its snippet runs."""

import re
from pathlib import Path

import zeep

from service.addresses import COUPON_MANAGEMENT_PATH
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS
from tests.clients.server import running

PAGE = (Path(__file__).parents[2] / "docs" / "management.md").read_text(encoding="utf-8")


def test_the_table_has_every_operation() -> None:
    names = re.findall(r"^\| (\w+)(?: \*)? \|", PAGE, re.MULTILINE)
    assert names == ["operation", *MANAGEMENT_OPERATIONS]
    assert COUPON_MANAGEMENT_PATH in PAGE


def test_the_snippet_mints(tmp_path: Path, databases) -> None:
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
        assert server.trouble() == []
