"""Taking a file in: in batches, each with how far the import has come."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson
from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from service.comments import find_all
from service.database import writing
from service.errors import ApiError
from service.exchange.lines import read_coral, read_csv, read_json_lines
from service.exchange.records import Record
from service.exchange.xml import read_disqus, read_wordpress
from service.ingest import ingest_all
from service.judge import Judge
from service.tables import ImportRun

READERS: dict[str, Callable[[BinaryIO], Iterator[Record]]] = {
    "jsonl": read_json_lines,
    "csv": read_csv,
    "wordpress": read_wordpress,
    "disqus": read_disqus,
    "coral": read_coral,
}
_BATCH = 500


@dataclass(slots=True)
class ImportReport:
    """What came of a file.

    Parameters
    ----------
    stored, known, refused : int
        Comments that are new, that were there already, and records that were refused; those of
        earlier attempts included.
    problems : list of Record
        The refused records of this attempt.
    finished_at : datetime, optional
        When the same file was taken in as a whole before.
    """

    stored: int = 0
    known: int = 0
    refused: int = 0
    problems: list[Record] = field(default_factory=list)
    finished_at: datetime | None = None


def import_file(
    engine: Engine,
    judge: Judge,
    stream: BinaryIO,
    *,
    kind: str,
    site_id: int,
    progress: Callable[[int], None] = lambda records: None,
    report_path: Path | None = None,
) -> ImportReport:
    """Take in the comments of a file; one that was broken off goes on where it stopped.

    Every comment is scored. What was decided on it elsewhere is kept as a decision of its own;
    where nothing was, the machine decides. Refused records go to `report_path` batch by batch, so
    that those of an attempt that was killed are told, too. A file that was finished is gone through
    again: what it holds is known by now, and what is refused is told again.
    """
    digest = _digest(stream)
    with writing(engine) as connection:
        run = _run(connection, digest, kind=kind, site_id=site_id)
    if run["finished_at"] is None:
        report = ImportReport(run["stored"], run["known"], run["refused"])
        position = int(run["position"])
    else:
        report, position = ImportReport(finished_at=run["finished_at"]), 0
    records = islice(READERS[kind](stream), position, None)
    progress(position)
    if report_path is not None and not position:
        report_path.write_bytes(b"")
    while batch := list(islice(records, _BATCH)):
        problems = _take_in(engine, judge, batch, report=report, site_id=site_id)
        if report_path is not None:
            _append(report_path, problems)
        position += len(batch)
        with writing(engine) as connection:
            _note(connection, run["id"], position, report, finished=False)
        progress(len(batch))
    with writing(engine) as connection:
        _note(connection, run["id"], position, report, finished=True)
    return report


def _append(path: Path, problems: Sequence[Record]) -> None:
    with path.open("ab") as file:
        for each in problems:
            line = {"record": each.number, "id": each.id, "problem": each.problem}
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(1 << 20):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest()


def _run(connection: Connection, digest: str, *, kind: str, site_id: int) -> RowMapping:
    named = {"site_id": site_id, "digest": digest, "format": kind}
    query = select(ImportRun.__table__).filter_by(**named)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        counters = {"position": 0, "stored": 0, "known": 0, "refused": 0}
        new = named | counters | {"started_at": datetime.now(UTC)}
        connection.execute(insert(ImportRun).values(new))
        row = connection.execute(query).mappings().one()
    return row


def _note(
    connection: Connection, run_id: int, position: int, report: ImportReport, *, finished: bool
) -> None:
    connection.execute(
        update(ImportRun)
        .where(ImportRun.id == run_id)
        .values(
            position=position,
            stored=report.stored,
            known=report.known,
            refused=report.refused,
            finished_at=datetime.now(UTC) if finished else None,
        )
    )


def _take_in(
    engine: Engine,
    judge: Judge,
    batch: Sequence[Record],
    *,
    report: ImportReport,
    site_id: int,
) -> list[Record]:
    good = [each for each in batch if each.comment is not None]
    new = _without_known(engine, good, site_id=site_id)
    report.known += len(good) - len(new)
    comments = [each.comment for each in new if each.comment is not None]
    actions = [each.action for each in new]
    stored = ingest_all(engine, judge, comments, site_id=site_id, actions=actions) if new else []
    problems = [each for each in batch if each.comment is None]
    for each, result in zip(new, stored, strict=True):
        if isinstance(result, ApiError):
            problems.append(Record(each.number, each.id, None, problem=result.message))
        elif result[1]:
            report.stored += 1
        else:
            report.known += 1
    problems.sort(key=lambda each: each.number)
    report.refused += len(problems)
    report.problems += problems
    return problems


def _without_known(engine: Engine, good: Sequence[Record], *, site_id: int) -> list[Record]:
    """Leave out ids that are there already, and all but the first of those that stand twice.

    To the site that sends it, a known id with another text is an edit; a file is older than what
    is there. Ids whose text was deleted are left in: they are refused with the reason.
    """
    first = {each.id: each for each in reversed(good)}
    with engine.connect() as connection:
        known = find_all(connection, site_id, list(first))
    return [
        each
        for each in good
        if first[each.id] is each and not (each.id in known and known[each.id]["text"])
    ]
