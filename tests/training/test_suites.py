import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.suite_cases import Case, Identity, MarkedComment, SuiteError, fill, unmark
from training.suites import read_cases, read_frames, read_identities, read_marked, read_suites

CASES = """id,dialect,functionality,family,half,attribute,expected,text
held-001,msa,insult,stubborn,learn,insult,held,يا لك من عنيد
held-002,gulf,insult,lazy,measure,insult,held,"كسول، وما يشتغل"
"""
APPROVED = """id,dialect,functionality,family,half,attribute,expected,text
approved-001,iraqi,praise,tea,learn,,approved,چاي طيب
approved-002,iraqi,praise,bread,measure,,approved,خبز حار
"""
CLEAN = """id,dialect,word,family,half,expected,text
clean-001,egyptian,حمار,farm,measure,approved,الحمار شايل البرسيم
"""
IDENTITIES = """id,kind,half,singular_m,singular_f,plural,definite_plural
baker,profession,measure,خباز,خبازة,خبازين,الخبازين
women,gender,measure,,امرأة,نساء,النساء
aleppo,region,learn,حلبي,حلبية,حلبيين,الحلبيين
"""
FRAMES = """id,kind,half,dialect,form,kinds,expected,text
i-am,neutral,measure,msa,singular_m,,approved,أنا {singular_m}
all,hateful,measure,msa,definite_plural,,held,كل {definite_plural} كسالى
out,hateful,measure,msa,definite_plural,region profession,held,اطردوا {definite_plural}
learned,kind,learn,gulf,plural,,approved,هلا والله {plural}
"""
SPANS = """id,dialect,half,text
spans-001,levantine,measure,يا ⟦كسول⟧ قوم اشتغل
"""
FILES = {
    "functional_held.csv": CASES,
    "functional_approved.csv": APPROVED,
    "clean_uses.csv": CLEAN,
    "identities.csv": IDENTITIES,
    "frames.csv": FRAMES,
    "spans.csv": SPANS,
}


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def write(tmp_path):
    def to_file(content):
        path = tmp_path / "suite.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


def test_a_folder_of_suites_is_read(folder):
    suites = read_suites(folder)
    assert [each.id for each in suites.functional] == [
        "held-001",
        "held-002",
        "approved-001",
        "approved-002",
    ]
    assert suites.functional[1] == Case(
        "held-002", "gulf", "measure", "insult", "lazy", True, "insult", "كسول، وما يشتغل"
    )
    assert suites.clean_uses[0].topic == "حمار"
    assert suites.identities[1] == Identity(
        "women", "gender", "measure", "", "امرأة", "نساء", "النساء"
    )
    assert suites.frames[2].kinds == ("region", "profession")
    assert suites.spans == (
        MarkedComment("spans-001", "levantine", "measure", "يا كسول قوم اشتغل", ((3, 7),)),
    )


@pytest.mark.parametrize(
    ("read", "content", "old", "new", "message"),
    [
        pytest.param(read_cases, CASES, ",learn,", ",train,", "line 2: half must", id="half"),
        pytest.param(read_cases, CASES, "gulf", "khaliji", "line 3: dialect must", id="dialect"),
        pytest.param(read_cases, CASES, ",held,", ",no,", "line 2: expected must", id="expected"),
        pytest.param(read_cases, CASES, "lazy,measure,insult", "lazy,measure,rude",
                     "line 3: attribute must", id="attribute"),
        pytest.param(read_cases, APPROVED, "learn,,", "learn,insult,",
                     "line 2: attribute must", id="approved-for-an-attribute"),
        pytest.param(read_cases, CASES, "held-002", "held-001", "the id held-001 is", id="same-id"),
        pytest.param(read_cases, CASES, "lazy", "stubborn", "held-002 is measured", id="family"),
        pytest.param(read_cases, CASES, "يا لك من عنيد", "", "line 2: text must", id="no-text"),
        pytest.param(read_cases, CASES, "من عنيد", "من, عنيد", "put quotes", id="comma"),
        pytest.param(read_cases, CASES, ",family", "", "needs the column family", id="column"),
        pytest.param(read_cases, CASES, CASES.partition("\n")[2], "", "no rows", id="no-rows"),
        pytest.param(read_identities, IDENTITIES, ",region,", ",town,",
                     "line 4: kind must", id="kind-of-identity"),
        pytest.param(read_identities, IDENTITIES, ",نساء,", ",,",
                     "line 3: plural must", id="no-plural"),
        pytest.param(read_frames, FRAMES, "أنا {singular_m}", "أنا {plural}",
                     "line 2: the text must hold {singular_m} once", id="gap"),
        pytest.param(read_frames, FRAMES, "region profession", "region trade",
                     "line 4: kinds must", id="kinds"),
        pytest.param(read_frames, FRAMES, "i-am,neutral", "i-am,hateful",
                     "line 2: kind must", id="hateful-and-approved"),
        pytest.param(read_marked, SPANS, "⟧", "", "line 2: marks must", id="open-mark"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_with_file_and_line(
    write, read, content, old, new, message
):
    assert old in content
    path = write(content.replace(old, new, 1))
    with pytest.raises(SuiteError) as error:
        read(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "عنيد" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SuiteError, match=r"spans\.csv cannot be read"):
        read_marked(tmp_path / "spans.csv")


def test_a_file_of_another_encoding_is_refused(write):
    with pytest.raises(SuiteError, match="cannot be read"):
        read_marked(write(SPANS.encode("utf-16")))


def test_frames_are_filled_with_the_identities_of_their_half_that_suit(folder):
    suites = read_suites(folder)
    measured = fill(suites.frames, suites.identities, half="measure")
    assert [(each.frame.id, each.identity.id, each.text) for each in measured] == [
        ("i-am", "baker", "أنا خباز"),
        ("all", "baker", "كل الخبازين كسالى"),
        ("all", "women", "كل النساء كسالى"),
        ("out", "baker", "اطردوا الخبازين"),
    ]
    learned = fill(suites.frames, suites.identities, half="learn")
    assert [each.text for each in learned] == ["هلا والله حلبيين"]


@pytest.mark.parametrize(
    ("marked", "text", "stretches"),
    [
        pytest.param("صباح الخير", "صباح الخير", (), id="none"),
        pytest.param("يا ⟦كسول⟧ قم", "يا كسول قم", ((3, 7),), id="one"),
        pytest.param("⟦كسول⟧ و⟦عنيد⟧", "كسول وعنيد", ((0, 4), (6, 10)), id="two"),
        pytest.param("😡 ⟦كَسول⟧", "😡 كَسول", ((2, 7),), id="code-points"),
    ],
)
def test_marks_are_taken_out(marked, text, stretches):
    assert unmark(marked) == (text, stretches)


@pytest.mark.parametrize("marked", ["⟦كسول", "كسول⟧", "⟧كسول⟦", "⟦يا ⟦كسول⟧⟧", "⟦⟧", "⟦ ⟧ كسول"])
def test_marks_without_a_partner_or_words_are_refused(marked):
    with pytest.raises(SuiteError, match=r"marks? must|needs a"):
        unmark(marked)


@given(st.lists(st.tuples(st.text("اب 😡"), st.text("جد", min_size=1)), max_size=4))
def test_what_stood_between_marks_is_found_in_the_text(parts):
    text, stretches = unmark("".join(f"{before}⟦{inside}⟧" for before, inside in parts))
    assert [text[start:end] for start, end in stretches] == [inside for _, inside in parts]
    assert text == "".join(before + inside for before, inside in parts)
