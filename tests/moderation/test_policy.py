import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import ATTRIBUTES, Action, CommentScore, Policy, PolicyError, Span, Thresholds
from moderation.lists import PhraseList

ORDER = [Action.APPROVE, Action.REVIEW, Action.REJECT]
SHARES = st.floats(0, 1)


def scored(*spans, **scores):
    return CommentScore(dict.fromkeys(ATTRIBUTES, 0.0) | scores, spans, "m")


def decide(policy, text="نص", *spans, **scores):
    return policy.decide(text, scored(*spans, **scores))


@pytest.mark.parametrize(
    ("score", "action"),
    [
        pytest.param(0.0, Action.APPROVE, id="lowest"),
        pytest.param(0.4999999, Action.APPROVE, id="below-review"),
        pytest.param(0.5, Action.REVIEW, id="on-review"),
        pytest.param(0.8999999, Action.REVIEW, id="below-reject"),
        pytest.param(0.9, Action.REJECT, id="on-reject"),
        pytest.param(1.0, Action.REJECT, id="highest"),
    ],
)
def test_a_score_on_a_threshold_counts_as_above_it(score, action):
    assert Thresholds(0.5, 0.9).decide(score) is action
    policy = Policy("p", {"insult": Thresholds(0.5, 0.9)})
    assert decide(policy, insult=score).action is action


def test_without_reject_at_the_worst_goes_to_review():
    assert Thresholds(0.5).decide(1.0) is Action.REVIEW


def test_equal_thresholds_leave_no_room_for_review():
    assert Thresholds(0.7, 0.7).decide(0.7) is Action.REJECT


@pytest.mark.parametrize(
    ("review_at", "reject_at"),
    [
        pytest.param(-0.1, 0.5, id="below-0"),
        pytest.param(0.5, 1.1, id="above-1"),
        pytest.param(0.9, 0.5, id="wrong-order"),
        pytest.param(1.1, None, id="alone-above-1"),
        pytest.param(float("nan"), 0.5, id="nan"),
        pytest.param(0.5, float("nan"), id="reject-nan"),
    ],
)
def test_impossible_thresholds_are_refused_with_rule_and_value(review_at, reject_at):
    with pytest.raises(PolicyError) as error:
        Thresholds(review_at, reject_at)
    assert "0 <= review_at <= reject_at <= 1" in str(error.value)
    assert f"review_at={review_at}, reject_at={reject_at}" in str(error.value)


@given(SHARES, SHARES, SHARES, SHARES)
def test_higher_score_never_gets_a_milder_action(a, b, x, y):
    policy = Policy("p", {"threat": Thresholds(*sorted((a, b)))})
    low, high = sorted((x, y))
    milder, harder = decide(policy, threat=low).action, decide(policy, threat=high).action
    assert ORDER.index(milder) <= ORDER.index(harder)


@given(st.fixed_dictionaries({name: SHARES for name in ATTRIBUTES}), st.sampled_from(ATTRIBUTES))
def test_a_further_threshold_never_makes_an_action_milder(scores, name):
    few = {"abusive": Thresholds(0.5, 0.9)}
    before = decide(Policy("p", few), **scores)
    after = decide(Policy("p", few | {name: Thresholds(0.4, 0.8)}), **scores)
    assert ORDER.index(before.action) <= ORDER.index(after.action)


def test_an_attribute_without_thresholds_never_decides():
    policy = Policy("p", {"insult": Thresholds(0.5)})
    outcome = decide(policy, obscene=1.0)
    assert outcome.action is Action.APPROVE
    assert outcome.reasons == ()


def test_an_approval_has_no_reasons_and_keeps_what_was_found():
    policy = Policy("p", {"insult": Thresholds(0.5)})
    outcome = decide(policy, "نص", Span(0, 2, "insult", 0.4), insult=0.4)
    assert (outcome.action, outcome.reasons) == (Action.APPROVE, ())
    assert outcome.spans == (Span(0, 2, "insult", 0.4),)


def test_reasons_come_by_action_then_score_then_name():
    cuts = {name: Thresholds(0.3) for name in ("threat", "obscene", "insult")}
    policy = Policy("p", cuts | {"abusive": Thresholds(0.3, 0.5), "severe": Thresholds(0.1, 0.6)})
    outcome = decide(policy, abusive=0.5, threat=0.9, obscene=0.8, insult=0.8, severe=0.2)
    assert outcome.action is Action.REJECT
    assert outcome.reasons == ("abusive", "threat", "insult", "obscene", "severe")


def test_the_outcome_names_its_policy():
    assert decide(Policy("news-3", {})).policy == "news-3"


@pytest.mark.parametrize("name", ["suspect", "banned", "allowed"])
def test_one_phrase_is_no_list_of_its_letters(name):
    with pytest.raises(TypeError, match=f"{name} takes a list of phrases, not one"):
        Policy("p", {}, **{name: "حمار"})


