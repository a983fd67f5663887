from dataclasses import dataclass

from moderation import CommentScore, Policy, Span, Thresholds, load_scorer
from training.suite_cases import Case, Filled, Frame, Identity, MarkedComment, fill, unmark
from training.suite_measures import (
    clean_uses,
    flagged,
    functional,
    identities,
    measure_suites,
    spans_found,
)
from training.suites import Suites

POLICY = Policy("test", {"insult": Thresholds(0.5)})


@dataclass(frozen=True)
class WordScorer:
    """Knows what words score, so that every share can be counted by hand."""

    words: dict[str, float]
    highlighted: tuple[str, ...] = ()

    def score(self, texts, *, spans=True):
        return [self._score(text, spans) for text in texts]

    def _score(self, text, spans):
        value = max((v for word, v in self.words.items() if word in text), default=0.0)
        shown = [
            Span(text.index(word), text.index(word) + len(word), name, 0.9)
            for word in self.highlighted
            if spans and word in text
            for name in ("insult", "abusive")
        ]
        scores = dict.fromkeys(("abusive", "severe", "obscene", "identity_hate", "threat"), 0.0)
        return CommentScore({"insult": value, **scores}, tuple(shown), "words")


def case(text, *, held=True, topic="insult", dialect="msa", half="measure"):
    return Case(f"id {text}", dialect, half, topic, "family", held, "", text)


def test_cases_are_right_where_they_end_as_expected():
    scorer = WordScorer({"كسول": 0.5, "حار": 0.9})
    cases = [
        case("يا كسول"),
        case("يا عنيد", dialect="gulf"),
        case("خبز حار", held=False, topic="praise", dialect="gulf"),
        case("چاي طيب", held=False, topic="praise"),
        case("شكرا لكم", held=False, topic="praise"),
    ]
    assert functional(scorer, POLICY, cases) == {
        "cases": 5,
        "right": 0.6,
        "held": {"cases": 2, "right": 0.5},
        "approved": {"cases": 3, "right": 0.6667},
        "by_functionality": {
            "insult": {"cases": 2, "right": 0.5},
            "praise": {"cases": 3, "right": 0.6667},
        },
        "by_dialect": {"gulf": {"cases": 2, "right": 0.0}, "msa": {"cases": 3, "right": 1.0}},
    }


def test_clean_uses_count_only_where_they_are_to_be_approved():
    scorer = WordScorer({"الحمار": 0.7})
    cases = [
        case("الحمار في الحقل", held=False, topic="حمار"),
        case("باع حماره", held=False, topic="حمار"),
        case("نباح كلب", held=False, topic="كلب", dialect="gulf"),
        case("الحمار انت", topic="حمار"),
    ]
    assert clean_uses(scorer, POLICY, cases) == {
        "cases": 3,
        "flagged": 0.3333,
        "by_word": {"حمار": {"cases": 2, "flagged": 0.5}, "كلب": {"cases": 1, "flagged": 0.0}},
        "by_dialect": {"gulf": {"cases": 1, "flagged": 0.0}, "msa": {"cases": 2, "flagged": 0.5}},
    }


BAKER = Identity("baker", "profession", "measure", "خباز", "خبازة", "خبازين", "الخبازين")
TAILOR = Identity("tailor", "profession", "measure", "خياط", "خياطة", "خياطين", "الخياطين")
WOMEN = Identity("women", "gender", "measure", "", "امرأة", "نساء", "النساء")


def frame(name, text, *, held):
    form = text.partition("{")[2].partition("}")[0]
    return Frame(name, "measure", "msa", form, (), held, text)


def test_identities_are_compared_over_the_frames_that_all_of_them_fill():
    frames = [
        frame("n1", "أنا {singular_m}", held=False),
        frame("n2", "مع {plural}", held=False),
        frame("h1", "كسالى {plural}", held=True),
        frame("h2", "اطردوا {plural}", held=True),
        frame("h3", "كل {singular_m} كسول", held=True),
    ]
    filled = fill(frames, [BAKER, TAILOR, WOMEN], half="measure")
    # Bakers are held in every frame; of the others h1 and h3 are caught, h2 is not.
    scorer = WordScorer({"خباز": 0.9, "كسالى": 0.9, "كسول": 0.9})
    assert identities(scorer, POLICY, filled) == {
        "neutral": {
            "cases": 5,
            "identities": 3,
            "flagged": 0.4,
            "worst": {"id": "baker", "plural": "خبازين", "cases": 2, "flagged": 1.0},
            "by_identity": {
                "baker": {"cases": 2, "flagged": 1.0},
                "tailor": {"cases": 2, "flagged": 0.0},
                "women": {"cases": 1, "flagged": 0.0},
            },
            "by_kind": {
                "gender": {"cases": 1, "flagged": 0.0},
                "profession": {"cases": 4, "flagged": 0.5},
            },
            "by_frame": {
                "n1": {"cases": 2, "flagged": 0.5},
                "n2": {"cases": 3, "flagged": 0.3333},
            },
        },
        "hateful": {
            "cases": 8,
            "identities": 3,
            "caught": 0.75,
            # Of two plain frames one, where a tailor has two of three.
            "worst": {"id": "women", "plural": "نساء", "cases": 2, "caught": 0.5},
            "by_identity": {
                "baker": {"cases": 3, "caught": 1.0},
                "tailor": {"cases": 3, "caught": 0.6667},
                "women": {"cases": 2, "caught": 0.5},
            },
            "by_kind": {
                "gender": {"cases": 2, "caught": 0.5},
                "profession": {"cases": 6, "caught": 0.8333},
            },
            "by_frame": {
                "h1": {"cases": 3, "caught": 1.0},
                "h2": {"cases": 3, "caught": 0.3333},
                "h3": {"cases": 2, "caught": 1.0},
            },
            # Over h1 and h2: bakers 1, tailors and women 0.5; professions 0.75.
            "spread_points": 50.0,
            "spread_points_of_kinds": 25.0,
            "spread_frames": 2,
        },
    }


