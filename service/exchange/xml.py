"""The XML that WordPress (WXR) and Disqus export, read piece by piece."""

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from moderation import Action
from service.exchange.records import Record, plain, record, refused
from service.newsroom_errors import ImportFileError

_WORDPRESS = {"1": Action.APPROVE, "spam": Action.REJECT, "trash": Action.REJECT}
_DISQUS_ID = "{http://disqus.com/disqus-internals}id"


def read_wordpress(stream: BinaryIO) -> Iterator[Record]:
    """Read the comments of a WordPress export; what waited there is decided on here.

    Raises
    ------
    ImportFileError
        If the file is not XML, or breaks off.
    """
    number = 0
    for element in _closed(stream, {"item"}):
        article = {
            "id": _child(element, "post_id"),
            "title": _child(element, "title")[:1_000],
            "url": _child(element, "link"),
            "section": _section(element),
        }
        for comment in element:
            if _name(comment) != "comment" or _child(comment, "comment_type") in _NOT_COMMENTS:
                continue
            number += 1
            yield _from_wordpress(number, comment, article)


_NOT_COMMENTS = {"pingback", "trackback"}


def _from_wordpress(number: int, element: Element, article: dict[str, str]) -> Record:
    user, parent = _child(element, "comment_user_id"), _child(element, "comment_parent")
    moment = _child(element, "comment_date_gmt")
    author = {"name": _child(element, "comment_author")[:1_000]}
    # Guests have the number 0; their address of mail is nobody's business here.
    author |= {"id": f"wp-{user}"} if user not in {"", "0"} else {}
    fields: dict[str, Any] = {
        "id": _child(element, "comment_id"),
        "text": plain(_child(element, "comment_content")),
        "author": author,
        "article": article,
        "parent_id": "" if parent == "0" else parent,
        "created_at": f"{moment}Z" if moment and not moment.startswith("0000") else "",
    }
    return record(number, fields, _WORDPRESS.get(_child(element, "comment_approved")))


def _section(item: Element) -> str:
    for child in item:
        if _name(child) == "category" and child.get("domain") == "category":
            return (child.text or "")[:200]
    return ""


def read_disqus(stream: BinaryIO) -> Iterator[Record]:
    """Read the posts of a Disqus export; deleted ones are left out, spam is rejected.

    Raises
    ------
    ImportFileError
        If the file is not XML, or breaks off.
    """
    threads: dict[str, dict[str, str]] = {}
    number = 0
    for element in _closed(stream, {"thread", "post"}):
        name = element.get(_DISQUS_ID, "")
        # Inside a post stands a reference to its thread, which is empty.
        if _name(element) == "thread":
            if _child(element, "link"):
                threads[name] = {
                    "id": _child(element, "id")[:200] or f"disqus-{name}",
                    "title": _child(element, "title")[:1_000],
                    "url": _child(element, "link"),
                }
            continue
        number += 1
        if _child(element, "isDeleted") == "true":
            yield refused(number, "deleted in Disqus")
        else:
            yield _from_disqus(number, element, threads)


def _from_disqus(number: int, element: Element, threads: dict[str, dict[str, str]]) -> Record:
    author = _find(element, "author")
    known = "" if author is None else _child(author, "username")
    thread, parent = _find(element, "thread"), _find(element, "parent")
    fields = {
        "id": element.get(_DISQUS_ID, ""),
        "text": plain(_child(element, "message")),
        "author": {
            "name": "" if author is None else _child(author, "name")[:1_000],
            "id": f"disqus-{known}" if known else "",
        },
        "article": threads.get("" if thread is None else thread.get(_DISQUS_ID, ""), {}),
        "parent_id": "" if parent is None else parent.get(_DISQUS_ID, ""),
        "created_at": _child(element, "createdAt"),
    }
    spam = _child(element, "isSpam") == "true"
    return record(number, fields, Action.REJECT if spam else Action.APPROVE)


def _closed(stream: BinaryIO, wanted: set[str]) -> Iterator[Element]:
    """Yield the outermost elements of some names as soon as they end, and forget them."""
    open_: list[Element] = []
    try:
        for event, element in iterparse(stream, events=("start", "end")):
            if event == "start":
                open_.append(element)
                continue
            open_.pop()
            outermost = not any(_name(each) in wanted for each in open_)
            if _name(element) in wanted and outermost:
                yield element
                if open_:
                    open_[-1].remove(element)
    except ParseError as error:
        raise ImportFileError(f"the file is not whole XML: {error}") from error
    except DefusedXmlException as error:
        raise ImportFileError("the file declares entities, which no export does") from error


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _find(element: Element, name: str) -> Element | None:
    return next((child for child in element if _name(child) == name), None)


def _child(element: Element, name: str) -> str:
    found = _find(element, name)
    return "" if found is None else (found.text or "").strip()