def test_a_banned_word_rejects_and_is_covered():
    outcome = decide(Policy("p", {}, banned=["غبي"]), "يا غَبيُّ!")
    assert outcome.action is Action.REJECT
    assert outcome.reasons == ("banned_word",)
    assert outcome.spans == (Span(3, 9, "banned_word", 1.0),)


def test_a_suspect_word_sends_to_review():
    outcome = decide(Policy("p", {}, suspect=["غبي"]), "أنت غبي")
    assert outcome.action is Action.REVIEW
    assert outcome.reasons == ("suspect_word",)
    assert outcome.spans == (Span(4, 7, "suspect_word", 1.0),)


def test_a_banned_word_outweighs_thresholds_and_suspect_words():
    policy = Policy("p", {"insult": Thresholds(0.1)}, suspect=["تافه"], banned=["غبي"])
    outcome = decide(policy, "تافه غبي", Span(0, 4, "insult", 0.9), insult=0.9)
    assert outcome.action is Action.REJECT
    assert outcome.reasons == ("banned_word", "suspect_word", "insult")
    assert [span.attribute for span in outcome.spans] == ["insult", "suspect_word", "banned_word"]


def test_a_word_that_stands_twice_is_one_reason_and_two_spans():
    outcome = decide(Policy("p", {}, banned=["غبي"]), "غبي غبي")
    assert outcome.reasons == ("banned_word",)
    assert [(span.start, span.end) for span in outcome.spans] == [(0, 3), (4, 7)]


def test_an_allowed_phrase_hides_the_words_that_it_covers():
    policy = Policy("p", {}, banned=["كلب"], suspect=["البحر"], allowed=["كلب البحر"])
    assert decide(policy, "رأيت كلب البحر").action is Action.APPROVE
    assert decide(policy, "رأيت كَلب البحـر").action is Action.APPROVE
    assert decide(policy, "يا كلب رأيت كلب البحر").spans == (Span(3, 6, "banned_word", 1.0),)


def test_an_allowed_word_inside_a_banned_phrase_does_not_hide_it():
    policy = Policy("p", {}, banned=["ابن الكلب"], allowed=["الكلب"])
    assert decide(policy, "يا ابن الكلب").reasons == ("banned_word",)


def test_a_phrase_that_is_added_switches_none_off():
    banned, allowed = ["كبير اللصوص"], ["حرامي كبير"]
    for more in ([], ["حرامي كبير"]):
        policy = Policy("p", {}, banned=banned + more, allowed=allowed)
        assert decide(policy, "هذا حرامي كبير اللصوص").reasons == ("banned_word",)


def test_allowed_phrases_that_overlap_all_count():
    policy = Policy("p", {}, banned=["دبي"], allowed=["سمسار عقارات", "عقارات دبي"])
    assert decide(policy, "سمسار عقارات دبي").action is Action.APPROVE


@pytest.mark.parametrize(
    ("text", "action"),
    [
        pytest.param("السمسار عقارات", Action.APPROVE, id="article"),
        pytest.param("وبالسمسار عقارات", Action.APPROVE, id="more"),
        pytest.param("كان،السَمسار عقارات", Action.APPROVE, id="beside-a-word"),
        pytest.param("السمسار العقارات", Action.REVIEW, id="another-phrase"),
        pytest.param("السمسار عقارات السمسار", Action.REVIEW, id="once-more"),
    ],
)
def test_an_allowed_phrase_covers_its_own_proclitics(text, action):
    policy = Policy("p", {}, suspect=["السمسار"], allowed=["سمسار عقارات"])
    assert decide(policy, text).action is action


def test_latin_letters_are_banned_and_allowed_among_arabic_words():
    text = "اربح usdt مجانا كل يوم"
    assert decide(Policy("p", {}, banned=["usdt"]), text).reasons == ("banned_word",)
    assert decide(Policy("p", {}, suspect=["usdt"]), text).reasons == ("suspect_word",)
    policy = Policy("p", {}, banned=["مجانا"], allowed=["usdt مجانا"])
    assert decide(policy, text).action is Action.APPROVE
    assert decide(policy, "وهذا الUSDT مجانا كل يوم").action is Action.APPROVE


@given(st.lists(st.sampled_from(["بيت", "والبيت", "شارع", "مدينة"]), max_size=8).map(" ".join))
def test_what_is_inside_one_allowed_phrase_is_ignored(text):
    banned = ["بيت", "شارع مدينة", "البيت"]
    allowed = ["بيت شارع مدينة", "شارع مدينة بيت", "مدينة بيت"]
    matches, covers = PhraseList(banned).find(text), PhraseList(allowed).cover(text)
    expected = [
        (start, end)
        for start, end in matches
        if not any(first <= start and end <= last for first, last in covers)
    ]
    spans = decide(Policy("p", {}, banned=banned, allowed=allowed), text).spans
    assert [(span.start, span.end) for span in spans] == expected


