"""More training comments by writing some of them as people write who want to pass a filter."""

import zlib
from random import Random
from typing import Final

import numpy as np

from training.evasion import LEARNED, rewrite_all, words_of
from training.examples import Examples

EVERY: Final = 3  # one comment in three gets a disguised copy
WEIGHT: Final = 0.5
_SHARE: Final = 0.4  # of the words


def disguised(examples: Examples) -> Examples:
    """Return rewritten copies of some comments with the labels of the originals.

    Abusive and clean comments alike: or a hidden word as such would be learned as abuse. None is
    spelled in Latin letters: such words are read as Arabic ones where they can be, and the copies,
    which nobody would write like that, taught what people do write in Latin letters the worse. The
    same comments give the same copies.
    """
    rows, texts = [], []
    for i, (name, text) in enumerate(zip(examples.ids, examples.texts, strict=True)):
        mark = zlib.crc32(b"disguise:" + name.encode())
        if mark % EVERY:
            continue
        random = Random(mark)  # noqa: S311 -- not for secrets
        style = random.choice(LEARNED)
        chosen = [word for word in words_of(text) if random.random() < _SHARE]
        copy = rewrite_all(text, chosen, style, mark) if chosen else None
        if copy is not None:
            rows.append(i)
            texts.append(copy)
    taken = examples.take(np.array(rows, dtype=np.int64))
    return taken.rewritten(texts, mark="disguised", weight=WEIGHT)
