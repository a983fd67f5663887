import numpy as np
import pytest

from moderation.typography import COUNTED, typed

N = len(COUNTED)


def counts(text):
    [found] = np.rint(np.expm1(typed([text])[:, N:])).astype(int)
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
        ("مدرسَة", "haraka", 1),
        ("“نعم”", "other", 2),
        ("😂🌷", "emoji", 2),
        ("\ud800", "other", 1),
    ],
)
def test_spellings_and_signs_are_counted(text, name, times):
    assert counts(text).get(name, 0) == times


def test_there_is_any_or_none():
    found = typed(["نعم.", ""])
    assert found[0, COUNTED.index("stop")] == 1
    assert found[1, COUNTED.index("stop")] == 0
    assert found[1, N + COUNTED.index("all")] == pytest.approx(np.log(2))


def test_a_comment_is_typed_alike_among_others():
    texts = ["مدرسة.", "", "يا  هلا!", "ok"]
    alone = np.concatenate([typed([text]) for text in texts])
    assert typed(texts).tolist() == alone.tolist()
    assert typed([]).shape == (0, 2 * N)
