"""What Ghirbal is measured beside: the direct peer, and what a data scientist would write first."""

import subprocess
import sys
import venv
from pathlib import Path

import click
import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from training.written import read_written

PEER = "arabic-toxic==0.2.3"
_FIT_ON = 6_000


def peer_python(folder: Path) -> Path | None:
    """Return the Python of an environment that has the peer; None where it cannot be had."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", PEER]
        run = subprocess.run(install, capture_output=True, text=True)  # noqa: S603 - pip, with a fixed name
        if run.returncode:
            click.echo(f"{PEER} cannot be installed, so it is not measured", err=True)
            return None
    has = subprocess.run([str(python), "-c", "import arabic_toxic"], capture_output=True)  # noqa: S603 - as above
    return python if has.returncode == 0 else None


def fit_baseline(path: Path) -> None:
    """Fit TF-IDF and logistic regression on the written comments, all attributes."""
    examples = read_written()
    step = max(1, len(examples.texts) // _FIT_ON)
    labels = (examples.labels[::step] > 0).astype(int)
    pipeline = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(max_iter=200)),
    )
    click.echo(f"fitting scikit-learn on {len(labels):,} comments ...", err=True)
    joblib.dump(pipeline.fit(examples.texts[::step], labels), path)


if __name__ == "__main__":
    fit_baseline(Path(sys.argv[1]))
