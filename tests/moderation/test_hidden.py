import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.lexicon import lexicon, read_vocabulary
from moderation.text import canonicalise, canonicalise_by_arrays, original_span

PUBLISHED = Path(__file__).parents[3] / "shared" / "corpora" / "aoc_reader_comments.csv.gz"
# Parts of words that hide, so that many of the texts hide one.
PARTS = ["حم", "مم", "ار", "ح", "م", "*", "7", "٩", "ير", "حق", " ", ".", "#", "kal", "b", "وال",
         "يا", "كلب", "غب", "ي", "\n", "ـ", "متخ", "لف", "el", "-"]  # fmt: skip
TEXT = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


def canonical(text):
    form = canonicalise([text]).text(0)
    assert canonicalise_by_arrays([text]).text(0) == form
    return form


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("يا ح*ار", "يا حمار", id="star"),
        pytest.param("متخ**ين", "متخلفين", id="a-star-for-two-letters"),
        pytest.param("الحي*ان", "الحيوان", id="after-an-article"),
        pytest.param("حم؟ر", "حمار", id="sign-for-a-letter"),
        pytest.param("زبا.ه", "زباله", id="full-stop-for-a-letter"),
        pytest.param("متخ_ف", "متخلف", id="underscore-for-a-letter"),
        pytest.param("متـخ.ف", "متخلف", id="with-tatweel"),
        pytest.param("م*ر", "م*ر", id="fits-no-word"),
    ],
)
def test_masked_letters_are_restored(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("انت حم*ار", "انت حمار", id="no-other-word-fits"),
        pytest.param("يا خ*ول غ*بي", "يا خول غبي", id="not-a-spoken-word"),
        pytest.param("ابن كل*ب", "ابن كلب", id="not-another-word-of-the-lexicon"),
        pytest.param("يا مع*رص ال*حي*وان", "يا معرص الحيوان", id="two-and-behind-an-article"),
        pytest.param("ح**مار", "حمار", id="two-stars-in-a-row"),
        pytest.param("انت *حمار* كبير", "انت حمار كبير", id="behind-a-word"),
        pytest.param("الدن*ا ع*ره", "الدنيا عمره", id="not-a-frequent-spoken-word"),
        pytest.param("ك*س و*كس الك*س", "ك*س ونكس الكاس", id="two-letters-may-be-any-word"),
        pytest.param("ب*لدنا", "ببلدنا", id="three-letters-behind-one"),
        pytest.param("كتبت رس*لة", "كتبت رساله", id="other-words-stay"),
    ],
)
def test_stars_between_the_letters_of_a_word_are_left_out(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("يا حممار", "يا حمار", id="inside"),
        pytest.param("والغبيي", "و الغبي", id="after-particles"),
        pytest.param("ككلب", "ككلب", id="the-first-may-be-a-particle"),
        pytest.param("الله ممثل تتكبر", "الله ممثل تتكبر", id="other-words-stay"),
    ],
)
def test_letters_written_twice_are_written_once(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("انت حق ير جدا", "انت حقير جدا", id="space"),
        pytest.param("متخ<br>لف", "متخلف", id="line-break"),
        pytest.param("والم تخلف", "والم تخلف", id="a-part-that-is-listed-stays"),
        pytest.param("له وجا", "له وجا", id="two-ordinary-words-stay"),
        pytest.param("قلم حبر", "قلم حبر", id="other-words-stay"),
        pytest.param("الع كس تماما", "العكس تماما", id="a-spoken-word-that-ends-like-a-listed-one"),
        pytest.param("ان يكو ن هنا", "ان يكون هنا", id="with-the-part-behind"),
        pytest.param("انت ان يك ون", "انت ان يكون", id="with-the-part-behind-not-with-before"),
        pytest.param("انت جز-ايريين", "انت جزايريين", id="a-part-that-is-like-a-hidden-word"),
        pytest.param("انت ش ماكريين والله", "انت شماكريين والله", id="a-part-with-double-letters"),
        pytest.param("a ltars", "altars", id="a-part-in-latin-letters"),
    ],
)
def test_split_words_are_joined(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("ya 7mar", "ya حمار", id="digit"),
        pytest.param("homar hmar", "حمار حمار", id="plain"),
        pytest.param("elkalb", "الكلب", id="article"),
        pytest.param("ya 7 m a r  9 a 7 b a", "ya حمار قحبه", id="set-apart"),
        pytest.param("ghabi", "غبي", id="two-letters-for-one"),
        pytest.param("mutakhallif motakhalef", "متخلف متخلف", id="long-word"),
        pytest.param("club kill car sale hammer", "club kill car sale hammer", id="other-tongue"),
    ],
)
def test_latin_spellings_are_read(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("ya 7m*r", "ya حمار", id="for-a-vowel"),
        pytest.param("k*lb kh*wal", "كلب خول", id="for-one-that-is-not-written"),
        pytest.param("7aq*r", "حقير", id="for-another-vowel"),
        pytest.param("7ma*r ka*lb", "حمار كلب", id="between-letters"),
        pytest.param("7m**r *kalb*", "حمار كلب", id="several-and-behind"),
        pytest.param("k*s omak", "k*s omak", id="too-little-is-left"),
        pytest.param("*Taisen*", "taisen*", id="no-vowel-behind"),
        pytest.param("k*ll test*ng", "k*ll test*ng", id="other-tongue"),
        pytest.param("قال mosl*m للناس كلهم", "قال mosl*m للناس كلهم", id="an-everyday-word-stays"),
    ],
)
def test_stars_in_latin_spellings_hide_a_vowel_or_nothing(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("انت hikir والله العظيم", "انت حقير والله العظيم", id="loose-letters"),
        pytest.param("يا ابن nathl الكبير انت", "يا ابن نذل الكبير انت", id="short-word"),
        pytest.param("هذا okalb كبير مثلك", "هذا وكلب كبير مثلك", id="and"),
        pytest.param("هذا ba3'l كبير والله", "هذا بغل كبير والله", id="apostrophe"),
        pytest.param("ra7ma على روحه الطاهرة", "رحمه علي روحه الطاهره", id="everyday-word-first"),
        pytest.param("شفت netflix عند الجيران", "شفت netflix عند الجيران", id="other-tongue"),
        pytest.param("طلب time out قبل الهدف", "طلب time out قبل الهدف", id="english-word"),
        pytest.param("المرتزقة lazm يطلعو", "المرتزقه لازم يطلعو", id="everyday-word"),
        pytest.param("شكرا malika على المقال", "شكرا malika علي المقال", id="name"),
        pytest.param("hikir mati انت", "hikir mati انت", id="not-among-latin-words"),
    ],
)
def test_among_arabic_words_latin_ones_are_read_loosely(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("ح9ير ح8ير", "حقير حقير", id="two-digits-for-a-letter"),
        pytest.param("8ذر", "قذر", id="first-letter"),
        pytest.param("5 حمير 2020م", "5 حمير 2020م", id="numbers-stay"),
    ],
)
def test_digits_are_read_as_the_letters_that_make_a_word(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("ياحمار", "يا حمار", id="ya"),
        pytest.param("والحمار", "و الحمار", id="and-the"),
        pytest.param("هالحمار", "ه الحمار", id="this"),
        pytest.param("ياح*ار", "يا حمار", id="masked"),
        pytest.param("ياسمين والقلم", "ياسمين والقلم", id="other-words-stay"),
    ],
)
def test_particles_are_set_apart_from_a_listed_word(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "covered"),
    [
        pytest.param("يا ح*ار انت", "ح*ار", id="mask"),
        pytest.param("يا زبا.ه انت", "زبا.ه", id="sign"),
        pytest.param("يا حق  ير انت", "حق  ير", id="split"),
        pytest.param("يا motakhalef انت", "motakhalef", id="latin"),
        pytest.param("يا ح٩ير انت", "ح٩ير", id="digit"),
        pytest.param("يا حققير انت", "حققير", id="doubled"),
    ],
)
def test_a_restored_word_points_to_what_hid_it(raw, covered):
    batch = canonicalise([raw])
    form = batch.text(0)
    start, end = form.index(" ") + 1, form.rindex(" ")
    first, last = original_span(batch, 0, start, end, raw)
    assert raw[first:last] == covered


