"""Tokens of an issuer: which are taken, which are refused, and what happens when it is away."""

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from service.domain.errors import INVALID_CREDENTIALS, ISSUER_UNAVAILABLE
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.identity import issuer_documents, issuer_keys
from service.identity.bearer import CLOCKS_APART_S, IssuerTokens, issuer_tokens
from service.identity.issuer_documents import DocumentUnusableError, KeysById, fetch_keys
from service.identity.issuer_keys import IssuerKeys
from tests.identity.issuer import AUDIENCE, Issuer, ec_key, now, rsa_key, serving_issuer
from tests.ports import free_port

RSA, OTHER_RSA = rsa_key("rsa"), rsa_key("other")
EC = ec_key("ec")
TIMEOUT_S, SHORT_S = 60.0, 0.5
# Every process that runs tests gives them the same names: none has the time of now.
IN_2106 = 2**32


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serving_issuer(RSA) as issuer:
        yield issuer


@pytest.fixture
def verify(issuer: Issuer) -> IssuerTokens:
    """Verifies its tokens, and finds its keys by discovery."""
    return verifier(issuer.url)


def verifier(url: str, jwks_url: str | None = None, timeout_s: float = TIMEOUT_S) -> IssuerTokens:
    return issuer_tokens(url, jwks_url, audience=AUDIENCE, user_claim="sub", timeout_s=timeout_s)


def refusal(verify: IssuerTokens, token: str, at: datetime | None = None) -> tuple[str, str]:
    with pytest.raises(ServiceError) as refused:
        verify(token, at or now())
    return refused.value.row.symbol, refused.value.details


WRONG = (INVALID_CREDENTIALS.symbol, "")
UNAVAILABLE = (ISSUER_UNAVAILABLE.symbol, "")


# What a token says.


def test_a_good_token_names_its_user_and_its_end(issuer: Issuer, verify: IssuerTokens) -> None:
    token = issuer.token()
    bearer = verify(token, now())
    assert bearer.user_name == "kim"
    end = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["exp"]
    assert bearer.ends_at == datetime.fromtimestamp(end, timezone.utc)
    assert verify(issuer.token(aud=["another", AUDIENCE]), now()).user_name == "kim"


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_every_way_to_sign_with_rsa(issuer: Issuer, verify: IssuerTokens, alg: str) -> None:
    assert verify(issuer.token(alg=alg), now()).user_name == "kim"


@pytest.mark.parametrize(
    ("alg", "curve"), [("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521")]
)
def test_every_way_to_sign_with_curves(
    issuer: Issuer, verify: IssuerTokens, alg: str, curve: str
) -> None:
    issuer.rotate(ec_key("curved", curve))
    assert verify(issuer.token(alg=alg), now()).user_name == "kim"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "urn:another"},
        {"aud": []},
        {"aud": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 10**30},
        {"nbf": IN_2106},
        {"iat": IN_2106},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": ["kim"]},
        {"sub": "kim\0"},
        {"sub": "k" * 256},
        {"sub": "k" * 10_000},
    ],
    ids=lambda it: ascii(it)[:20],
)
def test_a_token_that_says_something_else_is_refused(
    issuer: Issuer, verify: IssuerTokens, changes: dict[str, Any]
) -> None:
    assert refusal(verify, issuer.token(**changes)) == WRONG


def test_a_token_ends_at_its_instant(issuer: Issuer, verify: IssuerTokens) -> None:
    end = now().replace(microsecond=0) + timedelta(minutes=1)
    token = issuer.token(exp=int(end.timestamp()))
    assert verify(token, end - timedelta(microseconds=1)).ends_at == end
    for at in (end, end + timedelta(microseconds=1), end + timedelta(days=1)):
        assert refusal(verify, token, at) == (WRONG[0], "the token has expired")


def test_only_who_is_right_in_all_else_is_told_that_it_has_expired(
    issuer: Issuer, verify: IssuerTokens
) -> None:
    old = {"exp": int(time.time()) - 60}
    assert refusal(verify, issuer.token(aud="urn:another", **old)) == WRONG
    assert refusal(verify, issuer.token(OTHER_RSA, kid="rsa", **old)) == WRONG


