"""Writes a model's card from its manifest: its data, its figures, its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.sources import Corpus

_LIMITS = """\
## What it cannot do

- It reads one comment at a time: not the article, not the parent comment, no pictures, no links.
- It takes words at face value: sarcasm, allusion and insults in fine language pass, and a quoted
  insult counts as one.
- The corpora disagree on what abuse is. A score is the likelihood that a reader would apply the
  label, not how bad a comment is, and never a verdict: a moderator decides.
- Most labelled text is from Twitter, YouTube and Facebook between 2012 and 2023. New names, new
  insults and dialects that are missing from the table are scored worse.
"""


def write_card(manifest: Mapping[str, Any], sources: Sequence[Corpus]) -> str:
    """Return the card as Markdown."""
    parts = [f"# Model {manifest['version']}\n"]
    if manifest["toy"]:
        parts.append(
            "**This is a toy.** It was fitted on a few hundred examples that come with the code, "
            "to show how fitting works. Do not moderate with it.\n"
        )
    parts.append(
        "Linear model on hashed n-grams of the canonical form, one head per attribute: tf-idf "
        "times the naive-Bayes log-count ratio, logistic loss, one bias per domain in fitting that "
        "is dropped in scoring. Calibrated, and its thresholds chosen, on one in twelve of the "
        "training comments, which were left out of fitting. The figures below are measured on dev "
        "splits that were used for neither.\n"
    )
    metrics = manifest["metrics"]
    parts += [_attributes(manifest), _corpora(metrics), _published(metrics)]
    parts.append(_data(manifest, sources))
    return "\n".join([*parts, _LIMITS])


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _attributes(manifest: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            manifest["positives"][name],
            cut["review_at"],
            cut.get("reject_at", "never"),
            manifest["metrics"]["calibration_error"].get(name, ""),
        )
        for name, cut in manifest["thresholds"].items()
    ]
    head = ("attribute", "positive examples", "review at", "reject at", "calibration error on dev")
    return "## Attributes\n\n" + _table(head, rows)


def _corpora(metrics: Mapping[str, Any]) -> str:
    head = ("corpus", "attribute", "comments", "positive", "AUC", "macro-F1 at the threshold",
            "best macro-F1", "precision", "recall")  # fmt: skip
    rows = [
        (name, c["attribute"], c["comments"], c["positives"], c["auc"], c["macro_f1"],
         c["best_macro_f1"], c["precision"], c["recall"])
        for name, c in metrics["corpora"].items()
        if "auc" in c
    ]  # fmt: skip
    return (
        "## Labelled corpora, dev splits\n\n"
        "AUC and macro-F1 for the attribute that the corpus labels; precision and recall of the "
        "default policy, whatever the reason.\n\n"
        + _table(head, rows)
        + f"\nMean AUC: {metrics['mean_auc']}\n"
    )


def _published(metrics: Mapping[str, Any]) -> str:
    at_recall = metrics.get("published_at_recall", {})
    head = ("corpus", "comments", "held back by the default policy",
            *(f"at recall {recall} on OSACT4" for recall in at_recall))  # fmt: skip
    rows = [
        (name, c["comments"], c["held_back"], *(shares[name] for shares in at_recall.values()))
        for name, c in metrics["corpora"].items()
        if "auc" not in c
    ]
    if not rows:
        return ""
    return (
        "## Published comments, news and ordinary posts, dev splits\n\n"
        "Share that would go to review or be rejected. Some 5 to 8 % of the published comments are "
        "mildly insulting.\n\n" + _table(head, rows)
    )


def _data(manifest: Mapping[str, Any], sources: Sequence[Corpus]) -> str:
    known = {corpus.name: corpus for corpus in sources}
    rows = [
        (name, count, known[name].licence, known[name].citation)
        for name, count in manifest["corpora"].items()
        if name in known
    ]
    if not rows:
        return ""
    return (
        "## Data\n\nTraining comments used. The originals are named in `data/sources.toml`; their "
        "texts are neither in this project nor in the model.\n\n"
        + _table(("corpus", "comments", "licence", "citation"), rows)
    )
