"""The worker and a real mail server, well or ill."""

import socket
import ssl
import time
from contextlib import closing
from threading import Event, Thread

import pytest
import trustme

from service.domain.mail import MessageState
from service.jobs.smtp import CONNECTION_MAILS_MAX, Security, SmtpTransport
from tests.mail.server import OK, PASSWORD, USER, MailServer, cut, never, running
from tests.ports import free_port

SENT = MessageState.SENT
QUEUED = MessageState.QUEUED
FAILED = MessageState.FAILED


def test_each_mail_is_taken_once(room, server):
    room.dispatch("anna@example.com", "bela@example.com", "cleo@example.com")
    assert room.send(server) == {SENT: 3}
    assert server.recipients() == ["anna@example.com", "bela@example.com", "cleo@example.com"]
    assert room.states() == ["sent"] * 3
    assert {row["sent_at"] for row in room.rows()} == {room.programme.clock()}
    assert [str(mail["Message-ID"]) for mail in server.taken] == [
        row["mail_id"] for row in room.rows()
    ]
    assert room.send(server) == {}


def test_mails_share_a_connection_up_to_a_bound(room, server):
    room.programme.mint(room.customer_id, count=CONNECTION_MAILS_MAX + 1)
    room.dispatch(*(f"user{i}@example.com" for i in range(CONNECTION_MAILS_MAX + 1)))
    room.send(server)
    assert server.connections_count == 2
    assert len(server.taken) == CONNECTION_MAILS_MAX + 1


def test_a_server_that_is_down_gets_the_mails_later(room, server):
    room.dispatch("anna@example.com", "bela@example.com")
    gone = MailServer(port=free_port())
    # One attempt tells that nobody is there: the other message keeps all of its own.
    assert room.send(gone) == {QUEUED: 1}
    assert [row["attempts_count"] for row in room.rows()] == [1, 0]
    assert "Connection refused" in room.rows()[0]["last_error"]
    room.programme.clock.move(minutes=1)
    assert room.send(server) == {SENT: 2}
    assert [row["last_error"] for row in room.rows()] == [None, None]


def test_a_silent_server_does_not_hold_the_worker(room, server):
    room.dispatch("anna@example.com", "bela@example.com")
    server.on_mail = never
    assert room.send(server, timeout_s=0.5) == {QUEUED: 2}
    assert all("timed out" in row["last_error"] for row in room.rows())
    assert server.connections_count == 2


def test_a_server_that_drips_does_not_hold_the_worker(room):
    """Each byte comes in time, and the greeting never ends."""
    room.dispatch("anna@example.com")
    patience_s = 60
    done = Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        dripping = MailServer(port=listener.getsockname()[1])

        def drip():
            connection, _ = listener.accept()
            with connection:
                while not done.wait(0.05):
                    connection.sendall(b"2")

        thread = Thread(target=drip)
        thread.start()
        began = time.monotonic()
        stop = Thread(target=lambda: done.wait(patience_s) or done.set())
        stop.start()
        try:
            assert room.send(dripping, timeout_s=0.2) == {QUEUED: 1}
            assert time.monotonic() - began < patience_s
        finally:
            done.set()
            stop.join()
            thread.join()


@pytest.mark.parametrize("step", ["on_recipient", "on_mail"])
def test_4xx_is_tried_again(room, server, step):
    room.dispatch("anna@example.com", "bela@example.com")
    replies = iter(["451 try later", OK, OK])

    async def reply(*_):
        return next(replies)

    setattr(server, step, reply)
    assert room.send(server) == {QUEUED: 1, SENT: 1}
    assert "451 try later" in room.rows()[0]["last_error"]
    assert server.connections_count == 1
    room.programme.clock.move(minutes=1)
    assert room.send(server) == {SENT: 1}
    assert server.recipients() == ["bela@example.com", "anna@example.com"]


@pytest.mark.parametrize("step", ["on_recipient", "on_mail"])
def test_5xx_fails_at_once(room, server, step):
    room.dispatch("anna@example.com", "bela@example.com")
    replies = iter(["550 nobody here", OK])

    async def reply(*_):
        return next(replies)

    setattr(server, step, reply)
    assert room.send(server) == {FAILED: 1, SENT: 1}
    first, _ = room.rows()
    assert (first["state"], first["attempts_count"]) == ("failed", 1)
    assert "550 nobody here" in first["last_error"]
    assert server.connections_count == 1
    room.programme.clock.move(days=30)
    assert room.send(server) == {}


def test_421_ends_the_connection_and_not_the_work(room, server):
    room.dispatch("anna@example.com", "bela@example.com")
    replies = iter(["421 enough", OK])

    async def reply(*_):
        return next(replies)

    server.on_recipient = reply
    assert room.send(server) == {QUEUED: 1, SENT: 1}
    assert server.connections_count == 2


def test_a_connection_cut_after_data_repeats_the_mail_under_its_message_id(room, server):
    """The server has the mail, and the worker cannot know."""
    room.dispatch("anna@example.com", "bela@example.com")
    cuts = iter([True, False, False])

    async def take(connection, mail):
        if next(cuts):
            cut(connection)
        return OK

    server.on_mail = take
    assert room.send(server) == {QUEUED: 1, SENT: 1}
    room.programme.clock.move(minutes=1)
    assert room.send(server) == {SENT: 1}
    assert server.recipients() == ["anna@example.com", "bela@example.com", "anna@example.com"]
    first, second = room.rows()
    assert server.mail_ids() == {first["mail_id"]: 2, second["mail_id"]: 1}
    again = [mail for mail in server.taken if mail["Message-ID"] == first["mail_id"]]
    assert len({str(mail["Date"]) for mail in again}) == 1


