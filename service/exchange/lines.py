"""JSON lines, CSV and Coral's comments, line by line."""

import csv
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from moderation import Action
from service.comment_lines import BoundedLines, is_utf8, read_records
from service.exchange.records import Record, plain, record, refused

# `NONE` was never looked at; the queue here decides anew on what waited there.
_CORAL = {"APPROVED": Action.APPROVE, "REJECTED": Action.REJECT}
_COLUMNS = {
    "id": ("id",),
    "text": ("text",),
    "author_id": ("author", "id"),
    "author_name": ("author", "name"),
    "article_id": ("article", "id"),
    "article_title": ("article", "title"),
    "article_url": ("article", "url"),
    "section": ("article", "section"),
    "parent_id": ("parent_id",),
    "created_at": ("created_at",),
}


def read_json_lines(stream: BinaryIO) -> Iterator[Record]:
    """Read one comment a line, as `POST /v1/comments` takes it, `action` besides."""
    for number, row in _objects(stream):
        if isinstance(row, Record):
            yield row
            continue
        given = row.pop("action", None)
        try:
            action = None if given is None else Action(given)
        except ValueError:
            yield refused(number, "action must be approve, review or reject")
            continue
        yield record(number, row, action)


def read_coral(stream: BinaryIO) -> Iterator[Record]:
    """Read Coral's collection `comments`, as mongoexport writes it: one document a line."""
    for number, row in _objects(stream):
        if isinstance(row, Record):
            yield row
            continue
        revisions = row.get("revisions")
        last = revisions[-1] if isinstance(revisions, list) and revisions else {}
        body = last.get("body") if isinstance(last, dict) else None
        fields = {
            "id": row.get("id"),
            "text": plain(body) if isinstance(body, str) else "",
            "author": {"id": row.get("authorID")},
            "article": {"id": row.get("storyID"), "section": row.get("section")},
            "parent_id": row.get("parentID"),
            "created_at": _moment(row.get("createdAt")),
        }
        yield record(number, fields, _CORAL.get(str(row.get("status"))))


def _moment(value: object) -> object:
    return value.get("$date") if isinstance(value, dict) else value


def _objects(stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    lines = BoundedLines(stream)
    while True:
        try:
            line = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.number, refused(lines.number, str(error))
            continue
        if line.isspace():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield lines.number, refused(lines.number, f"not JSON: {error.msg}")
            continue
        whole = isinstance(row, dict)
        yield lines.number, row if whole else refused(lines.number, "not a JSON object")


def read_csv(stream: BinaryIO) -> Iterator[Record]:
    """Read comma-separated records; the first line names the columns.

    Raises
    ------
    csv.Error
        If it does not name `id` and `text`, or names a column that means nothing here.
    """
    records = read_records(BoundedLines(stream))
    _, header, _ = next(records, (1, [], ""))
    columns = [name.strip() for name in header]
    unknown = [name for name in columns if name not in {*_COLUMNS, "action"}]
    if unknown or not {"id", "text"} <= set(columns):
        wrong = f"column {unknown[0]!r} is not known" if unknown else "id and text are needed"
        raise csv.Error(f"{wrong}; columns are {', '.join(_COLUMNS)}, action")
    for number, cells, problem in records:
        if problem:
            yield refused(number, problem)
        elif cells:
            yield _from_cells(number, dict(zip(columns, cells, strict=False)))


def _from_cells(number: int, cells: dict[str, str]) -> Record:
    if not all(map(is_utf8, cells.values())):
        return refused(number, "not UTF-8")
    fields: dict[str, Any] = {}
    for column, path in _COLUMNS.items():
        value = cells.get(column)
        if value:
            place = fields.setdefault(path[0], {}) if len(path) == 2 else fields
            place[path[-1]] = value
    given = cells.get("action")
    if given and given not in list(Action):
        return refused(number, "action must be approve, review or reject")
    return record(number, fields, Action(given) if given else None)
