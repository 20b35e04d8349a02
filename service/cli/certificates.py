"""The certificate with which ``serve`` speaks HTTPS."""

import ssl

from service.cli.calls import CommandRefusedError
from service.settings import Settings


def require_certificate(settings: Settings) -> None:
    """Refuse a certificate that cannot be used: each worker would fail, again and again.

    Raises:
        CommandRefusedError: ``CertificateUnusable``: certificate or key is no PEM, they are no
            pair, or the key has a password. granian takes none of those that OpenSSL writes.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # OpenSSL would ask the terminal for a password.
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")
    except OSError as error:
        text = f"{settings.tls_certificate} with {settings.tls_key}: {error.strerror or error}"
        raise CommandRefusedError("CertificateUnusable", "Cannot serve HTTPS.", text) from None
