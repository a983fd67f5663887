"""The second look: what a comment's evidence is worth in the sentence that it stands in.

A small network over the evidence of all attributes, `moderation.sentence` and what
`moderation.experts` say, for comments that are not plainly harmless by their evidence; the others
keep what the sum gave them, and cost nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.experts import Experts, no_experts
from moderation.features import View
from moderation.sentence import FEATURES, describe
from moderation.text import Canonical
from moderation.types import ATTRIBUTES
from moderation.typography import typed

WEIGHT: Final = 0.9
"""What the network counts for then; the sum over words counts for the rest."""
RETHOUGHT: Final = ("abusive", "identity_hate", "threat")
"""The attributes that have a network, in the order of the networks."""
STARTS_AT: Final = (-1.5, -2.0, -0.5)
"""Evidence from which each of them is looked at again; from one more on that counts in full."""
GIVEN: Final = (*FEATURES, *(f"experts_{name}" for name in RETHOUGHT))
"""What a network is given: what is known of the sentence, and what experts say."""
MOST_UNITS: Final = 256
NO_NETWORKS: Final = np.zeros((0, 0, len(GIVEN) + 2), dtype=np.float32)
NO_EXPERTS: Final = no_experts(len(RETHOUGHT))


@dataclass(frozen=True, slots=True)
class Seen:
    """Comments as the second look sees them.

    Parameters
    ----------
    texts : sequence of str
        As they came.
    canonical : Canonical
        The same in canonical form.
    views : sequence of View
        Their features, those that the model knows and experts weigh.
    """

    texts: Sequence[str]
    canonical: Canonical
    views: Sequence[View]


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The fitted networks, and what they ask.

    Parameters
    ----------
    networks : ndarray of shape (n_networks, n_units, n_given + 2), float32
        Of each unit the weights of what is given, a constant, and what the unit counts for:
        evidence is the sum over units of ``max(0, weights @ given + constant)`` times that. One
        network for each attribute of `RETHOUGHT`, or none at all.
    experts : Experts
        For the attributes of `RETHOUGHT`.
    groups : ndarray of shape (n_names,), uint32
        Hashes of the names of groups: see `moderation.features.are_groups`.
    """

    networks: NDArray[np.float32]
    experts: Experts
    groups: NDArray[np.uint32]

    def rethink(self, seen: Seen, evidence: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the evidence after the second look, of shape (n_comments, n_attributes)."""
        result = evidence.copy()
        columns = [ATTRIBUTES.index(name) for name in RETHOUGHT[: len(self.networks)]]
        starts = STARTS_AT[: len(columns)]
        rows = np.flatnonzero((evidence[:, columns] > starts).any(axis=1))
        if not rows.size:
            return result
        known = describe(seen.texts, seen.canonical, self.groups, evidence, rows.tolist())
        typing = typed([seen.texts[i] for i in rows.tolist()])
        said = self.experts.opinions(seen.views, evidence[rows][:, columns], rows, typing)
        given = np.column_stack((known, said))
        networks = self.networks.astype(np.float64)
        for network, a, start in zip(networks, columns, starts, strict=True):
            before = evidence[rows, a].astype(np.float64)
            share = WEIGHT * np.clip(before - start, 0, 1)
            result[rows, a] = before + share * (answers(network, given) - before)
        return result


def answers(network: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what one network says, of shape (n_comments,), of what it is given."""
    units = np.maximum(given @ network[:, :-2].T + network[:, -2], 0)
    return np.asarray(units @ network[:, -1])
