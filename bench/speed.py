"""Measures speed on one core, beside scikit-learn's usual pipeline; writes reports/speed.json."""

import csv
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

# Before NumPy is imported: its libraries read these once.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import click  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import Pipeline, make_pipeline  # noqa: E402

from moderation import Action, Scorer, __version__, load_scorer  # noqa: E402

ROOT = Path(__file__).parent.parent
ORDINARY = Path(__file__).with_name("ordinary.txt")
SEED = ROOT / "data" / "seed" / "comments.csv"
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
BULK = 36_000
SINGLE = 500
ROUNDS = 3


def read_seed() -> list[dict[str, str]]:
    """Return the seed comments, columns by name."""
    with SEED.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def make_comments(seed: list[dict[str, str]], count: int) -> list[str]:
    """Return comments of about 100 characters, one in ten abusive.

    One word in eight is respelled: real comments keep bringing new words, and no cache may
    live on their absence.
    """
    chance = random.Random(20_261_123)  # noqa: S311 - the same comments on every run
    ordinary = ORDINARY.read_text(encoding="utf-8").splitlines()
    abusive = [row["text"] for row in seed if row["abusive"] == "1"]
    comments = []
    for _ in range(count):
        comment = chance.choice(abusive if chance.random() < 0.1 else ordinary)
        while len(comment) < 85:
            comment = f"{comment} {chance.choice(ordinary)}"
        words = comment.split()
        for at in range(chance.randrange(8), len(words), 8):
            cut = chance.randrange(len(words[at]))
            words[at] = words[at][:cut] + chance.choice(LETTERS) + words[at][cut + 1 :]
        comments.append(" ".join(words))
    return comments


def fit_baseline(seed: list[dict[str, str]]) -> Pipeline:
    """Fit what a data scientist would write first, for the label `abusive`."""
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        LogisticRegression(),
    )
    texts = [row["text"] for row in seed]
    return pipeline.fit(texts, [row["abusive"] for row in seed])


def best_time_s(run: Callable[[], object]) -> float:
    """Return the shortest of a few runs: the others had company on the core."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def process_time_s(*arguments: str) -> float:
    """Return how long a fresh interpreter takes, from start to end."""

    def run() -> None:
        subprocess.run(  # noqa: S603 - the interpreter of this very process
            [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True
        )

    return best_time_s(run)


def measure_start() -> dict[str, float]:
    """Time from the start of a process to its first score, in seconds."""
    score_one = "from moderation import load_scorer; load_scorer().score(['شكرا'], spans=True)"
    return {
        "python alone": process_time_s("-c", "pass"),
        "import numpy": process_time_s("-c", "import numpy"),
        "Scorer, first score": process_time_s("-c", score_one),
        "ghirbal score --text": process_time_s("-m", "service.cli", "score", "--text", "شكرا"),
        "import scikit-learn": process_time_s("-c", "import sklearn.pipeline"),
    }


def measure_single(score: Callable[[list[str]], object], comments: list[str]) -> dict[str, float]:
    """Time per comment, one call each, in microseconds."""
    times = []
    for comment in comments[:SINGLE]:
        start = time.perf_counter()
        score([comment])
        times.append((time.perf_counter() - start) * 1e6)
    return {"p50": statistics.median(times), "p99": statistics.quantiles(times, n=100)[98]}


def measure_command(comments: list[str], *options: str) -> float:
    """Comments a second through `ghirbal score`, its start taken off."""
    with TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.jsonl", Path(folder) / "many.jsonl"
        lines = [
            json.dumps({"id": str(number), "text": text}, ensure_ascii=False) + "\n"
            for number, text in enumerate(comments)
        ]
        few.write_text(lines[0], encoding="utf-8")
        many.write_text("".join(lines), encoding="utf-8")
        command = ("-m", "service.cli", "score", *options)
        start_s = process_time_s(*command, str(few))
        return (len(comments) - 1) / (process_time_s(*command, str(many)) - start_s)


def held_back(scorer: Scorer, comments: list[str]) -> float:
    """Return the share of comments that are not approved: only those are searched for spans."""
    policy = scorer.default_policy()
    scores = scorer.score(comments, spans=False)
    actions = [
        policy.decide(text, score).action for text, score in zip(comments, scores, strict=True)
    ]
    return 1 - actions.count(Action.APPROVE) / len(actions)


def measure_bulk(scorer: Scorer, baseline: Pipeline, comments: list[str]) -> dict[str, float]:
    """Comments a second, in bulk."""
    count = len(comments)
    return {
        "Scorer.score": count / best_time_s(lambda: scorer.score(comments, spans=False)),
        "Scorer.score, spans": count / best_time_s(lambda: scorer.score(comments, spans=True)),
        "ghirbal score": measure_command(comments),
        "ghirbal score --no-spans": measure_command(comments, "--no-spans"),
        # A fifth of the comments: it is slow, and a rate does not mind.
        "scikit-learn TF-IDF + LR": count
        / 5
        / best_time_s(lambda: baseline.predict_proba(comments[: count // 5])),
    }


def table(title: str, unit: str, rows: dict[str, float], base: str) -> str:
    """Return `rows` as a table, each with its ratio to the row named `base`."""
    lines = [f"{title} ({unit})"]
    for name, value in rows.items():
        lines.append(f"  {name:<28}{value:>12,.2f}{value / rows[base]:>10.2f} x")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the tables and write the report."""
    seed = read_seed()
    comments = make_comments(seed, BULK)
    scorer, baseline = load_scorer(), fit_baseline(seed)
    start = measure_start()
    single = {
        f"{name}, {quantile}": value
        for name, score in (
            ("Scorer.score, spans", lambda texts: scorer.score(texts, spans=True)),
            ("scikit-learn", baseline.predict_proba),
        )
        for quantile, value in measure_single(score, comments).items()
    }
    bulk = measure_bulk(scorer, baseline, comments)
    mean = statistics.mean(map(len, comments))
    share = held_back(scorer, comments)
    click.echo(
        f"{len(comments):,} comments of {mean:.0f} characters, {share:.1%} held back; one core\n"
    )
    click.echo(table("Process start to end", "s", start, "import scikit-learn"))
    click.echo(table("One comment a call", "µs", single, "scikit-learn, p50"))
    click.echo(table("In bulk", "comments/s", bulk, "scikit-learn TF-IDF + LR"))
    report = {
        "version": __version__,
        "model": scorer.version,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "n_comments": len(comments),
        "mean_characters": round(mean, 1),
        "share_held_back": round(share, 4),
        "start_s": start,
        "single_us": single,
        "bulk_per_s": bulk,
    }
    path = ROOT / "reports" / "speed.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"\nwritten to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
