"""Mails written as files."""

import os
from email import message_from_bytes
from email.policy import SMTP
from stat import S_IMODE, S_ISDIR

from service.domain.mail import MessageState
from service.jobs.mail_folder import MailFolder
from service.operations.outbox import resend_message


def test_each_mail_is_a_file_of_its_own(room, tmp_path):
    room.dispatch("anna@example.com", "bela@example.com")
    folder = tmp_path / "deep" / "mail"
    assert room.drain(MailFolder(folder)) == {MessageState.SENT: 2}
    found = {path.name: path for path in folder.iterdir()}
    assert found.keys() == {f"{row['mail_id'].strip('<>')}.eml" for row in room.rows()}
    for row in room.rows():
        path = found[f"{row['mail_id'].strip('<>')}.eml"]
        mail = message_from_bytes(path.read_bytes(), policy=SMTP)
        assert (mail["To"], mail["Message-ID"]) == (row["recipient"], row["mail_id"])
        assert S_IMODE(path.stat().st_mode) == 0o600
    assert S_IMODE(folder.stat().st_mode) == 0o700


def test_a_mail_is_on_the_disk_when_it_is_sent(room, tmp_path, monkeypatch):
    """Its content before it has its name, and the name before anybody relies on it."""
    room.dispatch("anna@example.com")
    synced = []

    def sync(descriptor, fsync=os.fsync):
        fsync(descriptor)
        is_folder = S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append((is_folder, [path.suffix for path in tmp_path.glob("*@*")]))

    monkeypatch.setattr(os, "fsync", sync)
    assert room.drain(MailFolder(tmp_path)) == {MessageState.SENT: 1}
    assert synced == [(False, [".part"]), (True, [".eml"])]


def test_the_same_mail_again_takes_the_place_of_the_first(room, tmp_path):
    (message_id,) = room.dispatch("anna@example.com")
    room.drain(MailFolder(tmp_path / "mail"))
    (path,) = (tmp_path / "mail").iterdir()
    path.write_text("old")
    resend_message(room.programme.call(), message_id)
    assert room.drain(MailFolder(tmp_path / "mail")) == {MessageState.SENT: 1}
    assert list((tmp_path / "mail").iterdir()) == [path]
    assert b"anna@example.com" in path.read_bytes()


def test_a_mail_half_written_by_a_killed_worker_is_written_anew(room, tmp_path):
    room.dispatch("anna@example.com")
    (row,) = room.rows()
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / f"{row['mail_id'].strip('<>')}.part").write_text("half a mail" * 1000)
    room.drain(MailFolder(folder))
    (path,) = folder.iterdir()
    assert path.suffix == ".eml"
    assert b"half" not in path.read_bytes()


def test_an_address_that_is_not_ascii_is_written(room, tmp_path):
    room.dispatch("jürgen@example.com")
    room.drain(MailFolder(tmp_path))
    (path,) = tmp_path.glob("*.eml")
    assert "To: jürgen@example.com" in path.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_tried_again(room, tmp_path):
    room.dispatch("anna@example.com", "bela@example.com")
    (tmp_path / "mail").write_text("a file")
    assert room.drain(MailFolder(tmp_path / "mail")) == {MessageState.QUEUED: 1}
    assert str(tmp_path / "mail") in room.rows()[0]["last_error"]
