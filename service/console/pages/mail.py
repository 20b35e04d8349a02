"""Mail: what waits in the outbox, what failed and why, and each mail as it would be sent."""

from http import HTTPStatus
from typing import cast

from flask import Response, abort, current_app, make_response, request, url_for
from wtforms import SelectField

from service.console.application import RenderMail
from service.console.forms import SearchForm
from service.console.rendering import changed, confirm_page, page
from service.console.routing import operator_pages
from service.console.security import CONTENT_SECURITY_POLICY
from service.console.visits import this_call
from service.domain.found_coupons import CouponSearch, FoundCoupon
from service.domain.mail import MailContent, MessageState, RenderedMail, TemplateBrokenError
from service.operations.find_coupons import find_coupons
from service.operations.find_messages import find_messages, outbox_figures
from service.operations.outbox import Delivery, resend_message, resend_messages, show_message

PAGE_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
"""A page may hold the HTML of a mail as a frame."""
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)
"""The HTML of a mail is whatever templates say: it runs nothing, loads nothing, leads nowhere."""

blueprint = operator_pages("mail", __name__)


class MessageSearchForm(SearchForm):
    """Which messages are listed."""

    state = SelectField(
        "State", choices=[("", "all"), *((it.value, it.value) for it in MessageState)], default=""
    )

    @property
    def wanted(self) -> MessageState | None:
        """In which state they are; None for any."""
        return MessageState(self.state.data) if self.state.data else None


@blueprint.get("")
def index() -> Response:
    """The outbox: how many messages are in which state, and the messages themselves."""
    form = MessageSearchForm()
    state = form.wanted if form.validate() else None
    listing = find_messages(this_call(), state, request.args.get("after"))
    return page(
        "mail/index.html", form, figures=outbox_figures(this_call()), listing=listing, state=state
    )


@blueprint.get("/<int:message_id>")
def show(message_id: int) -> Response:
    """A message: where it is, and the mail as it would be sent now."""
    delivery = show_message(this_call(), message_id)
    rendered, broken = _render(delivery)
    reply = page(
        "mail/show.html",
        message=delivery.message,
        content=delivery.content,
        coupon=_coupon(delivery),
        rendered=rendered,
        broken=broken,
    )
    reply.headers["Content-Security-Policy"] = PAGE_POLICY
    return reply


@blueprint.get("/<int:message_id>/html")
def html(message_id: int) -> Response:
    """The HTML of a mail, alone."""
    rendered, _ = _render(show_message(this_call(), message_id))
    if rendered is None or rendered.html is None:
        abort(HTTPStatus.NOT_FOUND)
    reply = make_response(rendered.html)
    reply.headers["Content-Security-Policy"] = HTML_POLICY
    return reply


@blueprint.route("/<int:message_id>/resend", methods=["GET", "POST"])
def resend(message_id: int) -> Response:
    """Ask whether a message is to be sent once more, and queue it."""
    message = show_message(this_call(), message_id).message

    def do() -> Response:
        resend_message(this_call(), message_id)
        return changed("The mail is queued once more.", "mail.show", message_id=message_id)

    return confirm_page(
        do,
        title=f"Send mail {message_id} once more?",
        action="Send it once more",
        cancel_url=url_for("mail.show", message_id=message_id),
        consequences=[
            f"{message.recipient} gets it under the same Message-ID.",
            "Most mail programs show a mail that came before only once.",
        ],
    )


@blueprint.route("/resend-failed", methods=["GET", "POST"])
def resend_failed() -> Response:
    """Ask whether all messages that failed are to be sent once more, and queue them."""

    def do() -> Response:
        count = resend_messages(this_call(), MessageState.FAILED)
        return changed(f"Mails queued once more: {count:,}.", "mail.index", state="queued")

    return confirm_page(
        do,
        title="Send all mails that failed once more?",
        action="Send them once more",
        cancel_url=url_for("mail.index", state="failed"),
        consequences=["Do this when the reason why they failed is gone."],
    )


def _render(delivery: Delivery) -> tuple[RenderedMail | None, str | None]:
    """The mail as it would be sent now, or why its templates give none."""
    render = cast("RenderMail", current_app.extensions["render_mail"])
    try:
        return render(delivery.message.kind, delivery.content), None
    except TemplateBrokenError as error:
        return None, str(error)


def _coupon(delivery: Delivery) -> FoundCoupon | None:
    """The coupon that a mail is about."""
    if not isinstance(delivery.content, MailContent):
        return None
    search = CouponSearch(code=delivery.content.code)
    return next(iter(find_coupons(this_call(), search, size=1).items), None)
