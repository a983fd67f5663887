# ruff: noqa: RUF001 -- letters that look like others are what is tested here
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.text import canonicalise, canonicalise_by_arrays, original_span

ANY_TEXT = st.text(st.characters(exclude_categories=()))
# What evasion is made of: letters, look-alikes, marks, signs, HTML, ligatures, broken code points.
TRICKY = "كلبحماروه أىةڪگیھ237٥۷*.~-_ \n\t\u064b\u0640\u200b\u202e\u2009\u2028😀🏽ﻻﷲﻛ<>/&;#@،"
ARABIC_TEXT = st.text(st.sampled_from(TRICKY))
MIXED_TEXT = st.text(st.sampled_from(TRICKY + "abLFURhtp:w\ud800\x00"))
EVERY_TEXT = st.one_of(ANY_TEXT, MIXED_TEXT)


def canonical(text):
    return canonicalise([text]).text(0)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("كَلْبٌ", "كلب", id="diacritics"),
        pytest.param("شدّة", "شده", id="shadda"),
        pytest.param("كـــلـب", "كلب", id="tatweel"),
        pytest.param("هٰذا", "هذا", id="dagger-alef"),
        pytest.param("رحمۢن", "رحمن", id="quranic-mark"),
        pytest.param("ك\u200dل\u200cب", "كلب", id="zero-width-joiners"),
        pytest.param("ك\u200bلب", "كلب", id="zero-width-space"),
        pytest.param("كل\u00adب", "كلب", id="soft-hyphen"),
        pytest.param("\u202bكلب\u202c \u200fحمار\u061c", "كلب حمار", id="bidi-marks"),
        pytest.param("كل\u2067ب\u2069", "كلب", id="bidi-isolates"),
        pytest.param("كل\u3164ب", "كلب", id="hangul-filler"),
        pytest.param("كل\u05b5ب", "كلب", id="mark-of-another-script"),
        pytest.param("\ufeffكلب", "كلب", id="byte-order-mark"),
        pytest.param("ك\ud800لب", "كلب", id="lone-surrogate"),
        pytest.param("ك\x00لب", "كلب", id="nul"),
        pytest.param("ك" + "\u064b\u0301" * 150 + "لب", "كلب", id="300-combining-marks"),
    ],
)
def test_marks_that_hide_a_word_go(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("ﻛﻠﺐ", "كلب", id="initial-medial-final-forms"),
        pytest.param("ﻻ", "لا", id="lam-alef"),
        pytest.param("ﺳﻼم", "سلام", id="lam-alef-in-a-word"),
        pytest.param("ﻵن", "لان", id="lam-alef-madda"),
        pytest.param("ﷲ", "الله", id="allah-ligature"),
        pytest.param("ﷺ", "صلي الله عليه وسلم", id="phrase-ligature"),
        pytest.param("&#65010;", "الله", id="ligature-as-entity"),
        pytest.param("ﭖﮊﯽﮑﮔ", "بزيكك", id="persian-presentation-forms"),
    ],
)
def test_presentation_forms_and_ligatures_are_spelled_out(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize("way", [canonicalise, canonicalise_by_arrays])
def test_a_phrase_in_one_character_is_spelled_out_eight_times_a_comment(way):
    often, once = "ﷺ " * 50 + "ك ﷺ ل ب", "ﷻ شكرا"
    both = way([often, once])
    assert both.text(0).count("صلي الله عليه وسلم") == 8
    assert both.text(0).split()[-1] == "كلب"
    assert both.text(1) == "جل جلاله شكرا"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("ڪلب", "كلب", id="swash-kaf"),
        pytest.param("گلب", "كلب", id="gaf"),
        pytest.param("کلب", "كلب", id="keheh"),
        pytest.param("علی علے", "علي علي", id="farsi-and-urdu-yeh"),
        pytest.param("ھذا ہذا ەذا", "هذا هذا هذا", id="urdu-and-kurdish-heh"),
        pytest.param("پابا", "بابا", id="peh"),
        pytest.param("چار", "جار", id="tcheh"),
        pytest.param("ژار", "زار", id="jeh"),
        pytest.param("ڤار", "فار", id="veh"),
        pytest.param("شێر ڕۆژ ڵ", "شير روز ل", id="kurdish"),
        pytest.param("ٹڈڑں", "تدرن", id="urdu-retroflex"),
        pytest.param("مۇمن", "مومن", id="uighur-u"),
    ],
)
def test_look_alikes_stand_for_the_letter_that_they_imitate(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("أحمد إحمد آحمد ٱحمد", "احمد احمد احمد احمد", id="alef"),
        pytest.param("أحمد".replace("أ", "ا\u0654"), "احمد", id="decomposed-hamza-adds-no-alef"),
        pytest.param("على علي", "علي علي", id="alef-maqsura-is-a-ya"),
        pytest.param("شئ شيء", "شي شي", id="ya-and-bare-hamza"),
        pytest.param("مؤمن", "مومن", id="waw"),
        pytest.param("ماء", "ما", id="bare-hamza"),
        pytest.param("كءس ءخوك", "كاس اخوك", id="hamza-that-lost-its-seat"),
        pytest.param("قراءة جزءا مروءة", "قراه جزا مروه", id="hamza-beside-a-vowel"),
        pytest.param("ٴالمان", "المان", id="high-hamza"),
        pytest.param("مدرسة مدرسه", "مدرسه مدرسه", id="ta-marbuta"),
        pytest.param("الله مكة", "الله مكه", id="double-letters-stay"),
    ],
)
def test_variants_of_a_letter_meet(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("KaTb", "katb", id="case"),
        pytest.param("ＫＡＴＢ", "katb", id="full-width"),
        pytest.param("kàtḅ", "katb", id="accents"),
        pytest.param("k\u0300a\u0301tb", "katb", id="decomposed-accents"),
        pytest.param("каtb", "katb", id="cyrillic-look-alikes"),
        pytest.param("ΚΑtb", "katb", id="greek-look-alikes"),
        pytest.param("𝐤𝐚𝐭𝐛", "katb", id="mathematical-letters"),
        pytest.param("ⓚⓐⓣⓑ", "katb", id="circled-letters"),
        pytest.param("ßı", "ssi", id="letters-without-a-decomposition"),
    ],
)
def test_latin_letters_are_plain(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("حماااااار", "حمار", id="stretched"),
        pytest.param("حمـااـاار", "حمار", id="stretched-with-tatweel"),
        pytest.param("حمار" * 2, "حمارحمار", id="repeated-word-stays"),
        pytest.param("ههههههه", "هه", id="laughter"),
        pytest.param("هه", "هه", id="short-laughter"),
        pytest.param("تافهههههه", "تافه", id="final-ha-of-a-word"),
        pytest.param("قذرةةةة", "قذره", id="ta-marbuta"),
        pytest.param("هههنا", "ههنا", id="laughter-before-a-word"),
        pytest.param("kaaaatb", "katb", id="stretched-latin"),
        pytest.param("10000", "10000", id="digits-are-not-stretched"),
    ],
)
def test_stretched_letters_are_written_once(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("يا ك ل ب", "يا كلب", id="spaces"),
        pytest.param("ك.ل.ب", "كلب", id="dots"),
        pytest.param("ك-ل-ب", "كلب", id="dashes"),
        pytest.param("ك_ل_ب", "كلب", id="underscores"),
        pytest.param("ك*ل*ب", "كلب", id="stars"),
        pytest.param("ك😀ل😀ب", "كلب", id="emoji"),
        pytest.param("ك\u200b ل\u200b ب", "كلب", id="zero-width-and-spaces"),
        pytest.param("ك\u2009ل\u2009ب", "كلب", id="thin-spaces"),
        pytest.param("ك\u2800ل\u2800ب", "كلب", id="braille-blanks"),
        pytest.param("ك ----- ل ----- ب", "كلب", id="long-dashes"),
        pytest.param("ك\nل\nب", "كلب", id="lines"),
        pytest.param("k a t b", "katb", id="latin"),
        pytest.param("حم~ار", "حمار", id="glue-sign-in-a-word"),
        pytest.param("حم·ار", "حمار", id="middle-dot-in-a-word"),
        pytest.param("من ا ب", "من ا ب", id="two-single-letters-stay-apart"),
        pytest.param("كلب.حمار", "كلب حمار", id="a-full-stop-parts-words"),
        pytest.param("1 2 3 4", "1 2 3 4", id="digits-stay-apart"),
    ],
)
def test_letters_set_apart_come_together(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    "space",
    [
        pytest.param("\t", id="tab"),
        pytest.param("\r\n", id="line-end"),
        pytest.param("\x0b", id="vertical-tab"),
        pytest.param("\x85", id="next-line"),
        pytest.param("\u00a0", id="no-break-space"),
        pytest.param("\u1680", id="ogham-space"),
        pytest.param("\u2003", id="em-space"),
        pytest.param("\u2009", id="thin-space"),
        pytest.param("\u2028", id="line-separator"),
        pytest.param("\u202f", id="narrow-no-break-space"),
        pytest.param("\u205f", id="mathematical-space"),
        pytest.param("\u2800", id="braille-blank"),
        pytest.param("\u3000", id="ideographic-space"),
        pytest.param("،", id="arabic-comma"),
        pytest.param("؟", id="arabic-question-mark"),
        pytest.param("🙂", id="emoji"),
        pytest.param("\ufffd", id="replacement-character"),
        pytest.param("⟶", id="long-arrow"),
        pytest.param("/", id="slash"),
    ],
)
def test_whatever_is_no_letter_parts_words(space):
    assert canonical(f"كلب{space}حمار") == "كلب حمار"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("ظ*م", "ظ*م", id="inside"),
        pytest.param("ظ***م", "ظ*م", id="several-are-one"),
        pytest.param("كل*", "كل*", id="at-the-end"),
        pytest.param("ك٭لم ك＊لم", "ك*لم ك*لم", id="other-stars"),
        pytest.param("*كلب", "كلب", id="in-front-of-a-word"),
        pytest.param("* كلب *", "كلب", id="beside-words"),
    ],
)
def test_a_mask_stays_where_it_hides_a_letter(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("7مار", "حمار", id="opening-7"),
        pytest.param("3يب", "عيب", id="opening-3"),
        pytest.param("أح5ر", "احخر", id="latin-5"),
        pytest.param("سا٥ر", "ساهر", id="eastern-5-looks-like-ha"),
        pytest.param("سا۵ر", "ساهر", id="persian-5-looks-like-ha"),
        pytest.param("ح&#1637;م", "حهم", id="eastern-5-as-entity"),
        pytest.param("حmار", "حمار", id="latin-letter"),
        pytest.param("7mار", "حمار", id="digit-before-a-latin-letter"),
        pytest.param("ح¹م", "حام", id="superscript"),
        pytest.param("2020م", "2020م", id="a-year-stays"),
        pytest.param("٢٠٢٠", "2020", id="a-number-stays"),
        pytest.param("5 حمير", "5 حمير", id="a-number-beside-a-word-stays"),
        pytest.param("7jar katb", "7jar katb", id="a-latin-word-stays"),
    ],
)
def test_digits_and_latin_letters_inside_arabic_words_are_read_as_arabic(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("<b>كلب</b>", "كلب", id="tag-around-a-word"),
        pytest.param("ك<i>ل</i>ب", "كلب", id="tags-inside-a-word"),
        pytest.param("كلب<br/>حمار", "كلب حمار", id="line-break"),
        pytest.param('<p class="x">كلب</p><p>حمار</p>', "كلب حمار", id="paragraphs"),
        pytest.param("3 < 5 > 2", "3 5 2", id="no-tag"),
        pytest.param("ك&#1604;ب", "كلب", id="decimal-entity"),
        pytest.param("ك&#x644;ب", "كلب", id="hexadecimal-entity"),
        pytest.param("كلب&nbsp;حمار", "كلب حمار", id="named-entity"),
        pytest.param("كلب &amp; حمار", "كلب حمار", id="ampersand"),
        pytest.param("كل&zwj;ب", "كلب", id="invisible-entity"),
        pytest.param("كلب &nothing; حمار", "كلب nothing حمار", id="unknown-entity-is-text"),
        pytest.param("&#9999999;كلب&#0;", "كلب", id="impossible-entity"),
    ],
)
def test_what_html_left_behind_is_undone(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("@user_1 كلب", "كلب", id="handle"),
        pytest.param("قال @user: كلب", "قال كلب", id="handle-inside"),
        pytest.param("انظر https://example.org/كلب?x=1 الآن", "انظر الان", id="link"),
        pytest.param("انظر http://example.org/ﷲ الآن", "انظر الان", id="link-with-a-ligature"),
        pytest.param("www.example.org حمار", "حمار", id="link-without-scheme"),
        pytest.param("USER كلب URL", "كلب", id="corpus-placeholders"),
        pytest.param("كلب<LF>حمار", "كلب حمار", id="corpus-line-feed"),
    ],
)
def test_handles_and_links_are_left_out(raw, expected):
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="empty"),
        pytest.param("  \t\n\u00a0\u3000", id="spaces"),
        pytest.param("😀👍🏽❤️👨\u200d👩\u200d👧🇪🇬", id="emoji"),
        pytest.param("؟!،...", id="punctuation"),
        pytest.param("\u064b\u200b\ud800\x00", id="marks"),
        pytest.param("****", id="stars"),
        pytest.param("@user https://example.org", id="handle-and-link"),
    ],
)
def test_a_comment_without_words_has_an_empty_form(raw):
    assert canonical(raw) == ""