def test_the_last_attempt_fails(room, server):
    room.dispatch("anna@example.com")

    async def refuse(_):
        return "450 busy"

    server.on_recipient = refuse
    for _ in range(2):
        assert room.send(server, attempts_max=3) == {QUEUED: 1}
        room.programme.clock.move(days=1)
    assert room.send(server, attempts_max=3) == {FAILED: 1}
    (row,) = room.rows()
    assert (row["state"], row["attempts_count"]) == ("failed", 3)
    assert "450 busy" in row["last_error"]


def test_an_address_that_is_not_ascii_needs_a_server_for_it(room, server):
    room.dispatch("jürgen@example.com", "anna@bücher.example.com")
    assert room.send(server) == {FAILED: 1, SENT: 1}
    assert "SMTPUTF8" in room.rows()[0]["last_error"]
    assert server.recipients() == ["anna@xn--bcher-kva.example.com"]


def test_a_server_for_unicode_gets_such_addresses(room, server):
    room.dispatch("jürgen@bücher.example.com")
    server.is_for_unicode = True
    assert room.send(server) == {SENT: 1}
    assert server.envelope_recipients == server.recipients() == ["jürgen@bücher.example.com"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_mail_goes_over_tls_with_a_user(room, certificate, trusted, security):
    room.dispatch("anna@example.com")
    secret = MailServer(security, USER, PASSWORD)
    with running(secret, certificate):
        assert room.send(secret) == {SENT: 1}
    assert secret.recipients() == ["anna@example.com"]


def test_without_a_user_nobody_signs_in(room, server):
    room.dispatch("anna@example.com")
    settings = server.settings()
    server.user = USER
    assert room.drain(SmtpTransport(settings)) == {FAILED: 1}


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_wrong_password_is_tried_again(room, certificate, trusted, security):
    room.dispatch("anna@example.com")
    secret = MailServer(security, USER, "wrong")
    with running(secret, certificate):
        assert room.send(secret) == {QUEUED: 1}
    assert "535" in room.rows()[0]["last_error"]
    assert "wrong" not in room.rows()[0]["last_error"]


def strange_certificate(name):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_of_an_unknown_authority_is_refused(room, trusted, security):
    room.dispatch("anna@example.com")
    with running(MailServer(security), strange_certificate("localhost")) as stranger:
        assert room.send(stranger) == {QUEUED: 1}
    assert stranger.taken == []
    assert "CERTIFICATE_VERIFY_FAILED" in room.rows()[0]["last_error"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_for_another_name_is_refused(room, authority, trusted, security):
    room.dispatch("anna@example.com")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("other.example.com").configure_cert(context)
    with running(MailServer(security), context) as other:
        assert room.send(other) == {QUEUED: 1}
    assert "CERTIFICATE_VERIFY_FAILED" in room.rows()[0]["last_error"]


def test_starttls_is_not_done_without(room, server):
    room.dispatch("anna@example.com")
    server.security = Security.STARTTLS
    assert room.send(server) == {QUEUED: 1}
    assert server.taken == []


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("on_sender", "MAIL FROM: 550"),
        ("on_recipient", "RCPT TO: 450"),
        ("on_mail", "DATA: 552"),
    ],
)
def test_the_log_tells_the_step_and_the_code(room, server, logged, step, reason):
    room.dispatch("anna.secret@example.com")

    async def refuse(*_):
        return f"{reason[-3:]} anna.secret"

    setattr(server, step, refuse)
    room.send(server)
    (line,) = logged
    assert line["reason"] == reason
    assert "anna.secret" not in str(line)
    assert room.rows()[0]["last_error"] == f"{reason} anna.secret"


def test_the_log_tells_what_kind_of_trouble_a_connection_had(room, logged):
    room.dispatch("anna@example.com")
    gone = MailServer(port=free_port())
    room.send(gone)
    assert [line["reason"] for line in logged] == ["ConnectionRefusedError"]


@pytest.mark.parametrize("reply", ["550 not you", "451 not now"])
def test_a_sender_that_is_refused_costs_one_message_an_attempt(room, server, reply):
    room.dispatch("anna@example.com", "bela@example.com")

    async def refuse(_):
        return reply

    server.on_sender = refuse
    assert room.send(server) == {QUEUED: 1}
    assert [row["attempts_count"] for row in room.rows()] == [1, 0]
    server.on_sender = None
    room.programme.clock.move(minutes=1)
    assert room.send(server) == {SENT: 2}


def test_closing_twice_is_closing_once(server):
    transport = SmtpTransport(server.settings())
    transport.close()
    transport.close()
    assert server.connections_count == 0


def test_the_log_tells_outcomes_and_no_secrets(room, server, logged):
    room.dispatch("anna.secret@example.com", "bela@example.com")
    replies = iter(["550 anna.secret@example.com unknown", OK])

    async def reply(*_):
        return next(replies)

    server.on_recipient = reply
    room.send(server)
    first, second = room.rows()
    assert logged == [
        {
            "event": "mail",
            "log_level": "info",
            "message_id": first["message_id"],
            "mail_id": first["mail_id"],
            "recipient_domain": "example.com",
            "attempt": 1,
            "state": "failed",
            "error": "DeliveryError",
            "reason": "RCPT TO: 550",
        },
        {
            "event": "mail",
            "log_level": "info",
            "message_id": second["message_id"],
            "mail_id": second["mail_id"],
            "recipient_domain": "example.com",
            "attempt": 1,
            "state": "sent",
        },
    ]
