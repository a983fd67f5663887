"""Reads the suites of written cases; a case that contradicts itself stops the reading."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from training.suite_cases import (
    FORMS,
    LEARN,
    MEASURE,
    Case,
    Frame,
    Identity,
    MarkedComment,
    SuiteError,
    one_of,
    unmark,
)

SUITES_PATH: Final = Path(__file__).parents[1] / "data" / "suites"


@dataclass(frozen=True, slots=True)
class Suites:
    """All suites, both halves; `clean_uses` are sentences with loaded words."""

    functional: tuple[Case, ...]
    clean_uses: tuple[Case, ...]
    identities: tuple[Identity, ...]
    frames: tuple[Frame, ...]
    spans: tuple[MarkedComment, ...]


def read_suites(folder: Path = SUITES_PATH) -> Suites:
    """Read every suite of a folder.

    Raises
    ------
    SuiteError
        If a file is missing, is not of the expected form, or a case contradicts itself; the
        message names file and line, never the text.
    """
    return Suites(
        functional=(
            *read_cases(folder / "functional_held.csv"),
            *read_cases(folder / "functional_approved.csv"),
        ),
        clean_uses=read_cases(folder / "clean_uses.csv", topic="word"),
        identities=read_identities(folder / "identities.csv"),
        frames=read_frames(folder / "frames.csv"),
        spans=read_marked(folder / "spans.csv"),
    )


def read_identities(path: Path) -> tuple[Identity, ...]:
    """Read identities with their forms."""
    return _read(path, ("id", "kind", "half", *FORMS), _identity)


def read_frames(path: Path) -> tuple[Frame, ...]:
    """Read frames; ``kinds`` lists kinds of identity with spaces between, all where empty."""
    return _read(
        path, ("id", "kind", "half", "dialect", "form", "kinds", "expected", "text"), _frame
    )


def read_marked(path: Path) -> tuple[MarkedComment, ...]:
    """Read comments whose offending words stand between marks."""
    return _read(path, ("id", "dialect", "half", "text"), _marked)


def read_cases(path: Path, *, topic: str = "functionality") -> tuple[Case, ...]:
    """Read cases; `topic` is the column that names what they test, `attribute` may be absent."""
    columns = ("id", "dialect", topic, "family", "half", "expected", "text")

    def build(row: dict[str, str]) -> Case:
        return Case(
            id=row["id"],
            dialect=row["dialect"],
            half=row["half"],
            topic=row[topic],
            family=row["family"],
            held=_held(row["expected"]),
            attribute=row.get("attribute", ""),
            text=row["text"],
        )

    cases = _read(path, columns, build)
    learned = {case.family for case in cases if case.half == LEARN}
    for case in cases:
        if case.half == MEASURE and case.family in learned:
            raise SuiteError(f"{path}: {case.id} is measured, but others of its family are learned")
    return cases


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Row = TypeVar("_Row", bound=_Named)


def _read(
    path: Path, columns: Sequence[str], build: Callable[[dict[str, str]], _Row]
) -> tuple[_Row, ...]:
    built: dict[str, _Row] = {}
    for line, row in _lines(path, columns):
        try:
            one = build(row)
        except SuiteError as error:
            raise SuiteError(f"{path}, line {line}: {error}") from error
        if one.id in built:
            raise SuiteError(f"{path}, line {line}: the id {one.id} is taken")
        built[one.id] = one
    if not built:
        raise SuiteError(f"{path} holds no rows")
    return tuple(built.values())


def _lines(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise SuiteError(f"{path} needs the column {missing[0]}")
            for row in reader:
                if None in row or None in row.values():
                    raise SuiteError(
                        f"{path}, line {reader.line_num}: {len(reader.fieldnames or ())} fields "
                        "expected; put quotes around a text with commas"
                    )
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SuiteError(f"{path} cannot be read: {error}") from error


def _identity(row: dict[str, str]) -> Identity:
    return Identity(row["id"], row["kind"], row["half"], *(row[form] for form in FORMS))


def _frame(row: dict[str, str]) -> Frame:
    held = _held(row["expected"])
    one_of("kind", row["kind"], ("hateful",) if held else ("neutral", "kind"))
    return Frame(
        id=row["id"],
        half=row["half"],
        dialect=row["dialect"],
        form=row["form"],
        kinds=tuple(row["kinds"].split()),
        held=held,
        text=row["text"],
    )


def _marked(row: dict[str, str]) -> MarkedComment:
    return MarkedComment(row["id"], row["dialect"], row["half"], *unmark(row["text"]))


def _held(expected: str) -> bool:
    one_of("expected", expected, ("held", "approved"))
    return expected == "held"
