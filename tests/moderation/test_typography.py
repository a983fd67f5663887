import numpy as np
import pytest

from moderation.typography import COUNTED, SHORT, typed

N = len(COUNTED)


def counts(text):
    [found] = typed([text])
    # What is there is told by the first half, by a share of one that all characters tell.
    found = np.rint(np.expm1(found[N:] / found[0])).astype(int)
    return {name: n for name, n in zip(COUNTED, found.tolist(), strict=True) if n}


def test_characters_are_counted_by_class():
    assert counts("أحمد يا @x7") == {
        "all": 12, "newline": 1, "hamza": 1, "letter": 3, "space": 2, "yeh": 1, "alef": 1,
        "at": 1, "small": 1, "digit": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "times"),
    [
        ("مدرسة جميلة", "ends_in_marbuta", 2),
        ("مدرسه جميله", "ends_in_heh", 2),
        ("علي في", "ends_in_yeh", 2),
        ("على، مستشفى", "ends_in_maksura", 2),
        ("هي", "ends_in_heh", 0),
        ("نعم...", "stops", 2),
        ("نعم.", "line_ends_in_stop", 1),
        ("نعم ؟", "space_before_stop", 1),
        ("نعم  لا ", "spaces", 1),
        ("نعم  لا ", "line_ends_in_space", 1),
        ("نعم\nلا", "newline", 2),
        ("\ufee3\ufeaa\ufead\ufeb3\ufe94", "ends_in_marbuta", 1),
        ("“نعم”", "other", 2),
        ("😂🌷", "emoji", 2),
        ("\ud800", "other", 0),
    ],
)
def test_spellings_and_signs_are_counted(text, name, times):
    assert counts(text).get(name, 0) == times


@pytest.mark.parametrize(
    "text",
    [
        "مدرسة\u00a0جميلة، نعم.",
        "مدرسة\tجميلة،\u2003نعم.",
        "مدرسة&nbsp;جميلة،&nbsp;نعم.",
        "م\u064eد\u0652ر\u064eس\u064eة\u064c جميلـة، نعم.",
        "\u200fمدرسة\u200c جميلة،\u200b نعم.\u200f",
        "\ufee3\ufea9\ufead\ufeb3\ufe94 جميلة، نعم.",
    ],
)
def test_what_nobody_sees_tells_nothing(text):
    assert typed([text]).tolist() == typed(["مدرسة جميلة، نعم."]).tolist()


def test_a_line_may_end_in_two_characters():
    assert typed(["نعم.\r\nلا"]).tolist() == typed(["نعم.\nلا"]).tolist()


def test_there_is_any_or_none():
    found = typed(["نعم.", ""])
    assert found[0, COUNTED.index("stop")] > 0
    assert found[1, COUNTED.index("stop")] == 0


def test_a_short_comment_tells_little_by_its_typing():
    [word, long] = typed(["نعم،", "نعم،" * 100])
    comma = COUNTED.index("comma")
    assert word[comma] == pytest.approx(5 / (5 + SHORT))
    assert long[comma] > 0.9


def test_a_comment_is_typed_alike_among_others():
    texts = ["مدرسة.", "", "يا\u00a0 هلا!", "ok\u200c&nbsp;\r\n"]
    alone = np.concatenate([typed([text]) for text in texts])
    assert typed(texts).tolist() == alone.tolist()
    assert typed([]).shape == (0, 2 * N)
