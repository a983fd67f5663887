"""Cuts any number of comments into parts that fit into memory, and knows where each ends."""

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from service.comment_lines import (
    MAX_LINE_BYTES,
    BoundedLines,
    CommentLine,
    from_columns,
    read_csv,
    read_json_lines,
)
from service.errors import InputError

Format = Literal["jsonl", "csv", "parquet"]

# Enough for the arrays to carry the work, little enough for memory to stay flat.
_PART_BYTES = 1 << 19
_PART_COMMENTS = 2_000
_PART_CHARACTERS = 500_000
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Place:
    """A place between two comments of the input.

    Parameters
    ----------
    unit : int
        Bytes before it, decompressed, or rows of a Parquet file.
    line : int
        Lines before it.
    """

    unit: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Some comments, and where they end.

    Parameters
    ----------
    lines : bytes or list of CommentLine
        Lines of JSON as they came, to be read where there is time, or comments.
    first : int
        Number of the first line.
    end : Place
        What comes next.
    """

    lines: bytes | list[CommentLine]
    first: int
    end: Place

    def comments(self) -> Iterator[CommentLine]:
        """Return the comments and what is wrong with the others."""
        if isinstance(self.lines, bytes):
            return read_json_lines(self.lines, first=self.first)
        return iter(self.lines)

    def __reduce__(self) -> tuple[Any, ...]:
        if isinstance(self.lines, bytes):
            return Part, (self.lines, self.first, self.end)
        # Columns travel to another process in half the time that as many named tuples take.
        return _from_columns, (list(zip(*self.lines, strict=True)), self.first, self.end)


def _from_columns(columns: list[tuple[Any, ...]], first: int, end: Place) -> Part:
    return Part(list(map(CommentLine, *columns)) if columns else [], first, end)


def guess_format(name: str) -> Format:
    """Return the format that a file's name tells; JSON lines unless it tells another."""
    suffix = Path(name.removesuffix(".gz")).suffix.lower()
    known: dict[str, Format] = {".csv": "csv", ".parquet": "parquet"}
    return known.get(suffix, "jsonl")


def cut(source: BinaryIO, format_: Format, *, after: Place) -> Iterator[Part]:
    """Cut a file or stream into parts.

    Parameters
    ----------
    source : binary file
        Where it begins; gzip is seen by its first bytes.
    format_ : {"jsonl", "csv", "parquet"}
        What it holds.
    after : Place
        What is passed over.

    Raises
    ------
    InputError
        Behind the last part that could be read, if the file is damaged.
    """
    if format_ == "parquet":
        return _cut_parquet(source, after)
    cut_lines = _cut_json if format_ == "jsonl" else _cut_csv
    peek = getattr(source, "peek", None)
    if peek is not None and peek(2)[:2] == _GZIP:
        return _cut_unpacked(source, cut_lines, after)
    return cut_lines(source, after)


def name_of(source: BinaryIO) -> str:
    """Return what people call the input."""
    return str(getattr(source, "name", "the input"))


def _cut_unpacked(
    source: BinaryIO, cut_lines: Callable[[BinaryIO, Place], Iterator[Part]], after: Place
) -> Iterator[Part]:
    packed = _Packed(source)
    try:
        yield from cut_lines(_Unpacked(packed), after)
    except csv.Error:
        if packed.damage is None:
            raise
    if packed.damage is not None:
        raise InputError(
            f"{name_of(source)} is damaged: {packed.damage}; only what comes before was read"
        ) from packed.damage


class _Packed(io.RawIOBase):
    """What gzip holds; its end is where it is damaged."""

    def __init__(self, source: BinaryIO) -> None:
        self._file = gzip.GzipFile(fileobj=source)
        self.damage: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        if self.damage is not None:
            return 0
        try:
            # Not read, which loses what it has when the damage comes.
            piece = self._file.read1(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.damage, piece = error, b""
        buffer[: len(piece)] = piece
        return len(piece)


class _Unpacked(io.BufferedReader):
    """Lines of what gzip holds."""

    def __init__(self, packed: _Packed) -> None:
        super().__init__(packed, _PART_BYTES)
        self._packed = packed

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        # Half a comment must not be taken for a whole one.
        half = self._packed.damage is not None and len(line) != size and not line.endswith(b"\n")
        return b"" if half else line


def _pass_over(stream: BinaryIO, size: int) -> None:
    if size and stream.seekable():
        stream.seek(size)
        return
    while size > 0:
        passed = stream.read(min(size, _PART_BYTES))
        if not passed:
            raise InputError("the input ends before the place where the last run stopped")
        size -= len(passed)


def _cut_json(stream: BinaryIO, after: Place) -> Iterator[Part]:
    _pass_over(stream, after.unit)
    unit, line = after.unit, after.line
    while block := stream.read(_PART_BYTES):
        unit += len(block)
        if not block.endswith(b"\n"):
            rest = stream.readline(MAX_LINE_BYTES)
            block += rest
            unit += len(rest)
            # The rest of a line that is too long is read, and kept nowhere.
            while len(rest) == MAX_LINE_BYTES and not rest.endswith(b"\n"):
                rest = stream.readline(MAX_LINE_BYTES)
                unit += len(rest)
                block += rest[-1:] if rest.endswith(b"\n") else b""
        first, line = line + 1, line + block.count(b"\n")
        yield Part(block, first, Place(unit, line))


def _cut_csv(stream: BinaryIO, after: Place) -> Iterator[Part]:
    lines = BoundedLines(stream)
    comments = read_csv(lines)
    if after.unit:
        # The columns are named at the very beginning.
        _pass_over(stream, after.unit - (0 if stream.seekable() else lines.size_bytes))
        lines.size_bytes, lines.number = after.unit, after.line
    batch: list[CommentLine] = []
    characters, first = 0, after.line + 1
    for comment in comments:
        batch.append(comment)
        characters += len(comment.text)
        if len(batch) == _PART_COMMENTS or characters >= _PART_CHARACTERS:
            yield Part(batch, first, Place(lines.size_bytes, lines.number))
            batch, characters, first = [], 0, lines.number + 1
    if batch:
        yield Part(batch, first, Place(lines.size_bytes, lines.number))


def _cut_parquet(source: BinaryIO, after: Place) -> Iterator[Part]:
    table = _open_parquet(source)
    names = table.schema_arrow.names
    columns = [name for name in ("id", "text") if name in names]
    if "text" not in names or any(names.count(name) > 1 for name in columns):
        raise InputError("a Parquet file must have one column `text`, and one `id` if any")
    row = 0
    for batch in _batches(table, columns, name_of(source)):
        start, row = row, row + batch.num_rows
        if row <= after.unit:
            continue
        ids = batch.column("id").to_pylist() if "id" in names else itertools.repeat(None)
        texts = batch.column("text").to_pylist()
        comments = [
            from_columns(each, text, number=number)
            for number, (each, text) in enumerate(zip(ids, texts, strict=False), start=start + 1)
        ]
        yield Part(comments, start + 1, Place(row, row))


def _batches(table: Any, columns: list[str], name: str) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    import pyarrow

    try:
        yield from table.iter_batches(batch_size=_PART_COMMENTS, columns=columns)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{name} is damaged: {error}; only what comes before was read") from error


def _open_parquet(source: BinaryIO) -> Any:  # noqa: ANN401 - pyarrow has no types
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError("Parquet needs pyarrow: pip install 'ghirbal[parquet]'") from error
    try:
        return pyarrow.parquet.ParquetFile(source)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{name_of(source)} is not a Parquet file: {error}") from error
