"""How far a bulk run has come, kept beside its output so that a later run goes on from there."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from service.bulk_input import Place
from service.errors import InputError

_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Progress:
    """What is done.

    Parameters
    ----------
    place : Place
        What of the input is done.
    size_bytes : int
        What of the output is whole; anything behind it is dropped.
    problems : int
        Comments that could not be scored.
    """

    place: Place = field(default_factory=Place)
    size_bytes: int = 0
    problems: int = 0


def facts_of(source: BinaryIO, settings: Mapping[str, str]) -> dict[str, str]:
    """Return what must be the same for a run to go on: its settings, and the input if a file."""
    if not source.seekable():
        return dict(settings)
    start = source.tell()
    head = hashlib.sha256(source.read(_HEAD_BYTES)).hexdigest()
    size = source.seek(0, os.SEEK_END)
    source.seek(start)
    return dict(settings) | {"input_bytes": str(size), "input_head": head}


class Journal:
    """The file ``OUTPUT.progress``, there as long as a run is not finished.

    Parameters
    ----------
    output : Path
        Where results go.
    facts : mapping of str to str
        As `facts_of` returns them.
    """

    def __init__(self, output: Path, facts: Mapping[str, str]) -> None:
        self._output = output
        self._path = output.with_name(f"{output.name}.progress")
        self._facts = dict(facts)

    def read(self) -> Progress:
        """Return where the last run stopped.

        Raises
        ------
        InputError
            If nothing was left unfinished, or by a run on another input or with other settings.
        """
        try:
            document: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            progress = Progress(
                Place(**document["place"]), document["size_bytes"], document["problems"]
            )
            facts = dict(document["facts"])
        except FileNotFoundError as error:
            raise InputError(
                f"nothing to resume: there is no {self._path}, so {self._output} is complete or "
                "was never begun; leave --resume out to score from the start"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self._path} is damaged: leave --resume out to start anew"
            ) from error
        for name in sorted({*facts, *self._facts}):
            if facts.get(name) != self._facts.get(name):
                raise InputError(
                    f"{self._path} is of another run: {name.replace('_', ' ')} differs; give the "
                    "same arguments, or leave --resume out to score from the start"
                )
        return progress

    def write(self, progress: Progress) -> None:
        """Note what is done; the output up to there must have reached the disk."""
        document = asdict(progress) | {"facts": self._facts}
        new = self._path.with_name(f"{self._path.name}.new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def remove(self) -> None:
        """Note that all is done."""
        self._path.unlink(missing_ok=True)
