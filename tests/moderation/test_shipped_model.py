import json
import re
from pathlib import Path

import pytest

from moderation import Action, load_scorer
from moderation.model import MANIFEST, newest_model

ROOT = Path(__file__).parents[2]
SEED_PAGES = sorted((ROOT.parent / "shared" / "seed").glob("*.txt"))


@pytest.fixture(scope="module")
def shipped():
    return load_scorer()


@pytest.fixture(scope="module")
def judge(shipped):
    policy = shipped.default_policy()

    def outcome(text):
        (score,) = shipped.score([text])
        return policy.decide(text, score)

    return outcome


def insults(outcome, text):
    """Return the words that a span for insult or obscenity covers."""
    return [
        word
        for span in outcome.spans
        if span.attribute in {"insult", "obscene"}
        for word in text[span.start : span.end].split()
    ]


def test_a_plain_insult_is_caught(judge):
    text = "انت حمار ومش بتفهم"
    outcome = judge(text)
    assert outcome.action is not Action.APPROVE
    assert "insult" in outcome.reasons
    assert "حمار" in insults(outcome, text)


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param(lambda text: text.replace(" ", "\u00a0"), id="no-break-space"),
        pytest.param(lambda text: text.replace(" ", "&nbsp;"), id="entity"),
        pytest.param(lambda text: text.replace(" ", "\t"), id="tab"),
        pytest.param(lambda text: re.sub("([ء-ي])", "\\1\u064e", text), id="harakat"),
        pytest.param(lambda text: re.sub("([ء-ي])", "\\1\u200c", text), id="zero-width"),
        pytest.param(lambda text: f"\u202b{text}\u202c", id="direction"),
        pytest.param(lambda text: text.replace("ب", "\ufe91"), id="presentation-form"),
    ],
)
def test_what_nobody_sees_moves_no_score(shipped, rewrite):
    texts = [
        "جبنة البقرة الضاحكة صار حقها قد حق كيلو لحمة",
        "البقرة الضاحكة كانت فطورنا كل صباح قبل المدرسة",
        "ما في أغبى من وزير ينام والبلد بتغرق",
        "كلب الجيران ينبح طول الليل والبلدية لا تجيب",
        "انت حمار ومش بتفهم",
    ]
    seen = shipped.score([rewrite(text) for text in texts])
    for before, after in zip(shipped.score(texts), seen, strict=True):
        assert after.scores == pytest.approx(before.scores, abs=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("اِنتَ حِمَار ومش بتفهم", id="diacritics"),
        pytest.param("انت حمـــار ومش بتفهم", id="tatweel"),
        pytest.param("انت ح.م.ا.ر ومش بتفهم", id="dots"),
        pytest.param("انت ح م ا ر ومش بتفهم", id="spaces"),
        pytest.param("انت حمااااااار ومش بتفهم", id="stretched"),
        pytest.param("انت ﺣﻤﺎﺭ ومش بتفهم", id="presentation-forms"),
        pytest.param("انت 7مار ومش بتفهم", id="digit"),
        pytest.param("انت ح\u200bم\u200bار ومش بتفهم", id="zero-width"),
        pytest.param("enta 7mar", id="arabizi"),
    ],
)
def test_a_disguised_insult_is_caught(judge, text):
    outcome = judge(text)
    assert outcome.action is not Action.APPROVE
    assert "insult" in outcome.reasons


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("اشتريت حمارا لمزرعتي", id="an-animal"),
        pytest.param("أنا شيعي", id="an-identity"),
        pytest.param("شكرا للكاتب على هذا المقال", id="thanks"),
        pytest.param("لا أتفق مع الحكومة في رفع الأسعار", id="criticism"),
        pytest.param("", id="empty"),
        pytest.param("؟!", id="punctuation"),
    ],
)
def test_a_clean_comment_is_approved(judge, text):
    outcome = judge(text)
    assert (outcome.action, outcome.reasons) == (Action.APPROVE, ())


