"""Tables of fits that were made to learn something, kept beside the data for the card."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from moderation import ModerationError

_DATA: Final = Path(__file__).parents[1] / "data"
ABLATIONS: Final = _DATA / "ablations.csv"
LEAVE_ONE_OUT: Final = _DATA / "leave_one_out.csv"

Row = dict[str, str]


class TrialsError(ModerationError):
    """A table of trials cannot be used as it is."""


def read_trials(path: Path, columns: Sequence[str]) -> list[Row]:
    """Read a table; a file that is not there holds no rows.

    Raises
    ------
    TrialsError
        If it has other columns; the message names the file.
    """
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrialsError(f"{path} cannot be read: {error}") from error
    if list(reader.fieldnames or ()) != list(columns) or any(None in row for row in rows):
        raise TrialsError(f"{path} must have the columns {', '.join(columns)}: write it again")
    return rows


def write_trials(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
