"""What ``serve`` needs to speak HTTPS, and settings that only go together."""

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from tests.ports import free_port


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A certificate and its key, which are the settings."""
    issued = trustme.CA().issue_cert("localhost")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    monkeypatch.setenv("COUPON_BILLING_TLS_CERTIFICATE", str(certificate))
    monkeypatch.setenv("COUPON_BILLING_TLS_KEY", str(key))
    return certificate, key


def with_password(certificate, key):
    text = serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    key.write_bytes(text)


def of_another(certificate, key):
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(key)


def no_pem(certificate, key):
    certificate.write_text("no certificate\n")


@pytest.mark.parametrize("spoil", [with_password, of_another, no_pem])
def test_a_certificate_that_cannot_be_used_is_refused(run, url, files, spoil):
    spoil(*files)
    refused = run("serve", "--bind", f"127.0.0.1:{free_port()}", exit_code=1)
    assert "Cannot serve HTTPS." in refused.stderr
    assert str(files[0]) in refused.stderr


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"TLS_KEY": __file__}, "tls_certificate and tls_key are set together"),
        ({"TLS_KEY": "/nowhere", "TLS_CERTIFICATE": "/nowhere"}, "tls_certificate"),
        ({"TRUSTED_PROXIES": "10.0.0.1, proxy.example"}, "trusted_proxies"),
        ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "trusted_proxies"),
        ({"OAUTH_ISSUER": "https://issuer.example"}, "oauth_audience must be set"),
        ({"OAUTH_ISSUER": "http://issuer.example", "OAUTH_AUDIENCE": "us"}, "use https"),
        ({"OAUTH_ISSUER": "issuer", "OAUTH_AUDIENCE": "us"}, "use a url such as"),
        ({"CONSOLE_SECRET_BEFORE": "x" * 32}, "console_secret must be set"),
    ],
)
def test_settings_that_make_no_sense_are_refused(run, monkeypatch, settings, told):
    for name, value in settings.items():
        monkeypatch.setenv(f"COUPON_BILLING_{name}", value)
    refused = run("config", exit_code=2)
    assert told in " ".join(refused.stderr.lower().replace("│", " ").split())


def test_the_settings_are_printed_as_they_are_written(run, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_TRUSTED_PROXIES", " 10.0.0.7,fd00::/8 ,")
    monkeypatch.setenv("COUPON_BILLING_CONSOLE_SECRET", "s" * 32)
    values = {it["name"]: it["value"] for it in run("config --json").json["settings"]}
    assert values["trusted_proxies"] == "10.0.0.7/32, fd00::/8"
    assert "sss" not in str(values)
