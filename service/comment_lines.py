"""Reads comments from JSON lines, CSV and Parquet; a bad line is data, never an exception."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import orjson

MAX_TEXT_BYTES = 20_480
"""Longest comment in bytes of UTF-8, as the Perspective API has it."""

MAX_LINE_BYTES = 1 << 20
"""Longest line; a text at its limit, written as \\\\u escapes, takes a fifth of this."""

_SHORT_TEXT = MAX_TEXT_BYTES // 4  # characters that are few enough whatever they are
_BOM = b"\xef\xbb\xbf"


class CommentLine(NamedTuple):
    """One line of input: a comment to score, or the reason why it cannot be.

    Parameters
    ----------
    number : int
        Line of the input, from 1; of its first line where a CSV record spans several.
    id : str, int or None
        The site's own id, given back as it came.
    text : str
        The comment; empty where there is a problem.
    problem : str
        What is wrong with the line, never quoting its text; empty for a good line.
    """

    number: int
    id: str | int | None
    text: str
    problem: str


class BoundedLines(Iterator[bytes]):
    """The lines of a stream, none held in memory beyond 1 MiB.

    Raises `csv.Error` in place of a longer line and goes on behind it: that is what a CSV
    reader passes on to its caller without losing its place.

    Parameters
    ----------
    stream : binary file
        Read from where it stands.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.number = 0
        self.size_bytes = 0
        # Of a line that is too long only its size is kept.
        self._again: deque[bytes | int] = deque()
        self._record: list[bytes | int] | None = None

    def __next__(self) -> bytes:
        """Return the next line with its line end."""
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.size_bytes += _size_bytes(line)
        if self._record is not None:
            self._record.append(line)
        if isinstance(line, int):
            raise csv.Error(f"line is over {MAX_LINE_BYTES:,} bytes")
        return line.removeprefix(_BOM) if self.number == 1 else line

    def _read(self) -> bytes | int:
        line = self._stream.readline(MAX_LINE_BYTES)
        size_bytes = len(line)
        if size_bytes < MAX_LINE_BYTES or line.endswith(b"\n"):
            return line
        while line and not line.endswith(b"\n"):
            line = self._stream.readline(MAX_LINE_BYTES)
            size_bytes += len(line)
        return size_bytes

    def begin_record(self) -> None:
        """Keep the lines from here on, up to the next record."""
        self._record = []

    def go_back(self) -> None:
        """Return to behind the first line of the record."""
        back = (self._record or [])[1:]
        self._again.extendleft(reversed(back))
        self.number -= len(back)
        self.size_bytes -= sum(map(_size_bytes, back))


def _size_bytes(line: bytes | int) -> int:
    return line if isinstance(line, int) else len(line)


def text_problem(text: object) -> str:
    """Return why `text` cannot be scored, or an empty string if it can."""
    if text is None:
        return "no text"
    if not isinstance(text, str):
        return "text is not a string"
    if not text or text.isspace():
        return "text is empty"
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:
        return "text is not UTF-8"
    if size_bytes > MAX_TEXT_BYTES:
        return f"text has {size_bytes:,} bytes of UTF-8, at most {MAX_TEXT_BYTES:,} are scored"
    return ""


def read_json_lines(block: bytes, *, first: int = 1) -> Iterator[CommentLine]:
    """Read one object ``{"id", "text"}`` a line; blank lines are passed over.

    Parameters
    ----------
    block : bytes
        Whole lines; of a line that is too long its beginning is enough.
    first : int
        Number of the first line.
    """
    for number, line in enumerate(block.split(b"\n"), start=first):
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) >= MAX_LINE_BYTES:
            yield CommentLine(number, None, "", f"line is over {MAX_LINE_BYTES:,} bytes")
        elif line and not line.isspace():
            yield _from_json(number, line)


def _from_json(number: int, line: bytes) -> CommentLine:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return CommentLine(number, None, "", _json_problem(line, error))
    if not isinstance(row, dict):
        return CommentLine(number, None, "", "not a JSON object")
    comment_id = row.get("id")
    text: Any = row.get("text")
    # type() and not isinstance: true and false are integers to Python.
    if type(comment_id) not in (str, int, type(None)):
        return CommentLine(number, None, "", "id must be a string or a 64-bit integer")
    short = isinstance(text, str) and 0 < len(text) <= _SHORT_TEXT
    # Short texts need no second look, since orjson lets no lone surrogate pass.
    problem = "" if short and not text.isspace() else text_problem(text)
    return CommentLine(number, comment_id, "" if problem else text, problem)


def _json_problem(line: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        line.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    return f"not JSON: {error.msg} at column {error.colno}"


CsvRecord = tuple[int, list[str], str]
"""The first line of a record, from 1, its cells, and what is wrong with it, if anything."""


def read_records(lines: BoundedLines) -> Iterator[CsvRecord]:
    """Read comma-separated records, blank lines as records without cells.

    Undecodable bytes travel as lone surrogates, so that only their own record is bad. Behind a
    record that is no CSV it goes on with the second line: a quote that was left open would
    otherwise cost all records up to the next one.
    """
    # map, not a generator: that would be at its end with the first line that is too long.
    # strict: a stray quote would otherwise be dropped and the spans' offsets be off.
    records = csv.reader(map(_decode, lines), strict=True)
    while True:
        number = lines.number + 1
        lines.begin_record()
        try:
            record: CsvRecord = number, next(records), ""
        except StopIteration:
            return
        except csv.Error as error:
            record = number, [], f"not CSV: {error}{_reach(number, lines.number)}"
            lines.go_back()
        yield record


def _reach(first: int, last: int) -> str:
    if last == first:
        return ""
    return f" at line {last}, perhaps a quote left open: read on at line {first + 1}"


def read_csv(lines: BoundedLines) -> Iterator[CommentLine]:
    """Read comma-separated records; the first line names the columns `text` and, if any, `id`.

    Raises
    ------
    csv.Error
        If the first line does not name a column `text`: at once, before any record is read.
    """
    records = read_records(lines)
    _, header, _ = next(records, (1, [], ""))
    columns = [name.strip() for name in header]
    if "text" not in columns:
        raise csv.Error("the first line of CSV input must name its columns, one of them `text`")
    text_at = columns.index("text")
    id_at = columns.index("id") if "id" in columns else None
    return (
        _from_record(record, text_at=text_at, id_at=id_at)
        for record in records
        if record[1] or record[2]
    )


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _from_record(record: CsvRecord, *, text_at: int, id_at: int | None) -> CommentLine:
    number, cells, problem = record
    if problem:
        return CommentLine(number, None, "", problem)
    comment_id = cells[id_at] if id_at is not None and id_at < len(cells) else None
    text = cells[text_at] if text_at < len(cells) else None
    problem = text_problem(text)
    if comment_id is not None and not problem and not is_utf8(comment_id):
        problem = "id is not UTF-8"
    if problem or text is None:
        return CommentLine(number, None, "", problem)
    return CommentLine(number, comment_id, text, "")


def is_utf8(text: str) -> bool:
    """Return whether `text` came from whole UTF-8; bytes that did not are lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def from_columns(comment_id: object, text: object, *, number: int) -> CommentLine:
    """Return row `number` of a table as a comment."""
    problem = text_problem(text)
    if type(comment_id) not in (str, int, type(None)):
        problem = "id must be a string or an integer"
    if problem:
        return CommentLine(number, None, "", problem)
    return CommentLine(number, comment_id, text, "")  # type: ignore[arg-type] # as just checked
