"""Rounds in which many processes want the same thing at once, over HTTP.

Each answers what was wrong in it, and nothing when everything was right.
"""

import socket
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from http.client import HTTPResponse

from service.domain.terms import CouponType
from service.storage.discount_tables import coupon_instance, parent_coupon
from service.storage.tables import audit, coupon, outbox, redemption
from tests.operations.simple_coupons import new_coupon
from tests.reliability.crowd import HEADERS
from tests.reliability.envelopes import DONE, outcome
from tests.reliability.fixtures import MEMBERS_COUNT
from tests.reliability.proofs import (
    LAST_BATCHES,
    LAST_CLAIMS,
    LAST_COUPONS,
    ONE_ACQUISITION,
    ONE_CODE,
    ONE_OF_A_FEATURE,
    ONE_PACKET,
    OPPOSITE_ORDER,
    Proof,
)
from tests.reliability.scene import Scene

LIMITS = (2, 3, 10, 63, 64)
PACKETS_COUNT = 30
DISPATCHERS_COUNT = 16
BATCH_COUNT = 8
LAST_COUNT = 100
FEATURE = 7
PAIRS_COUNT = 8
WAIT_S_MAX = 3
CLAIMS_COUNT = 10

Rush = Callable[[Scene], str]


def one_code(scene: Scene) -> str:
    """Redeem one code for 64 accounts."""
    return _redeem_one_code(scene, MEMBERS_COUNT, scene.ask)


def one_packet(scene: Scene) -> str:
    """Redeem one code for 30 accounts, in requests whose last byte comes late."""
    return _redeem_one_code(scene, PACKETS_COUNT, lambda bodies: _hold_back(scene, bodies))


def one_acquisition(scene: Scene) -> str:
    """Redeem an Acquisition coupon for each of 64 accounts of one new customer."""
    customer_id = scene.programme.customer()
    name = f"Class of {customer_id}"
    scene.programme.coupon_class(customer_id, name, coupon_type=CouponType.ACQUISITION)
    codes = scene.programme.mint(customer_id, name, MEMBERS_COUNT)
    account_ids = scene.accounts(MEMBERS_COUNT, customer_id)
    pairs = zip(account_ids, codes, strict=True)
    answers = scene.ask([scene.envelopes.redeem(*pair) for pair in pairs])
    redeemed = scene.values(redemption.c.coupon_id, redemption.c.account_id.in_(account_ids))
    return _wrong(answers, {DONE: 1, "AcquisitionNotEligible": MEMBERS_COUNT - 1}) or _wrong_count(
        "redemptions", redeemed, 1
    )


def one_of_a_feature(scene: Scene) -> str:
    """Claim each of 64 coupons of a feature for one account."""
    name = f"Class {scene.next_number()}"
    scene.programme.coupon_class(scene.owner, name, feature_id=FEATURE)
    codes = scene.programme.mint(scene.owner, name, MEMBERS_COUNT)
    (account_id,) = scene.accounts(1)
    answers = scene.ask([scene.envelopes.claim([(account_id, code)]) for code in codes])
    booked = scene.values(coupon.c.coupon_id, coupon.c.claimed_account_id == account_id)
    return _wrong(answers, {DONE: 1, "FeatureAlreadyClaimed": MEMBERS_COUNT - 1}) or _wrong_count(
        "claims", booked, 1
    )


def last_coupons(scene: Scene) -> str:
    """Dispatch one each of the last K coupons from 64 processes, for each K."""
    return "; ".join(
        filter(None, (_dispatch_last(scene, limit, MEMBERS_COUNT, 1) for limit in LIMITS))
    )


def last_batches(scene: Scene) -> str:
    """Dispatch the last 100 coupons from 16 processes, 8 coupons each."""
    return _dispatch_last(scene, LAST_COUNT, DISPATCHERS_COUNT, BATCH_COUNT)


def opposite_order(scene: Scene) -> str:
    """Claim coupons in pairs, each pair in one order by some and in the other by others."""
    name = f"Class {scene.next_number()}"
    scene.programme.coupon_class(scene.owner, name, feature_id=FEATURE)
    codes = scene.programme.mint(scene.owner, name, 2 * PAIRS_COUNT)
    account_ids = scene.accounts(len(codes))
    claims = list(zip(account_ids, codes, strict=True))
    pairs = [claims[place : place + 2] for place in range(0, len(claims), 2)]
    asked = [pair[::step] for pair in pairs for step in (1, -1)] * 4
    bodies = [scene.envelopes.claim(pair) for pair in asked]
    replies = scene.crowd.ask(scene.service.address, bodies)
    booked = scene.values(coupon.c.coupon_id, coupon.c.claimed_account_id.in_(account_ids))
    longest_s = max(reply.waited_s for reply in replies)
    return (
        _wrong([outcome(reply.content) for reply in replies], {DONE: MEMBERS_COUNT})
        or _wrong_count("claims", booked, len(claims))
        or ("" if longest_s <= WAIT_S_MAX else f"a wait of {longest_s:.1f} s")
    )


