"""`ghirbal score`: comments in, scores and actions out; nothing is stored and no server needed."""

import csv
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
from tqdm import tqdm

from service.bulk import Done, Task, model_of, score_part, score_parts
from service.bulk_input import Format, Part, Place, cut, guess_format
from service.bulk_journal import Journal, Progress, facts_of
from service.comment_lines import CommentLine, text_problem
from service.errors import InputError
from service.rules import load_policy

_NOTE_EVERY_S = 0.5  # how much work a kill may cost


@click.command()
@click.argument("source", metavar="[FILE]", type=click.File("rb"), required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    help="What FILE holds.  [default: by its name, else jsonl]",
)
@click.option("--csv", "is_csv", is_flag=True, help="The same as --format csv.")
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
    help="Write here instead of standard output; compressed if the name ends in .gz.",
)
@click.option(
    "--no-spans", is_flag=True, help="Do not look for the words behind scores; a little faster."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Processes to use for a long input.  [default: one per core]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on where a run with the same arguments was interrupted; needs --output.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Let the workers of a Dask scheduler do it, as tcp://host:8786.",
)
def score(*, source: BinaryIO | None, text: str | None, **options: Any) -> None:  # noqa: ANN401 - click's
    """Score comments and decide what happens to them.

    Reads FILE, or standard input, one JSON object a line: {"id": ..., "text": "..."}. The id may
    be a string or an integer, or be left out (it is null then); other keys are ignored, blank
    lines passed over. Of CSV and Parquet the columns `id` and `text` are read and others ignored.
    Input compressed with gzip is seen to be so.

    Writes one JSON object a line, in the order of the input:

    \b
      {"id", "scores": {attribute: 0 to 1}, "action": "approve|review|reject",
       "reasons": [...], "spans": [{"start", "end", "attribute", "score"}],
       "model", "policy"}

    Spans are the words that offend, in code points of the text, also of a comment that only comes
    near a threshold and is approved.

    A line that is not UTF-8, not JSON (or CSV), has no text or more than 20,480 bytes of it is
    reported on standard error with its number; the others are scored and the exit status is 1.
    """  # noqa: D301 - click wants the backspace itself, before what it shall not wrap
    with _errors_for_people():
        if text is not None:
            alone = source is None and not options["is_csv"] and options["format_"] is None
            n_problems = _score_text(text, options, alone=alone)
        else:
            n_problems = _score_file(source or _standard_input(), options)
    if n_problems:
        raise click.exceptions.Exit(1)


def _score_text(text: str, options: dict[str, Any], *, alone: bool) -> int:
    if not alone:
        raise click.UsageError("--text takes the place of FILE and --csv: leave those out")
    if problem := text_problem(text):
        raise click.BadParameter(problem, param_hint="--text")
    task, _ = _task(options)
    done = score_part(Part([CommentLine(1, None, text, "")], 1, Place()), task)
    with _output(options["output_path"], None, Progress()) as sink:
        sink.write(done.output)
    return 0


def _score_file(source: BinaryIO, options: dict[str, Any]) -> int:
    output = options["output_path"]
    format_: Format = options["format_"] or ("csv" if options["is_csv"] else _named(source))
    task, facts = _task(options)
    journal = None
    if output is not None and not _is_device(output):
        journal = Journal(output, facts_of(source, facts | {"format": format_}))
    elif options["resume"]:
        raise click.UsageError("--resume needs --output: it goes on with that file")
    progress = journal.read() if journal and options["resume"] else Progress()
    with _output(output, source, progress) as sink:
        parts = cut(source, format_, after=progress.place)
        with _bar(source, format_) as show:
            done = score_parts(parts, task, jobs=options["jobs"] or -1, cluster=options["cluster"])
            with closing(done):
                n_problems = _write(done, sink, progress, journal=journal, show=show)
    if journal:
        journal.remove()
    return n_problems


def _named(source: BinaryIO) -> Format:
    return guess_format(str(getattr(source, "name", "")))


