"""``secret rotate``."""

from datetime import datetime

from service.operations.signing_secrets import SETTLING


def test_a_secret_is_rotated(run, url):
    first, second = (run("secret rotate --json").json for _ in range(2))
    assert [first["number"], second["number"]] == [1, 2]
    signs_from = datetime.fromisoformat(second["signs_from"].replace("Z", "+00:00"))
    assert signs_from - datetime.now(signs_from.tzinfo) < SETTLING


def test_a_secret_of_the_settings_is_changed_there(run, url, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_CONSOLE_SECRET", "x" * 32)
    refused = run("secret rotate --json", exit_code=1)
    assert refused.json["error"]["symbol"] == "SecretIsSetting"
