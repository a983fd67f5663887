"""Fits one head again on other comments or labels; features are counted once and cached."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from joblib import Memory
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

import moderation
from moderation import ATTRIBUTES
from moderation.features import FeatureSettings
from training.disguise import disguised
from training.examples import Examples, join
from training.fit import FitSettings, fit_head
from training.groups import hash_groups, read_groups
from training.matrix import (
    choose_features,
    count_features,
    inverse_document_frequency,
    keep_features,
    tf_idf,
)
from training.written import SPELLINGS

CACHE: Final = Path(".cache", "features")
_HASHED_BY: Final = ("*.py", "*.txt", "native/*.[ch]")


@dataclass(frozen=True, slots=True)
class Material:
    """Comments to fit on and to measure on, with their features.

    Parameters
    ----------
    examples : Examples
        Train rows, their disguised copies, and dev rows.
    counts : csr_matrix of shape (n_comments, n_features)
        Occurrences of each feature.
    text_ids : ndarray of shape (n_comments,), int64
        Equal for comments of equal canonical text.
    """

    examples: Examples
    counts: csr_matrix
    text_ids: NDArray[np.int64]

    @property
    def train(self) -> NDArray[np.bool_]:
        """Mark the comments to fit on."""
        return np.asarray(self.examples.split == "train")

    def dev(self, corpus: str) -> NDArray[np.bool_]:
        """Mark the comments of a corpus to measure on."""
        return np.asarray((self.examples.split == "dev") & (self.examples.corpus == corpus))


def prepare(
    examples: Examples, settings: FitSettings, *, n_jobs: int, cache: Path = CACHE
) -> Material:
    """Count the features of all comments, or find them counted in `cache`."""
    said = (examples.weights > 0).any(axis=1) | (examples.measured >= 0)
    train = examples.take(np.flatnonzero((examples.split == "train") & said))
    dev = examples.take(np.flatnonzero(examples.split == "dev"))
    comments = train.take(np.flatnonzero(train.corpus != SPELLINGS))
    rows = join([train, disguised(comments), dev])
    groups = hash_groups(read_groups())
    # Memory-mapped, so that all processes share one copy.
    counted = Memory(cache, mmap_mode="r", verbose=0).cache(_counted, ignore=["texts", "n_jobs"])
    counts = counted(
        rows.texts,
        settings.features,
        groups,
        min_comments=settings.min_comments,
        key=_key(rows.texts),
        n_jobs=n_jobs,
    )
    return Material(rows, counts, rows.text_ids())


def _counted(
    texts: Sequence[str],
    features: FeatureSettings,
    groups: NDArray[np.uint32],
    *,
    min_comments: int,
    key: str,
    n_jobs: int,
) -> csr_matrix:
    # Not read, but a part of what the cache finds the counts by.
    del key
    counts = count_features(texts, features, groups, n_jobs=n_jobs)
    return keep_features(counts, choose_features(counts, min_comments=min_comments))


def _key(texts: Sequence[str]) -> str:
    """Return a hash of texts and of all that their features are computed by."""
    root = Path(moderation.__file__).parent
    files = sorted(path for pattern in _HASHED_BY for path in root.glob(pattern))
    digest = hashlib.sha256()
    for path in (*files, Path(__file__), Path(__file__).with_name("matrix.py")):
        digest.update(path.read_bytes())
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def refit(
    material: Material,
    examples: Examples,
    *,
    fit_on: NDArray[np.bool_],
    score: NDArray[np.bool_],
    attribute: str,
    settings: FitSettings,
) -> NDArray[np.float32]:
    """Fit the head of one attribute and score comments with it.

    Parameters
    ----------
    material : Material
        The comments.
    examples : Examples
        The same comments, maybe with other labels and weights.
    fit_on, score : ndarray of shape (n_comments,), bool
        Which to fit on, which to score. What equals one to score is not fitted on.
    attribute : str
        One of `ATTRIBUTES`.
    settings : FitSettings
        As in any fit.

    Returns
    -------
    ndarray of shape (n_scored,), float32
        Evidence, not calibrated.
    """
    a = ATTRIBUTES.index(attribute)
    unseen = ~np.isin(material.text_ids, material.text_ids[score])
    rows = np.flatnonzero(fit_on & unseen)
    known = material.counts[rows]
    columns = np.flatnonzero(known.getnnz(axis=0) >= settings.min_comments)
    known = known[:, columns]
    idf = inverse_document_frequency(known)
    said = np.flatnonzero(examples.weights[rows, a] > 0)
    _, domains = np.unique(examples.domain[rows[said]], return_inverse=True)
    with threadpool_limits(limits=1):
        head = fit_head(
            tf_idf(known[said], idf),
            examples.labels[rows[said], a].astype(np.float32),
            examples.weights[rows[said], a],
            domains,
            settings,
        )
    del known
    new = tf_idf(material.counts[np.flatnonzero(score)][:, columns], idf)
    return np.asarray(new @ head.weights, dtype=np.float32)
