"""`ghirbal score`: comments in, scores and actions out; nothing is stored and no server needed."""

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson
from tqdm import tqdm

from moderation import Action, CommentScore, ModerationError, Outcome, Policy, Scorer, load_scorer
from service.comment_lines import (
    BoundedLines,
    CommentLine,
    read_csv,
    read_json_lines,
    text_problem,
)

# Enough for the arrays to carry the work, little enough for memory to stay flat.
_BATCH_COMMENTS = 2_000
_BATCH_CHARACTERS = 500_000
_DIGITS = 6


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
@click.option("--no-spans", is_flag=True, help="Leave `spans` empty; a little faster.")
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
    r"""Score comments and decide what happens to them.

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
    """
    if text is not None:
        lines = _one_comment(text, alone=not source and not is_csv)
    else:
        lines = _read(source or sys.stdin.buffer, is_csv=is_csv)
    with _errors_for_people():
        scorer = load_scorer(model_path)
        policy = Policy.load(policy_path) if policy_path else scorer.default_policy()
        judge = _Judge(scorer, policy, with_spans=not no_spans)
        with _output(output_path, source) as sink:
            n_problems = _score_lines(lines, judge, sink)
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
    except (ModerationError, OSError, csv.Error) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _output(path: Path | None, source: BinaryIO | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    if source is not None and path.exists() and path.samefile(source.name):
        raise click.UsageError(f"{path} is the input as well: write to another file")
    with path.open("wb") as sink:
        yield sink


def _score_lines(lines: Iterator[CommentLine], judge: "_Judge", sink: BinaryIO) -> int:
    """Write a result per good line, report the bad ones and return how many those were."""
    n_problems = 0
    for batch in _batches(lines):
        good = []
        for line in batch:
            if line.problem:
                n_problems += 1
                # tqdm's, since a bar may stand on the last line of the terminal.
                tqdm.write(f"line {line.number}: {line.problem}", file=sys.stderr)
            else:
                good.append(line)
        sink.write(b"".join(judge.results(good)))
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


@dataclass(frozen=True, slots=True)
class _Judge:
    scorer: Scorer
    policy: Policy
    with_spans: bool

    def results(self, lines: Sequence[CommentLine]) -> Iterator[bytes]:
        """Return one line of JSON per comment, in order."""
        texts = [line.text for line in lines]
        scores = self.scorer.score(texts, spans=False)
        for line, score, outcome in zip(lines, scores, self._outcomes(texts, scores), strict=True):
            yield orjson.dumps(_document(line, score, outcome), option=orjson.OPT_APPEND_NEWLINE)

    def _outcomes(self, texts: list[str], scores: list[CommentScore]) -> list[Outcome]:
        outcomes = list(map(self.policy.decide, texts, scores))
        if not self.with_spans:
            return [replace(outcome, spans=()) for outcome in outcomes]
        # Only what is not approved has spans: most comments are never searched for them.
        hits = [n for n, outcome in enumerate(outcomes) if outcome.action is not Action.APPROVE]
        hit_texts = [texts[n] for n in hits]
        for n, score in zip(hits, self.scorer.score(hit_texts, spans=True), strict=True):
            outcomes[n] = self.policy.decide(texts[n], score)
        return outcomes


def _document(line: CommentLine, score: CommentScore, outcome: Outcome) -> dict[str, Any]:
    return {
        "id": line.id,
        "scores": {name: round(value, _DIGITS) for name, value in score.scores.items()},
        "action": outcome.action,
        "reasons": outcome.reasons,
        "spans": [
            {
                "start": span.start,
                "end": span.end,
                "attribute": span.attribute,
                "score": round(span.score, _DIGITS),
            }
            for span in outcome.spans
        ],
        "model": score.model,
        "policy": outcome.policy,
    }