def test_restored_letters_point_to_the_places_beside_them():
    batch = canonicalise(["ح*ار", "kalb"])
    assert batch.offsets.tolist() == [-1, 0, 1, 2, 3, -1, 0, 1, 3, -1]


@given(st.lists(TEXT, max_size=5))
def test_a_batch_gives_what_its_comments_give_one_by_one(texts):
    batch = canonicalise(texts)
    for i, text in enumerate(texts):
        alone = canonicalise([text])
        inside = slice(batch.bounds[i] + 1, batch.bounds[i + 1])
        assert batch.codes[inside].tolist() == alone.codes[1:-1].tolist()
        assert batch.offsets[inside].tolist() == alone.offsets[1:-1].tolist()


def test_a_large_batch_restores_what_a_small_one_does():
    batch = canonicalise(["متخ_ف"] * 500)
    assert {batch.text(i) for i in range(500)} == {"متخلف"}


@given(TEXT)
def test_offsets_of_restored_words_never_go_back(text):
    offsets = canonicalise([text]).offsets[1:-1].tolist()
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


@pytest.mark.parametrize("text", ["بب*اري", "ببح*ار", "bbح*ار", "bb*اري-"])
def test_a_particle_before_a_masked_word_doubles_no_letter(text):
    assert canonical(canonical(text)) == canonical(text)


