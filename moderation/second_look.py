"""The second look: what a comment's evidence is worth in the sentence that it stands in.

A small network over the evidence of all attributes and `moderation.sentence`, for comments whose
evidence comes near to anything; the others keep what the sum gave them, and cost nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.sentence import FEATURES, describe
from moderation.text import Canonical
from moderation.types import ATTRIBUTES

STARTS_AT: Final = -0.5
"""Evidence from which an attribute is looked at again; from one more on that counts in full."""
WEIGHT: Final = 0.8
"""What the network counts for then; the sum over words counts for the rest."""
RETHOUGHT: Final = ("abusive", "identity_hate", "threat")
"""The attributes that have a network, in the order of the networks."""
MOST_UNITS: Final = 256
NO_NETWORKS: Final = np.zeros((0, 0, len(FEATURES) + 2), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The fitted networks.

    Parameters
    ----------
    networks : ndarray of shape (n_networks, n_units, n_features + 2), float32
        Of each unit the weights of the features, a constant, and what the unit counts for: evidence
        is the sum over units of ``max(0, weights @ features + constant)`` times that. One network
        for each attribute of `RETHOUGHT`, or none at all.
    """

    networks: NDArray[np.float32]

    def rethink(
        self,
        texts: Sequence[str],
        canonical: Canonical,
        groups: NDArray[np.uint32],
        evidence: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return the evidence after the second look; parameters as those of `describe`."""
        result = evidence.copy()
        columns = [ATTRIBUTES.index(name) for name in RETHOUGHT[: len(self.networks)]]
        rows = np.flatnonzero((evidence[:, columns] > STARTS_AT).any(axis=1))
        if not rows.size:
            return result
        found = describe(texts, canonical, groups, evidence, rows.tolist())
        for network, a in zip(self.networks.astype(np.float64), columns, strict=True):
            before = evidence[rows, a].astype(np.float64)
            share = WEIGHT * np.clip(before - STARTS_AT, 0, 1)
            result[rows, a] = before + share * (answers(network, found) - before)
        return result


def answers(network: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what one network says, of shape (n_comments,), of what `describe` returned."""
    units = np.maximum(found @ network[:, :-2].T + network[:, -2], 0)
    return np.asarray(units @ network[:, -1])
