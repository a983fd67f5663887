"""`ghirbal score`: comments in, scores and actions out; nothing is stored and no server needed."""

import csv
import gc
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import orjson
from tqdm import tqdm

from moderation import Policy, load_scorer
from service.comment_lines import (
    BoundedLines,
    CommentLine,
    read_csv,
    read_json_lines,
    text_problem,
)
from service.judge import Judge

# Enough for the arrays to carry the work, little enough for memory to stay flat.
_BATCH_COMMENTS = 2_000
_BATCH_CHARACTERS = 500_000


@click.command()
@click.argument("source", metavar="[FILE]", type=click.File("rb"), required=False)
@click.option("--csv", "is_csv", is_flag=True, help="Read CSV, its first line naming the columns.")
@click.option("--text", metavar="TEXT", help="Score this one comment instead of a file.")
@click.option(
    "--policy",
    "policy_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Policy to decide by (TOML).  [default: the thresholds that the model suggests]",
)
@click.option(
    "--model",
    "model_path",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Model folder.  [default: the shipped model]",
)
@click.option(
    "--output",
    "output_path",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here instead of standard output.",
)
@click.option(
    "--no-spans", is_flag=True, help="Do not look for the words behind scores; a little faster."
)
def score(
    *,
    source: BinaryIO | None,
    is_csv: bool,
    text: str | None,
    policy_path: Path | None,
    model_path: Path | None,
    output_path: Path | None,
    no_spans: bool,
) -> None:
    """Score comments and decide what happens to them.

    Reads FILE, or standard input, one JSON object a line: {"id": ..., "text": "..."}. The id may
    be a string or an integer, or be left out (it is null then); other keys are ignored, blank
    lines passed over. With --csv the columns `id` and `text` are read and others ignored.

    Writes one JSON object a line, in the order of the input:

    \b
      {"id", "scores": {attribute: 0 to 1}, "action": "approve|review|reject",
       "reasons": [...], "spans": [{"start", "end", "attribute", "score"}],
       "model", "policy"}

    Spans are the words behind the reasons, in code points of the text; an approved comment has
    none.

    A line that is not UTF-8, not JSON (or CSV), has no text or more than 20,480 bytes of it is
    reported on standard error with its number; the others are scored and the exit status is 1.
    """  # noqa: D301 - click wants the backspace itself, before what it shall not wrap
    if text is not None:
        lines = _one_comment(text, alone=not source and not is_csv)
    else:
        lines = _read(source or sys.stdin.buffer, is_csv=is_csv)
    with _errors_for_people():
        scorer = load_scorer(model_path)
        policy = Policy.load(policy_path) if policy_path else scorer.default_policy()
        judge = Judge(scorer, policy)
        with _output(output_path, source) as sink:
            n_problems = _score_lines(lines, judge, sink, spans=not no_spans)
    if n_problems:
        raise click.exceptions.Exit(1)


def _one_comment(text: str, *, alone: bool) -> Iterator[CommentLine]:
    if not alone:
        raise click.UsageError("--text takes the place of FILE and --csv: leave those out")
    if problem := text_problem(text):
        raise click.BadParameter(problem, param_hint="--text")
    return iter([CommentLine(1, None, text, "")])


def _read(source: BinaryIO, *, is_csv: bool) -> Iterator[CommentLine]:
    lines = BoundedLines(source)
    comments = read_csv(lines) if is_csv else read_json_lines(lines)
    # disable=None: a bar on a terminal only.
    with tqdm(total=_size_bytes(source), unit="B", unit_scale=True, disable=None) as bar:
        for line in comments:
            yield line
            bar.update(lines.size_bytes - bar.n)


def _size_bytes(source: BinaryIO) -> int | None:
    try:
        return os.fstat(source.fileno()).st_size or None
    except OSError:
        return None


@contextmanager
def _errors_for_people() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # The reader has seen enough, as `head` does; Python would complain of it once more
        # when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(1) from None
    except OSError as error:
        where = error.filename or "the output"
        raise click.ClickException(f"{where}: {error.strerror or error}") from error
    except csv.Error as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _output(path: Path | None, source: BinaryIO | None) -> Iterator[BinaryIO]:
    if path is None:
        with _standard_output() as sink:
            yield sink
        return
    if source is not None and path.exists() and path.samefile(source.name):
        raise click.UsageError(f"{path} is the input as well: write to another file")
    with path.open("wb") as sink:
        yield sink


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    stdout = sys.stdout.buffer
    if not isinstance(stdout, io.RawIOBase):
        yield stdout
        return
    # PYTHONUNBUFFERED: each line would be a system call, and one may write less than the line.
    buffered = io.BufferedWriter(stdout)
    try:
        yield buffered
    finally:
        buffered.detach()


def _score_lines(lines: Iterator[CommentLine], judge: Judge, sink: BinaryIO, *, spans: bool) -> int:
    """Write a result per good line, report the bad ones and return how many those were."""
    n_problems = 0
    # Everything here is freed by reference counts; looking for cycles among the results of
    # a batch takes a tenth of the time.
    gc.disable()
    for batch in _batches(lines):
        bad = [line for line in batch if line.problem]
        for line in bad:
            # tqdm's, since a bar may stand on the last line of the terminal.
            tqdm.write(f"line {line.number}: {line.problem}", file=sys.stderr)
        n_problems += len(bad)
        good = [line for line in batch if not line.problem]
        judgements = judge.judge([line.text for line in good], spans=spans)
        for line, judgement in zip(good, judgements, strict=True):
            result = {"id": line.id} | judgement.to_document()
            sink.write(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE))
        sink.flush()
    return n_problems


def _batches(lines: Iterator[CommentLine]) -> Iterator[list[CommentLine]]:
    batch: list[CommentLine] = []
    n_characters = 0
    for line in lines:
        batch.append(line)
        n_characters += len(line.text)
        if len(batch) == _BATCH_COMMENTS or n_characters >= _BATCH_CHARACTERS:
            yield batch
            batch, n_characters = [], 0
    if batch:
        yield batch
