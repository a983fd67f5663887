from collections import Counter

import numpy as np
import pytest

from moderation import ATTRIBUTES
from training.examples import CorporaError
from training.suite_cases import MEASURE, fill
from training.suites import read_suites
from training.written import (
    EMOJI_EVERY,
    HINT_WEIGHT,
    LATIN,
    REACTION_WEIGHT,
    REACTIONS,
    SHARE_IN_ABUSIVE,
    SPELLING_WEIGHT,
    SPELLINGS,
    TOPIC_WEIGHT,
    for_sums,
    read_spellings,
    read_topics,
    read_written,
)

HEADER = "id,dialect,topic,attribute,text\n"


def labels(examples, row):
    return {
        name: int(value)
        for name, value in zip(ATTRIBUTES, examples.labels[row], strict=True)
        if value >= 0
    }


def test_a_clean_comment_is_free_of_all_and_an_insult_says_nothing_of_the_rest(tmp_path):
    (tmp_path / "a.csv").write_text(
        HEADER + "a-1,msa,weather,,الجو جميل اليوم\na-2,msa,rude,insult,يا غبي\n", encoding="utf-8"
    )
    found = read_topics(tmp_path)
    assert found.ids == ["written:a-1", "written:a-2"]
    assert labels(found, 0) == dict.fromkeys(ATTRIBUTES, 0)
    assert labels(found, 1) == {"abusive": 1, "insult": 1}
    assert found.weights[1].tolist() == pytest.approx([TOPIC_WEIGHT, 0, TOPIC_WEIGHT, 0, 0, 0])


def test_abuse_in_innocent_words_weighs_less(tmp_path):
    (tmp_path / "a.csv").write_text(
        HEADER + "a-1,msa,implied_insult,insult,من علّمك القراءة؟\na-2,msa,rude,insult,يا غبي\n",
        encoding="utf-8",
    )
    found = read_topics(tmp_path)
    weights = dict(zip(found.ids, found.weights[:, 0].tolist(), strict=True))
    assert weights == pytest.approx({"written:a-1": HINT_WEIGHT, "written:a-2": TOPIC_WEIGHT})
    assert HINT_WEIGHT < TOPIC_WEIGHT


def test_some_comments_get_an_emoji_whatever_they_say(tmp_path):
    plain = [f"a-{i},msa,rude,{'insult' if i % 2 else ''},تعليق {i}\n" for i in range(4000)]
    (tmp_path / "a.csv").write_text(HEADER + "".join(plain), encoding="utf-8")
    found = read_topics(tmp_path)
    with_emoji = np.array([len(text.split()) == 3 for text in found.texts])
    abusive = found.labels[:, 0] == 1
    for kind in (abusive, ~abusive):
        assert with_emoji[kind].mean() == pytest.approx(1 / EMOJI_EVERY, rel=0.3)
    assert len({text.split()[2] for text in found.texts if len(text.split()) == 3}) > 10
    assert read_topics(tmp_path).texts == found.texts


def test_a_threat_against_a_group_is_hate_and_a_threat(tmp_path):
    (tmp_path / "a.csv").write_text(
        HEADER + "a-1,msa,call_to_violence,identity_hate,احرقوا بيوتهم كلهم\n", encoding="utf-8"
    )
    assert labels(read_topics(tmp_path), 0) == {"abusive": 1, "identity_hate": 1, "threat": 1}


@pytest.fixture(scope="module")
def written():
    return read_written()


def test_what_was_written_counts_less_in_the_sum_for_abusive_alone(written):
    found = for_sums(written)
    share = found.weights / np.where(written.weights > 0, written.weights, 1)
    own = ~np.isin(written.corpus, ["seed", REACTIONS])
    says = written.weights[:, 0] > 0
    assert share[own & says, 0] == pytest.approx(SHARE_IN_ABUSIVE)
    assert share[~own & says, 0] == pytest.approx(1)
    assert (found.weights[:, 1:] == written.weights[:, 1:]).all()
    assert {*written.corpus[own].tolist()} == {
        "written", "suite_cases", "suite_identities", "suite_spans", "suite_words"
    }  # fmt: skip


