"""The second look: what a comment's evidence is worth in the sentence that it stands in.

A small network over the evidence of all attributes, `moderation.sentence` and what
`moderation.experts` say, and behind it what the places that a comment may be from make of all that.
For comments that are not plainly harmless by their evidence; the others keep what the sum gave
them, and cost nothing.
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
"""What the network counts for there; the sum over words counts for the rest."""
JUDGED: Final = 0.7
"""What the judges of `moderation.experts` count for behind it: the more, the better for places that
have one, and the worse for all others."""
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
        columns = [ATTRIBUTES.index(name) for name in RETHOUGHT]
        rows = np.flatnonzero((evidence[:, columns] > STARTS_AT).any(axis=1))
        if not rows.size or not len(self.networks):
            return result
        known = describe(seen.texts, seen.canonical, self.groups, evidence, rows.tolist())
        typing = typed([seen.texts[i] for i in rows.tolist()])
        sums = evidence[rows]
        heard = self.experts.hear(seen.views, sums[:, columns], rows, typing)
        given = np.column_stack((known, heard.opinions))
        after = think(self.networks, given, sums[:, columns])
        judged = self.experts.judge(heard, after, sums)
        last = after + JUDGED * shares_of(sums[:, columns]) * (judged - after)
        for k, a in enumerate(columns):
            result[rows, a] = last[:, k]
        return result


def shares_of(evidence: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far comments are looked at again, from 0 to 1.

    Parameters
    ----------
    evidence : ndarray of shape (n_comments, n_rethought), float32
        Of the attributes of `RETHOUGHT`, by the sums over words.
    """
    return np.clip(evidence.astype(np.float64) - STARTS_AT, 0, 1)


def think(
    networks: NDArray[np.float32], given: NDArray[np.float64], sums: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the evidence of `RETHOUGHT` after the networks have answered.

    Parameters
    ----------
    networks : ndarray of shape (n_rethought, n_units, n_given + 2), float32
        See `SecondLook`.
    given : ndarray of shape (n_comments, n_given), float64
        What they are given.
    sums : ndarray of shape (n_comments, n_rethought), float32
        The evidence before.
    """
    answered = [answers(network, given) for network in networks.astype(np.float64)]
    after = sums + WEIGHT * shares_of(sums) * (np.stack(answered, axis=1) - sums)
    return after.astype(np.float32)


def answers(network: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what one network says, of shape (n_comments,), of what it is given."""
    units = np.maximum(given @ network[:, :-2].T + network[:, -2], 0)
    return np.asarray(units @ network[:, -1])