def test_an_allowed_phrase_does_not_lower_a_score():
    policy = Policy("p", {"insult": Thresholds(0.5)}, allowed=["غبي"])
    assert decide(policy, "غبي", insult=0.9).reasons == ("insult",)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"thresholds": {"rude": Thresholds(0.5)}}, id="unknown-attribute"),
        pytest.param({"version": ""}, id="empty-version"),
        pytest.param({"banned": ["؟!"]}, id="phrase-without-letters"),
        pytest.param({"allowed": [""]}, id="empty-phrase"),
    ],
)
def test_an_impossible_policy_is_refused(fields):
    with pytest.raises(PolicyError):
        Policy(**{"version": "p", "thresholds": {}} | fields)


POLICY_FILE = """\
version = "news-3"

[thresholds.abusive]
review_at = 0.5
reject_at = 0.98

[thresholds.threat]
review_at = 0

[lists]
suspect = ["غبي", "تافه"]
banned = ["حقير"]
allowed = ["كلب البحر"]
"""


def test_a_policy_file_says_what_the_policy_says(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(POLICY_FILE, encoding="utf-8")
    expected = Policy(
        version="news-3",
        thresholds={"abusive": Thresholds(0.5, 0.98), "threat": Thresholds(0)},
        suspect=("غبي", "تافه"),
        banned=("حقير",),
        allowed=("كلب البحر",),
    )
    assert Policy.load(path) == expected
    assert Policy.load(str(path)) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("version = ", "Invalid value", id="not-toml"),
        pytest.param("", "a policy needs a version", id="empty"),
        pytest.param("version = 3", "version must be a string, got 3", id="version-number"),
        pytest.param('version = "p"\nthreshold = 1', "unknown key 'threshold' in policy", id="key"),
        pytest.param('version = "p"\nthresholds = 1', "thresholds must be a table", id="no-table"),
        pytest.param(
            'version = "p"\n[thresholds.rude]\nreview_at = 0.5',
            "unknown attribute 'rude'",
            id="unknown-attribute",
        ),
        pytest.param(
            'version = "p"\n[thresholds.insult]\nreject_at = 0.5',
            "thresholds.insult needs review_at",
            id="no-review-at",
        ),
        pytest.param(
            'version = "p"\n[thresholds.insult]\nreview_at = "0.5"',
            "thresholds.insult.review_at must be a number, got '0.5'",
            id="text-for-a-number",
        ),
        pytest.param(
            'version = "p"\n[thresholds.insult]\nreview_at = true',
            "must be a number, got True",
            id="bool-for-a-number",
        ),
        pytest.param(
            'version = "p"\n[thresholds.insult]\nreview_at = 0.9\nreject_at = 0.5',
            "got review_at=0.9, reject_at=0.5",
            id="wrong-order",
        ),
        pytest.param(
            'version = "p"\n[thresholds.insult]\nreview_at = nan', "review_at=nan", id="nan"
        ),
        pytest.param(
            'version = "p"\n[thresholds.insult]\nreview_at = 0.5\nat = 1',
            "unknown key 'at' in thresholds.insult",
            id="unknown-threshold",
        ),
        pytest.param('version = "p"\n[lists]\nbaned = []', "unknown key 'baned'", id="list-name"),
        pytest.param(
            'version = "p"\n[lists]\nbanned = "غبي"',
            "lists.banned must be a list of strings",
            id="text-for-a-list",
        ),
        pytest.param(
            'version = "p"\n[lists]\nbanned = [1]',
            "lists.banned must be a list of strings",
            id="number-in-a-list",
        ),
        pytest.param(
            'version = "p"\n[lists]\nbanned = ["؟"]',
            "needs a letter or a digit, got '؟'",
            id="phrase-without-letters",
        ),
    ],
)
def test_a_bad_policy_file_is_named_with_its_mistake(tmp_path, content, message):
    path = tmp_path / "policy.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PolicyError) as error:
        Policy.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_policy_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(PolicyError, match="policy folder"):
        Policy.load(tmp_path / "policy folder" / name)


def test_a_policy_file_in_another_encoding_is_named(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_bytes('version = "غبي"'.encode("cp1256"))
    with pytest.raises(PolicyError, match=r"policy\.toml: .*utf-8"):
        Policy.load(path)


CUTS = st.one_of(
    st.builds(Thresholds, SHARES),
    st.tuples(SHARES, SHARES).map(lambda pair: Thresholds(*sorted(pair))),
)
PHRASES = st.lists(st.sampled_from(["غبي", "كلب البحر", "7mar", "ﻻ"]))


@given(
    policy=st.builds(
        Policy,
        version=st.text(min_size=1),
        thresholds=st.dictionaries(st.sampled_from(ATTRIBUTES), CUTS),
        suspect=PHRASES,
        banned=PHRASES,
        allowed=PHRASES,
    )
)
def test_a_policy_survives_the_way_through_a_document(policy):
    assert Policy.from_document(policy.to_document()) == policy


def test_policies_with_other_lists_differ():
    assert Policy("p", {}, banned=["غبي"]) != Policy("p", {}, suspect=["غبي"])
