"""The words by which a comment is found: canonical, with and without what is glued to them."""

import re
from collections.abc import Iterator, Sequence

from moderation.text import canonicalise

_WORD = re.compile(r"[^\W_]+")
# Written onto the next word: and, so, O, the, by, as, to.
_BEFORE = re.compile(r"(?:و|ف)?(?:يا|ال|بال|كال|لل|ب|ل|ك)?")
# The article with what may stand before it: nobody looks for it, everybody types it.
_ARTICLE = re.compile(r"(?:و|ف)?(?:ال|بال|كال|لل)")
# A single letter of a query is taken for a particle only where this many follow: ك is part of كتاب.
_CLEAR = 4
# Written onto the word before: his, her, their, your, our, my.
_AFTER = re.compile(r"(?:ه|ها|هم|هن|هما|ك|كم|كن|نا|ي|ني)$")
# Shorter than this hardly anything is a word by itself.
_SHORTEST = 3
_LONGEST = 64


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """Return for each text the words under which it is found, each once."""
    canonical = canonicalise(texts)
    return [
        list(dict.fromkeys(form for word in _split(canonical.text(i)) for form in _forms(word)))
        for i in range(len(texts))
    ]


def wanted_words(query: str) -> list[list[str]]:
    """Return for each word of a query its spellings, one of which a comment must have."""
    words = _split(canonicalise([query]).text(0))
    # The canonical form parts some words from what is glued to them; a particle by itself is not
    # looked for unless it is all that is asked for.
    wanted = [word for word in words if not _BEFORE.fullmatch(word)] or words
    return [list(dict.fromkeys([word, *_shorter(word)])) for word in wanted]


def _split(canonical: str) -> list[str]:
    return [word[:_LONGEST] for word in _WORD.findall(canonical)]


def _forms(word: str) -> Iterator[str]:
    for form in (word, *_without_particles(word)):
        yield form
        ending = _AFTER.search(form)
        if ending and ending.start() >= _SHORTEST:
            yield form[: ending.start()]


def _without_particles(word: str, *, shortest: int = _SHORTEST) -> Iterator[str]:
    """Leave out one particle after the other: each rest may be what someone looks for."""
    whole = _BEFORE.match(word)
    ends = {1} if word[:1] in {"و", "ف"} else set()
    if whole:
        ends.add(whole.end())
    for end in sorted(ends - {0}):
        if len(word) - end >= shortest:
            yield word[end:]


def _shorter(word: str) -> Iterator[str]:
    found = _ARTICLE.match(word)
    if found and len(word) - found.end() >= _SHORTEST:
        yield word[found.end() :]
    yield from _without_particles(word, shortest=_CLEAR)
