"""Mails written as files, for want of a mail server."""

import os
import re
from email.message import EmailMessage
from pathlib import Path

from service.jobs.transport import ServerUnavailableError


class MailFolder:
    """A folder in which each mail is a file ``MESSAGE-ID.eml``, readable by its owner only.

    The same mail again takes the place of the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: EmailMessage) -> None:
        """Write the mail; the file is there as a whole or not at all.

        Raises:
            ServerUnavailableError: The folder cannot be written.
        """
        name = re.sub(r"[^\w.@-]", "", mail["Message-ID"])
        path = self._folder / f"{name}.eml"
        try:
            # Whoever reads a code can redeem it.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            _write_durably(part, mail.as_bytes())
            part.replace(path)
            _sync_folder(self._folder)
        except OSError as error:
            text = f"{self._folder}: {error.strerror or error}"
            raise ServerUnavailableError(text, reason=type(error).__name__) from error

    def close(self) -> None:
        """Nothing is open."""


def _write_durably(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
