"""Pieces of clean comments: what is said in a clean comment is clean by itself.

A model that has seen only whole comments overrates short ones: «أنت» alone would look like the
beginning of an insult. Pieces show what everyday words are worth when they stand alone, which is
also how highlighted words are judged.
"""

import zlib
from random import Random
from typing import Final

import numpy as np

from training.examples import Examples

CLEAN_CORPORA: Final = ("aoc_reader_comments", "hespress_comments", "asnd_news_posts")
"""Corpora whose words are those of readers and newspapers, hardly one of them offensive."""
WEIGHT: Final = 0.25
_LENGTHS: Final = (1, 1, 2, 3)  # in words


def pieces(examples: Examples) -> Examples:
    """Return one short piece of each comment of `CLEAN_CORPORA`, with the comment's labels.

    The same comments give the same pieces; a comment of one word has none.
    """
    rows, texts = [], []
    for row in np.flatnonzero(np.isin(examples.corpus, CLEAN_CORPORA)).tolist():
        words = examples.texts[row].split()
        random = Random(zlib.crc32(b"piece:" + examples.ids[row].encode()))  # noqa: S311 -- no secret
        length = random.choice(_LENGTHS)
        if len(words) > length:
            start = random.randrange(len(words) - length + 1)
            rows.append(row)
            texts.append(" ".join(words[start : start + length]))
    taken = examples.take(np.array(rows, dtype=np.int64))
    return taken.rewritten(texts, mark="piece", weight=WEIGHT)
