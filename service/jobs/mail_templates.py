"""Which templates a mail is made from, and what comes out of them."""

import re
import traceback
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from service.domain.jobs import JobReport
from service.domain.mail import (
    DEFAULT_LANGUAGE,
    MailContent,
    MailKind,
    RenderedMail,
    TemplateBrokenError,
)
from service.jobs.mail_values import mail_values, one_line

PACKAGED = "packaged"
"""The prefix by which templates name those of the package."""
SUBJECT_LABEL = "Subject:"


class MailTemplates:
    """The operator's templates, and behind them those of the package.

    A mail of the kind ``dispatch`` in ``de-AT`` is made from the first of these
    that exists; then the same is tried for ``de``, and then for ``en``:

    1. ``CLASS/dispatch.de-at.txt`` in the operator's folder, where ``CLASS`` is
       what ``folder_name`` makes of the coupon class's name,
    2. ``dispatch.de-at.txt`` in the operator's folder,
    3. ``dispatch.de-at.txt`` of the package.

    Its first line is the subject. The ``.html`` beside it, if there is one, is the
    mail's HTML: text and HTML are never of different origin.

    Args:
        folder: The operator's; None for none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        own = FileSystemLoader([folder] if folder else [])
        packaged = PrefixLoader({PACKAGED: PackageLoader("service.jobs")})
        self._environment = ImmutableSandboxedEnvironment(
            # A folder of the operator's may have the prefix's name.
            loader=ChoiceLoader([packaged, own]),
            autoescape=select_autoescape(["html"], default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, kind: MailKind, content: MailContent | JobReport) -> RenderedMail:
        """Make a mail.

        Raises:
            TemplateBrokenError: A template cannot be read, or fails.
        """
        try:
            return self._render(kind, content)
        except Exception as error:
            # Templates are the operator's programs: they fail in every way that programs do.
            reason = f"{type(error).__name__}: {error}"
            raise TemplateBrokenError(f"{_place(error)}{one_line(reason)}") from error

    def _render(self, kind: MailKind, content: MailContent | JobReport) -> RenderedMail:
        # The package has each kind in the last language.
        text_template, html_template, language = next(self._found(kind, content))
        values = mail_values(content, _regional(content.language, language))
        subject, text = _split(text_template, text_template.render(values))
        html = html_template.render(values) if html_template else None
        return RenderedMail(subject, text, html, language)

    def _found(
        self, kind: MailKind, content: MailContent | JobReport
    ) -> Iterator[tuple[Template, Template | None, str]]:
        """The templates for text and HTML that exist, best first, and their language."""
        for name, language in _candidates(kind, content):
            text_template = self._find(f"{name}.txt")
            if text_template is not None:
                yield text_template, self._find(f"{name}.html"), language

    def _find(self, name: str) -> Template | None:
        try:
            return self._environment.get_template(name)
        except TemplateNotFound:
            return None


def folder_name(class_name: str) -> str:
    """The folder for templates of a coupon class: lower case, letters and digits.

    Everything else between them becomes one hyphen: ``Spring & Summer 2027`` has
    the folder ``spring-summer-2027``. Empty when nothing is left.
    """
    folded = unicodedata.normalize("NFKC", class_name).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-")


def _candidates(kind: MailKind, content: MailContent | JobReport) -> Iterator[tuple[str, str]]:
    """The names of templates in the order in which they are tried, and their languages."""
    folder = folder_name(content.class_name or "")
    for language in _languages(content.language.lower()):
        name = f"{kind.value}.{language}"
        if folder and folder != PACKAGED:
            yield f"{folder}/{name}", language
        yield name, language
        yield f"{PACKAGED}/{name}", language


def _languages(language: str) -> Iterator[str]:
    """The language, those that it is a variety of, and the last resort."""
    while language:
        yield language
        language = language.rpartition("-")[0]
    yield DEFAULT_LANGUAGE


def _regional(wanted: str, found: str) -> str:
    """In which language numbers and dates fit a template: its own, or the variety wanted."""
    return wanted if f"{wanted.lower()}-".startswith(f"{found}-") else found


def _split(template: Template, rendered: str) -> tuple[str, str]:
    """The subject in the first line, and the text below it."""
    first, _, text = rendered.partition("\n")
    if not first.startswith(SUBJECT_LABEL):
        raise TemplateSyntaxError(
            f"the first line does not start with {SUBJECT_LABEL!r}",
            lineno=1,
            name=template.name,
            filename=template.filename,
        )
    return one_line(first.removeprefix(SUBJECT_LABEL)), text.lstrip("\n")


def _place(error: Exception) -> str:
    """The file and line of the template that failed."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename}, line {error.lineno}: "
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if frame.filename.endswith((".txt", ".html"))]
    return f"{places[-1].filename}, line {places[-1].lineno}: " if places else ""