def test_emoji_are_kept_apart_from_the_words_of_their_comment():
    batch = canonicalise(["كلب 😀😡", "", "😀"])
    assert batch.emoji.tolist() == [0x1F600, 0x1F621, 0x1F600]
    assert batch.emoji_bounds.tolist() == [0, 2, 2, 3]


def test_a_word_of_20_kilobytes_is_folded_in_one_piece():
    raw = "كُلْ" * 2_500
    batch = canonicalise([raw])
    assert batch.text(0) == "كل" * 2_500
    assert original_span(batch, 0, 0, 5_000, raw) == (0, 10_000)


def test_no_comments_give_no_forms():
    batch = canonicalise([])
    assert batch.codes.tolist() == [0x20]
    assert batch.bounds.tolist() == [0]


def test_offsets_point_to_the_original():
    batch = canonicalise(["نص", "يا كَـلْب"])
    assert batch.codes.tobytes().decode("utf-32-le") == " نص يا كلب "
    assert batch.offsets.tolist() == [-1, 0, 1, -1, 0, 1, 2, 3, 6, 8, -1]
    assert batch.bounds.tolist() == [0, 3, 10]


@pytest.mark.parametrize(
    ("raw", "start", "end", "covered"),
    [
        pytest.param("يا كَلْبٌ!", 3, 6, "كَلْبٌ", id="diacritics-of-the-last-letter"),
        pytest.param("يا حمارررر؟", 3, 7, "حمارررر", id="stretched-end"),
        pytest.param("يا ك ل ب أنت", 3, 6, "ك ل ب", id="letters-apart"),
        pytest.param("قال ﷲ أكبر", 4, 8, "ﷲ", id="ligature"),
        pytest.param("😀 كلب", 0, 3, "كلب", id="beyond-the-basic-plane"),
        pytest.param("<b>كلب</b> هنا", 0, 3, "كلب", id="tag"),
        pytest.param("7مار هنا", 0, 4, "7مار", id="digit"),
    ],
)
def test_original_span_covers_the_words_as_they_were_written(raw, start, end, covered):
    first, last = original_span(canonicalise([raw]), 0, start, end, raw)
    assert raw[first:last] == covered


