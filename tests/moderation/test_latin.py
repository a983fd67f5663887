import re

import pytest

from moderation import library
from moderation.latin import (
    LONGEST_READING,
    MOST_LATIN,
    READINGS_PATH,
    in_arabic,
    read_readings,
    read_transliteration,
    spelled,
    transliterate,
)
from moderation.lexicon import LONGEST
from moderation.readings import read_in_both
from moderation.text import canonicalise


def reading_of(text):
    """Return what stands behind a comment in canonical form; None where nothing does."""
    read = read_in_both([text]).text(0)
    return read.removeprefix(canonicalise([text]).text(0)).strip() or None


@pytest.fixture(params=["numpy", "compiled"])
def way(request, monkeypatch):
    """Read by arrays, and by the compiled library."""
    if request.param == "numpy":
        monkeypatch.setattr(library, "native", lambda: None)
    elif library.native() is None:
        pytest.skip("no C compiler when the package was installed")


def test_words_are_read_by_rules_and_by_the_list():
    assert spelled("7mar", among=False) == "حمار"
    assert in_arabic("7mar") == "حمار"
    assert spelled("merci", among=True) != "شكرا"
    assert in_arabic("merci") == "شكرا"
    assert in_arabic("xqz") is None
    assert in_arabic("k") is None


def test_the_list_is_in_canonical_form_and_says_what_rules_do_not():
    readings = read_readings()
    assert len(readings) > 30_000
    spellings = list(readings)
    canonical = canonicalise(spellings)
    arabic = sorted(set(readings.values()))
    read = canonicalise(arabic)
    assert all(re.fullmatch("[a-z0-9]*[a-z][a-z0-9]*", word) for word in spellings)
    assert all(2 <= len(word) <= LONGEST for word in spellings)
    assert all(re.fullmatch("[ء-ي]+( [ء-ي]+)*", words) for words in arabic)
    assert max(map(len, arabic)) <= LONGEST_READING
    assert [read.text(i) for i in range(len(arabic))] == arabic
    odd = [w for i, w in enumerate(spellings[::50]) if spelled(w, among=True) == readings[w]]
    assert odd == []
    # A word of the list that hides one of the lexicon is written out before it is looked up.
    unchanged = sum(canonical.text(i) == word for i, word in enumerate(spellings))
    assert unchanged > 0.9 * len(spellings)


def test_a_letter_stands_for_what_it_does_between_its_neighbours():
    letters = {"h": "ه", "sh": "", "s": "س", "sh_": "ش", "a": "", "ab": "ا", "b": "ب"}
    assert transliterate("bsh", letters) == "بش"
    assert transliterate("bshb", letters) == "بهب"
    assert transliterate("asb", letters) == "سب"
    assert transliterate("bab", letters) == "باب"
    assert transliterate("b.a", letters) == "ب"
    assert transliterate("", letters) == ""


def test_what_is_not_written_stands_for_nothing():
    letters = read_transliteration()
    assert {"a", "sh", "k"} <= letters.keys()
    assert letters["k"] == "ك"
    assert letters["e"] == ""


def test_words_that_nobody_knows_are_read_letter_by_letter():
    assert in_arabic("ysabbou7omch") == transliterate("ysabbou7omch", read_transliteration())
    assert "سب" in in_arabic("ysabbou7omch")
    # Too short, common in French, too long, and too little that is written in Arabic.
    assert in_arabic("xqz") is None
    assert in_arabic("abolie") is None
    assert in_arabic("xqzbdt" * 5) is None
    assert in_arabic("eeee") is None


def test_no_spelling_stands_twice_in_the_list():
    lines = READINGS_PATH.read_text(encoding="utf-8").splitlines()
    spellings = [w for line in lines if "=" in line for w in line.split(" = ")[1].split()]
    assert len(spellings) == len(set(spellings))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Merci ktir ya kelb", "شكرا كتير يا كلب"),
        ("merci 3la el maqal 100", "شكرا علي ال مقال 100"),
        ("xqz merci wxv", "شكرا"),
        ("merci 😡!!", "شكرا"),
        ("merci يا كاتب", None),
        ("ya kelb", "يا كلب"),
        ("merci merci يا", "شكرا شكرا يا"),
        ("xqz wxv", None),
        ("ysabbou7omch xqz", "يسبوحمش"),
        ("ysabbo\u00f07 xqz", "يسبوح"),
        ("b*tch sh*t", "قحبه خرا"),
        ("e*mail", "مايل"),
        ("", None),
        ("شكرا", None),
        ("12 34", None),
    ],
)
def test_a_comment_is_read_where_half_of_its_words_are_in_latin_letters(text, reading):
    assert reading_of(text) == reading


@pytest.mark.usefixtures("way")
def test_comments_of_a_batch_are_read_one_by_one():
    texts = ["شكرا 😀", "merci", "", "xqz", "merci merci 😡", "كلب"]
    read = read_in_both(texts)
    expected = ["شكرا", "merci شكرا", "", "xqz", "merci merci شكرا شكرا", "كلب"]
    assert [read.text(i) for i in range(len(texts))] == expected
    assert read.codes.size == read.offsets.size == read.bounds[-1] + 1
    assert (read.codes[read.bounds] == ord(" ")).all()
    assert read.emoji.tolist() == canonicalise(texts).emoji.tolist()
    assert [read_in_both([text]).text(0) for text in texts] == expected


@pytest.mark.usefixtures("way")
def test_what_is_all_arabic_stays_what_it_is():
    texts = ["شكرا", "كلب 12"]
    assert read_in_both(texts).codes.tolist() == canonicalise(texts).codes.tolist()
    assert read_in_both([]).codes.tolist() == [ord(" ")]


@pytest.mark.usefixtures("way")
def test_no_more_than_some_words_of_a_comment_are_read():
    words = "merci " * MOST_LATIN
    assert reading_of(words) == reading_of(words + "كلب merci كلب").removesuffix(" كلب")
    # Those that hide a word of the lexicon as well, counted in each comment for itself.
    read = canonicalise([words + "7mar", words.removesuffix("merci ") + "7mar", "7mar"])
    assert [read.text(i).split()[-1] for i in range(3)] == ["7mar", "حمار", "حمار"]
