"""Cutting a text into sentences, with offsets in the units of JavaScript and Java."""

import re

# Question mark, semicolon and the full stop of Urdu.
_END = re.compile(r"(?<=[.!?\u061F\u061B\u06D4…])\s+|\n\s*")
# A text can hold thousands of full stops; what comes after this many is one sentence.
_LIMIT = 100

Range = tuple[int, int]


def sentences(text: str) -> list[Range]:
    """Return the ranges of the sentences in code points, without the blanks between them."""
    ranges: list[Range] = []
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    for gap in _END.finditer(text, start, end):
        if len(ranges) == _LIMIT - 1:
            break
        ranges.append((start, start + len(text[start : gap.start()].rstrip())))
        start = gap.end()
    return [*ranges, (start, end)]


def utf16_length(text: str) -> int:
    """Return how many UTF-16 code units a text has."""
    return len(text.encode("utf-16-le")) // 2


def utf16_ranges(text: str, ranges: list[Range]) -> list[Range]:
    """Turn ranges in code points, ascending and apart, into ranges in UTF-16 code units."""
    found, position, units = [], 0, 0
    for start, end in ranges:
        units += utf16_length(text[position:start])
        begin = units
        units += utf16_length(text[start:end])
        position = end
        found.append((begin, units))
    return found
