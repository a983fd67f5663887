"""What every reader of a foreign format yields: a comment, or why there is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from moderation import Action
from service.body import validated
from service.errors import ApiError
from service.schema import CommentIn

_BREAKS = {"br", "p", "div", "li", "blockquote", "tr"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file.

    Parameters
    ----------
    number : int
        Its place in the file, from 1: the line of lines, the comment of XML.
    id : str
        As far as it could be read.
    comment : CommentIn, optional
        None where there is a problem.
    action : Action, optional
        What was decided there; None leaves it to the machine.
    problem : str
        Why it cannot be taken in, never quoting the text; empty for a good one.
    """

    number: int
    id: str
    comment: CommentIn | None
    action: Action | None = None
    problem: str = ""


def record(number: int, fields: Mapping[str, Any], action: Action | None = None) -> Record:
    """Return the record that the fields of a comment make."""
    named = fields.get("id")
    name = str(named) if isinstance(named, str | int) else ""
    try:
        comment = validated(CommentIn, {key: fields[key] for key in fields if fields[key] != ""})
    except ApiError as error:
        where = f"{error.field}: " if error.field else ""
        return Record(number, name[:200], None, problem=f"{where}{error.message}")
    return Record(number, comment.id, comment, action)


def refused(number: int, problem: str) -> Record:
    """Return the record that could not even be read."""
    return Record(number, "", None, problem=problem)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(html: str) -> str:
    """Return what a reader sees of a comment that was kept as HTML."""
    if "<" not in html and "&" not in html:
        return html.strip()
    parser = _Text()
    parser.feed(html)
    parser.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(parser.parts)).strip()
