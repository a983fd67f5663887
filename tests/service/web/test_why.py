from moderation import Policy, Thresholds
from service.web.why import grounds

POLICY = Policy("test", {"insult": Thresholds(0.5), "threat": Thresholds(0.3)})


def span(start, end, attribute, score):
    return {"start": start, "end": end, "attribute": attribute, "score": score}


def test_reasons_come_first_each_with_its_words_strongest_first():
    found = grounds(
        "bad worse bad",
        scores={"threat": 0.1, "insult": 0.9, "obscene": 0.2},
        reasons=["suspect_word", "insult"],
        spans=[
            span(0, 3, "insult", 0.4),
            span(4, 9, "insult", 0.9),
            span(10, 13, "insult", 0.6),
            span(4, 9, "suspect_word", 1.0),
        ],
        policy=POLICY,
    )
    assert [(each.code, each.counts, each.score, each.review_at) for each in found] == [
        ("suspect_word", True, None, None),
        ("insult", True, 0.9, 0.5),
        ("obscene", False, 0.2, None),
        ("threat", False, 0.1, 0.3),
    ]
    assert [[word.text for word in each.words] for each in found] == [
        ["worse"],
        ["worse", "bad"],
        [],
        [],
    ]
    assert [word.weight for word in found[1].words] == [0.9, 0.6]