@given(st.lists(EVERY_TEXT, max_size=6))
def test_a_batch_gives_what_its_comments_give_one_by_one(texts):
    batch = canonicalise(texts)
    for i, text in enumerate(texts):
        alone = canonicalise([text])
        inside = slice(batch.bounds[i] + 1, batch.bounds[i + 1])
        emoji = slice(batch.emoji_bounds[i], batch.emoji_bounds[i + 1])
        assert batch.codes[inside].tolist() == alone.codes[1:-1].tolist()
        assert batch.offsets[inside].tolist() == alone.offsets[1:-1].tolist()
        assert batch.emoji[emoji].tolist() == alone.emoji.tolist()


@given(EVERY_TEXT)
def test_offsets_lie_within_the_original_and_never_go_back(text):
    offsets = canonicalise([text]).offsets[1:-1]
    assert (offsets >= 0).all()
    assert (offsets < len(text)).all()
    assert (np.diff(offsets) >= 0).all()


@given(EVERY_TEXT)
def test_words_are_parted_by_one_space(text):
    form = canonical(text)
    assert form == " ".join(form.split(" ")).strip(" ")
    assert "  " not in form


@given(st.one_of(ARABIC_TEXT, st.text(st.characters(exclude_categories=(), max_codepoint=0x6FF))))
def test_the_form_of_a_form_has_the_same_letters(text):
    once, parted = canonical(text), str.maketrans("", "", " *")
    assert canonical(once).translate(parted) == once.translate(parted)


@pytest.mark.parametrize(
    ("raw", "once", "twice"),
    [
        pytest.param("كلب، ح7مار ظ#م", "كلب حمار ظ*م", "كلب حمار ظ*م", id="settled"),
        pytest.param("لlل ب ح", "ل ب ح", "لبح", id="two-scripts"),
        pytest.param("7حح ب ل", "ح ب ل", "حبل", id="digit"),
        pytest.param("كك_ك ب ل", "ك ب ل", "كبل", id="joined"),
    ],
)
def test_only_a_word_that_shrank_to_one_letter_may_be_joined_once_more(raw, once, twice):
    assert canonical(raw) == once
    assert canonical(once) == twice


@given(EVERY_TEXT.filter(canonical), st.data())
def test_original_span_lies_within_the_text(text, data):
    batch = canonicalise([text])
    length = len(batch.text(0))
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    first, last = original_span(batch, 0, start, end, text)
    assert 0 <= first < last <= len(text)