def test_the_issuers_clock_may_be_a_little_fast(issuer: Issuer, verify: IssuerTokens) -> None:
    at = now().replace(microsecond=0)
    second = int(at.timestamp())
    assert verify(issuer.token(nbf=second + CLOCKS_APART_S, iat=second), at)
    assert refusal(verify, issuer.token(nbf=second + CLOCKS_APART_S + 1, iat=second), at) == WRONG


# Who signed it.


def test_what_another_key_signed_is_refused(issuer: Issuer, verify: IssuerTokens) -> None:
    assert refusal(verify, issuer.token(OTHER_RSA, kid="rsa")) == WRONG
    assert refusal(verify, issuer.token(EC, kid="rsa")) == WRONG
    assert refusal(verify, issuer.token(OTHER_RSA, kid="nobody's")) == WRONG


def unsigned(issuer: Issuer, **header: Any) -> str:
    parts = ({"alg": "none", "typ": "JWT", **header}, issuer.claims())
    texts = [base64.urlsafe_b64encode(json.dumps(it).encode()).rstrip(b"=") for it in parts]
    return b".".join([*texts, b""]).decode()


def test_a_token_that_nobody_signed_is_refused(issuer: Issuer, verify: IssuerTokens) -> None:
    for header in ({}, {"kid": "rsa"}, {"alg": "NONE"}, {"alg": None}, {"alg": ["RS256"]}):
        assert refusal(verify, unsigned(issuer, **header)) == WRONG


def test_the_public_key_is_no_secret_to_sign_with(issuer: Issuer, verify: IssuerTokens) -> None:
    """The oldest trick: the public key as the secret of a symmetric signature."""
    for public in (RSA.as_pem(private=False), RSA.as_der(private=False)):
        secret = OctKey.import_key(base64.urlsafe_b64encode(public).decode())
        forged = jwt.encode({"alg": "HS256", "kid": "rsa"}, issuer.claims(), secret, ["HS256"])
        assert refusal(verify, forged) == WRONG


def test_a_secret_in_the_document_signs_nothing(issuer: Issuer, verify: IssuerTokens) -> None:
    secret = OctKey.generate_key(256, {"kid": "shared"})
    issuer.keys.append(secret.as_dict(private=True))
    forged = jwt.encode({"alg": "HS256", "kid": "shared"}, issuer.claims(), secret, ["HS256"])
    assert refusal(verify, forged) == WRONG
    assert verify(issuer.token(), now())


def test_a_key_that_the_token_brings_is_not_looked_at(issuer: Issuer, verify: IssuerTokens) -> None:
    own = {"jwk": OTHER_RSA.as_dict(private=False), "jku": issuer.url + "/mine"}
    header = {"alg": "RS256", "kid": "rsa", **own}
    forged = jwt.encode(header, issuer.claims(), OTHER_RSA, ["RS256"])
    assert refusal(verify, forged) == WRONG
    assert "/mine" not in issuer.asked


def test_a_header_that_is_critical_must_be_known(issuer: Issuer, verify: IssuerTokens) -> None:
    odd = {"alg": "RS256", "kid": "rsa", "http://odd.example": True}
    assert verify(_signed(odd, issuer), now())
    assert refusal(verify, _signed({**odd, "crit": ["http://odd.example"]}, issuer)) == WRONG


def test_half_a_character_is_in_no_name(issuer: Issuer, verify: IssuerTokens) -> None:
    token = _signed({"alg": "RS256"}, issuer, sub="kim\ud800")
    assert refusal(verify, token) == WRONG


