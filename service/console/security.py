"""What browsers are told about every reply, so that a page can do less than browsers allow."""

from flask import Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Flask-WTF compares the Referer of a form with the host, over TLS.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_FOR_A_YEAR = "public, max-age=31536000, immutable"


def harden(response: Response) -> Response:
    """Add the headers; pages are kept by nobody, static files as long as they do not change.

    A page that shows what others wrote, such as a mail, has a policy of its own.
    """
    own_policy = response.headers.get("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.update({**_HEADERS, "Content-Security-Policy": own_policy})
    is_static = request.endpoint == "static" and "v" in request.args and response.status_code < 400  # noqa: PLR2004
    response.headers["Cache-Control"] = _FOR_A_YEAR if is_static else "no-store"
    return response