def test_a_political_rant_that_insults_a_mother_is_not_approved(judge):
    text = "ضاعت البلاد وغلا كل شيء، والرئيس ابن الساقطة لا يسأل عنا، ووالله لن يدوم له حكم"
    outcome = judge(text)
    assert outcome.action is not Action.APPROVE
    assert {"insult", "obscene"} & set(outcome.reasons)
    assert "الساقطة" in insults(outcome, text)


def test_the_same_rant_without_the_insult_names_no_words(judge):
    text = "ضاعت البلاد وغلا كل شيء، والرئيس لا يسأل عنا، ووالله لن يدوم له حكم"
    assert judge(text).action is Action.APPROVE


@pytest.fixture(scope="module")
def page():
    if not SEED_PAGES:
        pytest.skip(f"no page in {ROOT.parent / 'shared' / 'seed'}")
    article, comments = SEED_PAGES[0].read_text(encoding="utf-8").split("التعليقات (1)\n")
    _author, _date, comment = comments.split("\n", maxsplit=2)
    return [line.strip() for line in article.splitlines() if line.strip()], comment.strip()


def test_every_headline_and_paragraph_of_the_seed_article_is_approved(judge, page):
    paragraphs, _ = page
    assert len(paragraphs) >= 15
    assert {judge(text).action for text in paragraphs} == {Action.APPROVE}


def test_the_seed_comment_is_not_approved_and_its_insult_is_covered(judge, page):
    _, comment = page
    outcome = judge(comment)
    assert outcome.action is not Action.APPROVE
    assert {"insult", "obscene"} & set(outcome.reasons)
    insult = re.search(r"\bابن (\w+)", comment)
    assert insult[1] in insults(outcome, comment)


@pytest.fixture(scope="module")
def manifest():
    return json.loads((newest_model() / MANIFEST).read_text(encoding="utf-8"))


def test_the_shipped_model_is_no_toy(manifest):
    assert manifest["toy"] is False
    assert len(manifest["corpora"]) >= 20


def test_the_shipped_model_reaches_its_floor_on_osact4(manifest):
    figures = manifest["metrics"]["corpora"]["osact4_2020"]
    assert figures["attribute"] == "abusive"
    assert figures["macro_f1"] >= 0.86
    assert figures["auc"] >= 0.95
    assert figures["recall"] >= 0.70


@pytest.mark.parametrize("corpus", ["aoc_reader_comments", "hespress_comments"])
def test_the_default_policy_holds_back_few_published_comments(manifest, corpus):
    assert manifest["metrics"]["corpora"][corpus]["held_back"] <= 0.05


# Corpora whose labels the corpora notes trust. The floors are round figures below what the model
# reached, by half a point to three points: a fit that loses more is not shipped unnoticed. That of
# religious hate is low because the name of a religion counts for nothing, by design.
@pytest.mark.parametrize(
    ("attribute", "corpus", "floor"),
    [
        pytest.param("abusive", "osact4_2020", 0.95, id="abusive-twitter"),
        pytest.param("abusive", "lhsab", 0.94, id="abusive-levantine"),
        pytest.param("abusive", "alakrot2018_youtube", 0.91, id="abusive-youtube"),
        pytest.param("identity_hate", "albadi2018_religious", 0.81, id="religious-hate"),
        pytest.param("identity_hate", "armi2021", 0.91, id="misogyny"),
        pytest.param("threat", "dangerous_speech", 0.78, id="threat"),
    ],
)
def test_the_shipped_model_ranks_each_attribute_above_its_floor(manifest, attribute, corpus, floor):
    figures = manifest["metrics"]["corpora"][corpus]
    assert figures["attribute"] == attribute
    assert figures["auc"] >= floor


@pytest.mark.parametrize(
    ("attribute", "ceiling"),
    [
        pytest.param("abusive", 0.05, id="abusive"),
        pytest.param("severe", 0.03, id="severe"),
        pytest.param("insult", 0.04, id="insult"),
        pytest.param("obscene", 0.02, id="obscene"),
        pytest.param("identity_hate", 0.03, id="identity-hate"),
        pytest.param("threat", 0.02, id="threat"),
    ],
)
def test_the_scores_of_the_shipped_model_are_calibrated(manifest, attribute, ceiling):
    assert manifest["metrics"]["calibration_error"][attribute] <= ceiling