def test_without_hateful_frames_there_is_no_spread():
    filled = [Filled(frame("n1", "أنا {singular_m}", held=False), BAKER, "أنا خباز")]
    report = identities(WordScorer({}), POLICY, filled)["hateful"]
    assert (report["caught"], report["worst"], report["spread_points"]) == (None, None, None)


def marked(number, text):
    return MarkedComment(f"spans-{number}", "msa", "measure", *unmark(text))


def test_highlights_are_compared_with_marks_by_characters_without_spaces():
    scorer = WordScorer({"كسول": 0.9, "عنيد": 0.8}, highlighted=("كسول", "جدا", "يا عنيد", "حار"))
    comments = [
        marked(1, "أنت ⟦كسول⟧ جدا"),  # 4 of 4 found, 3 too many, and these are clean alone
        marked(2, "يا ⟦عنيد⟧ و⟦مغرور⟧"),  # 4 of 9 found, 2 too many, but held alone
        marked(3, "⟦بخيل⟧ ولا يستحي"),  # 0 of 4 found: approved
        marked(4, "خبز حار"),  # approved, but highlighted: 3 too many, and clean alone
    ]
    assert spans_found(scorer, POLICY, comments) == {
        "comments": 4,
        "highlights": 4,
        "precision": 0.5,  # 8 of 16
        "recall": 0.4706,  # 8 of 17
        "f1": 0.4848,  # 16 of 33
        "offensive_alone": 0.5,
        "found": 0.6667,
    }


def test_a_highlight_within_marks_counts_as_offensive():
    scorer = WordScorer({"لا خير فيك": 0.9}, highlighted=("خير",))
    report = spans_found(scorer, POLICY, [marked(1, "أنت ⟦لا خير فيك⟧ أبدا")])
    assert report["offensive_alone"] == 1.0
    assert report["precision"] == 1.0
    assert report["recall"] == 0.375  # 3 of 8


def test_without_highlights_nothing_is_divided():
    assert spans_found(WordScorer({}), POLICY, [marked(1, "صباح الخير")]) == {
        "comments": 1,
        "highlights": 0,
        "precision": None,
        "recall": None,
        "f1": None,
        "offensive_alone": None,
        "found": None,
    }


def test_only_one_half_of_each_suite_is_measured():
    clean = case("الحمار في الحقل", held=False, topic="حمار")
    suites = Suites(
        functional=(case("يا كسول"), case("يا عنيد", half="learn")),
        clean_uses=(clean,),
        identities=(BAKER,),
        frames=(
            frame("n1", "أنا {singular_m}", held=False),
            frame("h1", "اطردوا {plural}", held=True),
        ),
        spans=(marked(1, "أنت ⟦كسول⟧ جدا"),),
    )
    scorer = WordScorer({"كسول": 0.9})
    measured = measure_suites(scorer, POLICY, suites)
    assert measured["functional"]["right"] == 1.0
    assert measured["clean_uses"]["cases"] == 1
    assert measured["identities"]["neutral"]["cases"] == 1
    assert measured["identities"]["hateful"]["caught"] == 0.0
    assert measured["spans"]["comments"] == 1
    learned = measure_suites(scorer, POLICY, suites, half="learn")
    assert learned["functional"] == {
        "cases": 1,
        "right": 0.0,
        "held": {"cases": 1, "right": 0.0},
        "approved": {"cases": 0, "right": None},
        "by_functionality": {"insult": {"cases": 1, "right": 0.0}},
        "by_dialect": {"msa": {"cases": 1, "right": 0.0}},
    }
    assert learned["clean_uses"] == {"cases": 0, "flagged": None, "by_word": {}, "by_dialect": {}}
    assert learned["identities"]["neutral"]["worst"] is None
    assert learned["spans"]["comments"] == 0


def test_a_real_scorer_is_measured_alike_in_one_batch_and_one_by_one():
    scorer = load_scorer()
    policy = scorer.default_policy()
    texts = ["شكرا على المقال", "يا حقير يا سافل", "", "خبز حار"]
    one_by_one = [flagged(scorer, policy, [text]).tolist() for text in texts]
    assert [flagged(scorer, policy, texts)[i : i + 1].tolist() for i in range(4)] == one_by_one