def _task(options: dict[str, Any]) -> tuple[Task, dict[str, str]]:
    """Return what to do with each comment, and the facts that a resumed run must share."""
    path, output = options["policy_path"], options["output_path"]
    model_path, version, weights = model_of(options["model_path"])
    policy = _policy(path) if path else ""
    task = Task(
        model_path=model_path,
        weights=weights,
        policy=policy,
        spans=not options["no_spans"],
        gzipped=output is not None and output.suffix == ".gz",
    )
    return task, {"model": f"{version} {weights}", "policy": policy, "spans": str(task.spans)}


def _policy(path: Path) -> str:
    policy, rules = load_policy(path)
    if rules.first_comments or rules.rejection_rate is not None:
        click.echo(f"{path}: rules about authors do not apply to a file", err=True)
    return json.dumps(policy.to_document())


def _write(
    results: Iterator[Done],
    sink: BinaryIO,
    progress: Progress,
    *,
    journal: Journal | None,
    show: Callable[[Done], None],
) -> int:
    """Write results, report bad lines, note the progress; return how many bad lines there were."""
    size_bytes, problems, noted_at = progress.size_bytes, progress.problems, time.monotonic()
    for done in results:
        for problem in done.problems:
            # tqdm's, since a bar may stand on the last line of the terminal.
            tqdm.write(problem, file=sys.stderr)
        if journal:
            sink.write(done.output)
        else:
            # Line by line: what a signal interrupts is then a whole one.
            sink.writelines(done.output.splitlines(keepends=True))
        sink.flush()
        size_bytes += len(done.output)
        problems += len(done.problems)
        if journal and time.monotonic() - noted_at > _NOTE_EVERY_S:
            # First the results, then the note: behind a note nothing may be missing.
            os.fsync(sink.fileno())
            journal.write(Progress(done.end, size_bytes, problems))
            noted_at = time.monotonic()
        show(done)
    return problems


@contextmanager
def _bar(source: BinaryIO, format_: Format) -> Iterator[Callable[[Done], None]]:
    """Show on a terminal how much is done, how fast it goes, and when it will be."""
    total = None if format_ == "parquet" else _size_bytes(source)
    comments, since = 0, time.monotonic()
    # disable=None: a bar on a terminal only.
    with tqdm(total=total, unit="B", unit_scale=True, disable=None) as bar:

        def show(done: Done) -> None:
            nonlocal comments
            comments += done.comments
            rate = comments / max(time.monotonic() - since, 1e-3)
            bar.set_postfix_str(f"{comments:,} comments, {rate:,.0f}/s", refresh=False)
            bar.update((source.tell() if total else done.end.unit) - bar.n)

        yield show


def _size_bytes(source: BinaryIO) -> int | None:
    try:
        return (os.fstat(source.fileno()).st_size or None) if source.seekable() else None
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
def _output(path: Path | None, source: BinaryIO | None, progress: Progress) -> Iterator[BinaryIO]:
    if path is None:
        with _standard_output() as sink:
            yield sink
        return
    if _is_device(path):
        with path.open("wb") as sink:
            yield sink
        return
    if source is not None and _is_file(path, source):
        raise click.UsageError(f"{path} is the input as well: write to another file")
    with path.open("r+b" if progress.size_bytes else "wb") as sink:
        if sink.seek(0, os.SEEK_END) < progress.size_bytes:
            raise InputError(f"{path} is shorter than it was: leave --resume out to start anew")
        sink.truncate(progress.size_bytes)
        sink.seek(progress.size_bytes)
        yield sink


def _is_device(path: Path) -> bool:
    """Whether `path` can neither be shortened nor gone on with, as a pipe or /dev/null."""
    return path.exists() and not path.is_file()


def _is_file(path: Path, source: BinaryIO) -> bool:
    """Whether `path` is the very file that `source` reads."""
    try:
        return os.path.samestat(path.stat(), os.fstat(source.fileno()))
    except OSError:  # also of a stream without a descriptor
        return False


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InputError("standard input is closed: name a file")
    return sys.stdin.buffer


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    if sys.stdout is None:
        raise InputError("standard output is closed: name a file by --output")
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