def test_what_readers_say_in_few_words_is_a_corpus_that_counts_whole(tmp_path):
    row = "-1,msa,outrage,,عار\n"
    for name in ("a", "reactions-1"):
        (tmp_path / f"{name}.csv").write_text(f"{HEADER}{name}{row}", encoding="utf-8")
    found = read_topics(tmp_path)
    assert found.corpus.tolist() == ["written", REACTIONS]
    assert found.weights[:, 0].tolist() == [TOPIC_WEIGHT, REACTION_WEIGHT]
    assert for_sums(found).weights[1].tolist() == found.weights[1].tolist()


@pytest.mark.parametrize("topic", ["crowd_d", "officials_insulted"])
def test_an_insult_to_an_office_is_no_hatred_of_a_group(tmp_path, topic):
    (tmp_path / "a.csv").write_text(
        HEADER + f"a-1,msa,{topic},insult,كلهم كذابون في المجلس\n", encoding="utf-8"
    )
    assert labels(read_topics(tmp_path), 0) == {"abusive": 1, "insult": 1, "identity_hate": 0}


def test_files_without_the_column_of_attributes_are_clean(tmp_path):
    (tmp_path / "a.csv").write_text("id,topic,text\na-1,weather,الجو جميل\n", encoding="utf-8")
    assert labels(read_topics(tmp_path), 0) == dict.fromkeys(ATTRIBUTES, 0)


def test_what_is_mostly_in_latin_letters_has_a_domain_of_its_own(tmp_path):
    texts = ("ya khouya merci", "الجو جميل", "weather الجو جميل", "chokran على le match")
    rows = "".join(f"a-{i},msa,weather,,{text}\n" for i, text in enumerate(texts))
    (tmp_path / "a.csv").write_text(HEADER + rows, encoding="utf-8")
    assert read_topics(tmp_path).domain.tolist() == [LATIN, "news", "news", LATIN]


def test_an_unknown_attribute_is_refused_with_file_and_row(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "a-7,msa,rude,rudeness,كلام\n", encoding="utf-8")
    with pytest.raises(CorporaError, match=r"a\.csv: a-7 has the attribute 'rudeness'"):
        read_topics(tmp_path)


def test_spellings_are_words_in_a_domain_of_their_own_and_speak_of_abuse():
    found = read_spellings()
    assert len(found.texts) > 17_000
    assert len(set(found.texts)) == len(found.texts)
    assert all(text.isascii() and text == text.lower() for text in found.texts)
    assert max(len(text.split()) for text in found.texts) <= 6
    assert set(found.domain.tolist()) == {SPELLINGS}
    offends = found.labels[:, 0] == 1
    assert 0.6 < offends.mean() < 0.8
    assert (found.labels[offends, 1:] == -1).all()
    assert (found.labels[~offends] == 0).all()
    assert set(found.weights[:, 0].tolist()) == {np.float32(SPELLING_WEIGHT)}
    assert not found.typical.any()
    assert (for_sums(found).weights == found.weights).all()
    suites = read_suites()
    cases = (*suites.functional, *suites.clean_uses, *suites.spans)
    assert {case.text.lower() for case in cases if case.half == MEASURE}.isdisjoint(found.texts)


def test_nothing_of_the_measuring_halves_is_learned_from(written):
    found = written
    counts = Counter(found.corpus.tolist())
    suites_of = {"suite_cases", "suite_identities", "suite_spans", "suite_words"}
    assert counts.keys() == {"seed", "written", REACTIONS, *suites_of}
    assert counts["written"] > 2000
    assert set(found.domain.tolist()) == {"news", LATIN}
    suites = read_suites()
    cases = (*suites.functional, *suites.clean_uses, *suites.spans)
    assert {case.text for case in cases if case.half == MEASURE}.isdisjoint(found.texts)
    filled = fill(suites.frames, suites.identities, half=MEASURE)
    assert {each.text for each in filled}.isdisjoint(found.texts)
