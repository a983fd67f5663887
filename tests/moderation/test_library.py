"""The compiled path and NumPy's give the same canonical form, to the character and its place."""

import csv
import gzip
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import library
from moderation.lexicon import read_words
from moderation.text import canonicalise, canonicalise_by_arrays

LIBRARY = Path(library.__file__).with_name("_native.so")
CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"

pytestmark = pytest.mark.skipif(
    library.native() is None, reason="no C compiler when the package was installed"
)

SIGNS = "كلبحماهيوةأ 73٥\u0667x*\u066d.~@#^!_-/&<>;'…‼½ﷺﻻ\u0640\u064b\u200f\u200d\n\t😀ahklbgw"
PARTS = st.sampled_from(
    [*SIGNS, *read_words()[0][::7], "يا", "وال", "<br>", "&amp;", "&#1603;", "@user", "http://a.b "]
)
TEXTS = st.lists(
    st.one_of(st.lists(PARTS, max_size=12).map("".join), st.text(max_size=20)), max_size=6
)


def assert_same(texts):
    compiled, plain = canonicalise(texts), canonicalise_by_arrays(texts)
    for name in ("codes", "offsets", "bounds", "emoji", "emoji_bounds"):
        found, expected = getattr(compiled, name), getattr(plain, name)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected), name


@given(TEXTS)
def test_both_paths_give_the_same_canonical_form(texts):
    assert_same(texts)


@pytest.mark.parametrize(
    "sign", [pytest.param(sign, id=f"u{ord(sign):04x}") for sign in " .*@#x1٥~\u0640\u200c"]
)
def test_every_word_of_the_lexicon_is_found_alike_behind_a_sign(sign):
    words = read_words()[0]
    assert_same([sign.join(word) for word in words])
    assert_same([word[:2] + sign + word[2:] for word in words])
    assert_same([word[:1] + sign + word[2:] for word in words])
    assert_same([f"وال{word[:2]}{sign}{sign}{word[3:]}" for word in words])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("س" * 20_000, id="one-letter"),
        pytest.param("\u064e" * 20_000, id="marks"),
        pytest.param("ك ل ب " * 3_000, id="chain"),
        pytest.param("ﷺ" * 3_000, id="ligatures"),
        pytest.param("ك*" * 5_000, id="masks"),
        pytest.param("ا1" * 5_000, id="digits"),
        pytest.param("ءكءا" * 5_000, id="hamzas"),
        pytest.param("7mar merci xqz " * 500, id="latin"),
        pytest.param("7mar شكرا كلب " * 500, id="latin-among-arabic"),
    ],
)
def test_long_and_odd_comments_come_out_alike(text):
    assert_same([text])


def test_hamzas_take_no_longer_than_other_letters():
    took = []
    for text in ("ءك" * 80_000, "بك" * 80_000):
        start = time.process_time()
        canonicalise([text])
        took.append(time.process_time() - start)
    assert took[0] < 30 * took[1]  # twice as long; where each moves all the rest, 400 times


@pytest.mark.skipif(not CORPORA.is_dir(), reason="no published corpora beside the repository")
def test_comments_of_all_corpora_come_out_alike(request):
    before = csv.field_size_limit(1 << 30)
    request.addfinalizer(lambda: csv.field_size_limit(before))
    for path in sorted(CORPORA.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            texts = [row["text"] for row in csv.DictReader(lines)]
        assert_same(texts[::25])


def test_a_missing_library_leaves_the_arrays(tmp_path):
    assert library.load(tmp_path / "absent.so") is None


def test_a_library_of_other_sources_is_not_used(tmp_path):
    content = LIBRARY.read_bytes()
    digest = content.index(library.sources_digest().encode())
    other = tmp_path / "other.so"
    other.write_bytes(content[:digest] + b"0" * 64 + content[digest + 64 :])
    assert library.load(other) is None