def _signed(header: dict[str, Any], issuer: Issuer, **changes: Any) -> str:
    """Sign by hand, what the library refuses to."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    texts = [
        base64.urlsafe_b64encode(json.dumps(it).encode()).rstrip(b"=")
        for it in (header, issuer.claims(**changes))
    ]
    signed = b".".join(texts)
    signature = RSA.private_key.sign(signed, padding.PKCS1v15(), SHA256())
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_a_key_is_for_what_the_issuer_says(issuer: Issuer, verify: IssuerTokens) -> None:
    for more in ({"use": "enc"}, {"alg": "RS512"}):
        issuer.keys = [{**RSA.as_dict(private=False), **more}]
        assert refusal(verifier(issuer.url), issuer.token()) == WRONG


def test_odd_keys_do_not_make_the_others_useless(issuer: Issuer, verify: IssuerTokens) -> None:
    odd: list[Any] = [{"kty": "AKP", "kid": "new"}, {"kty": "RSA", "kid": "torn", "n": "!"}, 7, {}]
    issuer.keys = [*odd, *issuer.keys]
    assert verify(issuer.token(), now())


def test_a_token_may_leave_its_key_out_where_there_is_one(issuer: Issuer) -> None:
    assert verifier(issuer.url)(issuer.token(kid=None), now())
    issuer.rotate(OTHER_RSA, keep=True)
    assert refusal(verifier(issuer.url), issuer.token(kid=None)) == WRONG


PARTS = st.one_of(
    st.binary(max_size=60).map(lambda it: base64.urlsafe_b64encode(it).decode()),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists)
    .flatmap(lambda it: st.fixed_dictionaries({"alg": st.sampled_from(["RS256", "HS256", it])}))
    .map(lambda it: base64.urlsafe_b64encode(json.dumps(it).encode()).decode().rstrip("=")),
    st.text(max_size=20),
)


@pytest.fixture(scope="module")
def quiet() -> IssuerTokens:
    """Knows one key, and asks nobody."""
    return IssuerTokens(
        "https://issuer.example", AUDIENCE, "sub", IssuerKeys(lambda: {"rsa": RSA}, TIMEOUT_S)
    )


@given(parts=st.tuples(PARTS, PARTS, PARTS))
def test_whatever_a_stranger_writes_is_refused(
    quiet: IssuerTokens, parts: tuple[str, str, str]
) -> None:
    assert refusal(quiet, ".".join(parts)) == WRONG


def test_a_long_token_is_not_read(verify: IssuerTokens, issuer: Issuer) -> None:
    assert refusal(verify, issuer.token(more="x" * 20_000)) == WRONG
    nested = base64.urlsafe_b64encode(b'{"alg":"RS256","x":' + b"[" * 9_000).decode()
    assert refusal(verify, f"{nested}.e30.e30") == WRONG


# The issuer's keys.


def test_a_known_key_is_not_asked_for_again(issuer: Issuer, verify: IssuerTokens) -> None:
    for _ in range(3):
        verify(issuer.token(), now())
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_the_keys_may_be_elsewhere(issuer: Issuer) -> None:
    verify = verifier("https://issuer.example", issuer.url + "/keys")
    assert verify(issuer.token(iss="https://issuer.example"), now())
    assert issuer.asked == ["/keys"]


class Ticks:
    """A clock that is told how late it is, in seconds."""

    s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def timed(issuer: Issuer, ticks: Ticks) -> IssuerTokens:
    """Verifies tokens by a clock of the test's own, as far as keys are concerned."""
    keys = IssuerKeys(lambda: fetch_keys(issuer.url, None, TIMEOUT_S), TIMEOUT_S, ticks)
    return IssuerTokens(issuer.url, AUDIENCE, "sub", keys)


def test_a_new_key_is_asked_for_but_not_too_often(
    issuer: Issuer, timed: IssuerTokens, ticks: Ticks
) -> None:
    timed(issuer.token(), now())
    issuer.rotate(EC, keep=True)
    ticks.s = issuer_keys.REFETCH_S - 0.1
    assert refusal(timed, issuer.token()) == WRONG
    ticks.s = issuer_keys.REFETCH_S
    assert timed(issuer.token(), now()).user_name == "kim"
    for _ in range(5):
        assert refusal(timed, issuer.token(OTHER_RSA)) == WRONG
    assert issuer.asked.count("/keys") == 2


def test_an_answer_that_comes_just_too_late_says_of_no_key_that_there_is_none() -> None:
    is_given_up, is_asked = Event(), Event()

    def fetch() -> KeysById:
        is_given_up.wait()
        return {"rsa": RSA}

    class Answering(dict[str | None, Any]):
        """No keys, until somebody has looked for one after waiting in vain."""

        def get(self, key_id: str | None, default: object = None) -> object:
            if is_asked.is_set():
                is_given_up.set()
                keys._answered.wait()
            is_asked.set()
            return default

    keys = IssuerKeys(fetch, timeout_s=0.01)
    keys._keys = Answering()
    with pytest.raises(ServiceTroubleError):
        keys.find("rsa")
    assert keys.find("rsa") is RSA