def last_claims(scene: Scene) -> str:
    """Claim a coupon that 10 subscriptions may have, for 64."""
    code = f"SUMMER{scene.next_number()}"
    new_coupon(scene.programme, scene.owner, coupon_code=code, coupons_max=CLAIMS_COUNT)
    references = scene.subscriptions(MEMBERS_COUNT)
    answers = scene.ask_management([scene.envelopes.apply_coupon(it, code) for it in references])
    (coupon_id,) = scene.values(coupon.c.coupon_id, coupon.c.code == code)
    is_claim = coupon_instance.c.parent_coupon_id == coupon_id
    claims = scene.values(coupon_instance.c.instance_id, is_claim)
    counted = scene.values(parent_coupon.c.claims_count, parent_coupon.c.coupon_id == coupon_id)
    refused_count = MEMBERS_COUNT - CLAIMS_COUNT
    return (
        _wrong(answers, {DONE: CLAIMS_COUNT, "ClaimLimitReached": refused_count})
        or _wrong_count("claims", claims, CLAIMS_COUNT)
        or ("" if counted == [CLAIMS_COUNT] else f"{counted} were counted")
    )


RUSHES: dict[Proof, Rush] = {
    ONE_CODE: one_code,
    LAST_COUPONS: last_coupons,
    LAST_BATCHES: last_batches,
    ONE_ACQUISITION: one_acquisition,
    ONE_OF_A_FEATURE: one_of_a_feature,
    OPPOSITE_ORDER: opposite_order,
    ONE_PACKET: one_packet,
    LAST_CLAIMS: last_claims,
}


def _redeem_one_code(
    scene: Scene, count: int, ask: Callable[[Sequence[bytes]], Sequence[str]]
) -> str:
    code = scene.programme.coupon(scene.owner)
    account_ids = scene.accounts(count)
    answers = ask([scene.envelopes.redeem(account_id, code) for account_id in account_ids])
    (coupon_id,) = scene.values(coupon.c.coupon_id, coupon.c.code == code)
    winner = scene.values(redemption.c.account_id, redemption.c.coupon_id == coupon_id)
    told = [it for it, answer in zip(account_ids, answers, strict=True) if answer == DONE]
    entries = scene.values(
        audit.c.audit_id, (audit.c.action == "redeem") & (audit.c.entity_id == coupon_id)
    )
    return (
        _wrong(answers, {DONE: 1, "CouponAlreadyRedeemed": count - 1})
        or _wrong_count("entries", entries, 1)
        or ("" if told == winner else f"{told} were told what {winner} has")
    )


def _hold_back(scene: Scene, bodies: Sequence[bytes]) -> list[str]:
    """Send requests but for their last bytes, and then these in one go."""
    host, port, path = scene.service.address
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in HEADERS.items()]
    with ExitStack() as stack:
        connections = []
        for body in bodies:
            connection = socket.create_connection((host, port), timeout=60)
            stack.enter_context(connection)
            head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()
            connection.sendall(head + body[:-1])
            connections.append(connection)
        for connection, body in zip(connections, bodies, strict=True):
            connection.send(body[-1:])
        return [_read(connection) for connection in connections]


def _read(connection: socket.socket) -> str:
    with HTTPResponse(connection, method="POST") as response:
        response.begin()
        return outcome(response.read())


def _dispatch_last(scene: Scene, limit: int, callers_count: int, batch_count: int) -> str:
    """Dispatch from a class that has ``limit`` coupons, ``batch_count`` in each request."""
    number = scene.next_number()
    name = f"Class {number}"
    class_id = scene.programme.coupon_class(scene.owner, name)
    scene.programme.mint(scene.owner, name, limit)
    batches = [
        [f"kim{number}.{caller}.{place}@example.com" for place in range(batch_count)]
        for caller in range(callers_count)
    ]
    replies = scene.reply([scene.envelopes.dispatch(it, scene.owner, name) for it in batches])
    unserved = sum(reply.count(b"NoCouponAvailable") for reply in replies)
    symbols = {outcome(reply) for reply in replies} - {DONE, "NoCouponAvailable"}
    sent = scene.values(
        coupon.c.sent_to_email, (coupon.c.class_id == class_id) & coupon.c.sent_at.is_not(None)
    )
    mailed = scene.values(outbox.c.recipient, outbox.c.recipient.like(f"kim{number}.%"))
    served_count = callers_count * batch_count - unserved
    if symbols:
        return f"answers were {symbols}"
    if Counter(mailed) != Counter(sent) or len(set(sent)) != len(sent):
        return f"{len(mailed)} mails for {len(sent)} coupons"
    return "" if served_count == len(sent) == limit else f"{served_count} served with {limit}"


def _wrong(answers: Sequence[str], expected: dict[str, int]) -> str:
    return "" if Counter(answers) == expected else f"answers were {Counter(answers)}"


def _wrong_count(what: str, found: Sequence[object], expected: int) -> str:
    return "" if len(found) == expected else f"{len(found)} {what}"