@given(TEXT)
def test_the_form_of_a_form_is_restored_already(text):
    once, parted = canonical(text), str.maketrans("", "", " *")
    assert canonical(once).translate(parted) == once.translate(parted)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("زارنا الطب@ب في البيت", "زارنا الطبيب في البيت"),
        ("كتبت له رس*لة", "كتبت له رساله"),
        ("الشا رع مزدحم", "الشارع مزدحم"),
        ("المست<br/>شفى بعيد", "المستشفي بعيد"),
        # Both halves are words, or what is masked fits none.
        ("كل مات من البرد", "كل مات من البرد"),
        ("ق@ط", "ق*ط"),
    ],
)
def test_masked_and_split_words_that_hide_nothing_are_read_as_spoken_ones(text, read):
    assert canonical(text).strip() == read


def test_a_hidden_word_goes_before_a_spoken_one():
    assert "حمار" in canonical("يا حم@ر").split()
    assert "حمار" in canonical("انت حم ار").split()


def test_the_vocabulary_holds_no_hidden_word_and_is_in_canonical_form():
    words = read_vocabulary().split()
    assert len(words) == len(set(words)) > 20_000
    assert not lexicon().words & set(words)
    batch = canonicalise(words)
    apart = [w for i, w in enumerate(words) if batch.text(i).replace(" ", "") != w]
    assert apart == []


def test_every_word_of_the_lexicon_is_in_canonical_form():
    words = sorted(lexicon().words)
    batch = canonicalise(words)
    assert [batch.text(i).replace(" ", "") for i in range(len(words))] == words


@pytest.mark.skipif(not PUBLISHED.exists(), reason="needs the published reader comments")
def test_published_comments_hide_next_to_nothing(monkeypatch):
    with gzip.open(PUBLISHED, "rt", encoding="utf-8") as file:
        texts = [row["text"] for _, row in zip(range(20_000), csv.DictReader(file), strict=False)]
    restored = canonicalise(texts)
    monkeypatch.setattr("moderation.library.native", lambda: None)
    monkeypatch.setattr("moderation.text.restore", lambda raw, batch: None)
    plain = canonicalise(texts)
    known = lexicon()
    hid, mended = 0, 0
    for i in range(len(texts)):
        now, before = restored.text(i), plain.text(i)
        same = now.replace(" ", "") == before.replace(" ", "")
        if same and len(now) >= len(before):
            continue  # setting a particle apart changes no word
        fresh = set(now.split()) - set(before.split())
        hid += any(map(known.has, fresh))
        mended += 1
    assert hid <= 20
    assert mended <= 100  # words that a slip of the finger split