def test_a_key_that_is_withdrawn_is_taken_no_more(
    issuer: Issuer, timed: IssuerTokens, ticks: Ticks
) -> None:
    old = issuer.token()
    timed(old, now())
    issuer.rotate(EC)
    ticks.s = issuer_keys.KEYS_AGE_MAX_S
    timed(old, now())  # asks, and does not wait for the answer
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline and issuer.asked.count("/keys") < 2:
        time.sleep(0.01)
    assert timed(issuer.token(), now()).user_name == "kim"
    assert refusal(timed, old) == WRONG


def away(handler: Any) -> None:
    raise ConnectionResetError


def test_known_keys_go_on_while_the_issuer_is_away(
    issuer: Issuer, timed: IssuerTokens, ticks: Ticks
) -> None:
    good = issuer.token()
    timed(good, now())
    issuer.before = away
    for hour in range(1, 4):
        ticks.s = 3600.0 * hour
        assert timed(good, now()).user_name == "kim"
    ticks.s += issuer_keys.REFETCH_S
    assert refusal(timed, issuer.token(OTHER_RSA)) == UNAVAILABLE
    issuer.before = lambda _handler: None
    ticks.s += issuer_keys.REFETCH_S
    assert refusal(timed, issuer.token(OTHER_RSA)) == WRONG


def test_an_issuer_that_is_not_there() -> None:
    verify = verifier(f"http://127.0.0.1:{free_port()}")
    with serving_issuer(RSA) as elsewhere:
        assert refusal(verify, elsewhere.token()) == UNAVAILABLE


def test_nobody_waits_longer_than_allowed(issuer: Issuer) -> None:
    verify = verifier(issuer.url, timeout_s=SHORT_S)
    is_over = Event()

    def drip(handler: Any) -> None:
        """Send a byte now and then: never silent, never done."""
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
        while not is_over.wait(0.05):
            handler.wfile.write(b"X")
            handler.wfile.flush()

    issuer.before = drip

    def time_s(_number: int) -> float:
        begun = time.monotonic()
        assert refusal(verify, issuer.token()) == UNAVAILABLE
        return time.monotonic() - begun

    try:
        with ThreadPoolExecutor(8) as threads:
            times = list(threads.map(time_s, range(8)))
        assert max(times) < 10
        assert len(issuer.asked) == 1
        # And later nobody waits at all.
        assert time_s(0) < SHORT_S
    finally:
        is_over.set()


BAD_ANSWERS: dict[str, Callable[[Issuer], object]] = {
    "another issuer": lambda it: it.discovery.update(issuer="https://another.example"),
    "no address": lambda it: it.discovery.pop("jwks_uri"),
    "an address of another kind": lambda it: it.discovery.update(jwks_uri="file:///etc/passwd"),
    "no such page": lambda it: it.discovery.update(jwks_uri=it.url + "/nothing"),
    "no list": lambda it: setattr(it, "keys", {"a": 1}),
    "too much": lambda it: setattr(it, "keys", ["x" * issuer_documents.DOCUMENT_BYTES_MAX]),
}


@pytest.mark.parametrize("spoil", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_documents_that_are_of_no_use(issuer: Issuer, spoil: Callable[[Issuer], object]) -> None:
    spoil(issuer)
    with pytest.raises(DocumentUnusableError):
        fetch_keys(issuer.url, None, TIMEOUT_S)


def test_an_issuer_sends_nobody_elsewhere(issuer: Issuer) -> None:
    def redirect(handler: Any) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://169.254.169.254/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        raise ConnectionResetError

    issuer.before = redirect
    with pytest.raises(DocumentUnusableError, match="HTTPError"):
        fetch_keys(issuer.url, None, TIMEOUT_S)


def test_what_is_no_http_is_no_document() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with ThreadPoolExecutor(1) as threads:
            asked = threads.submit(fetch_keys, url, url + "/keys", TIMEOUT_S)
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n")
            with pytest.raises(DocumentUnusableError):
                asked.result(TIMEOUT_S)
