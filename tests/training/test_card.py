import json
import re

import pytest
from click.testing import CliRunner
from corpora_samples import write_sources

from moderation import ATTRIBUTES
from training import cli
from training.card import ABLATION_COLUMNS, ALONE_COLUMNS, Trials, write_card, write_cards
from training.card_words import ARABIC, ENGLISH
from training.trials import TrialsError, read_trials, write_trials

KINDS = {"sect": {"cases": 10, "flagged": 0.1}}
MANIFEST = {
    "version": "26.1",
    "toy": False,
    "licences": "all",
    "corpora": {"open": 100, "seed": 20},
    "positives": dict.fromkeys(ATTRIBUTES, 5000) | {"threat": 30},
    "thresholds": {name: {"review_at": 0.5} for name in ATTRIBUTES}
    | {"insult": {"review_at": 0.4, "reject_at": 0.9}},
    "metrics": {
        "summary": {"osact4_auc": 0.961, "hateful_spread_points": 3.5},
        "mean_auc": 0.9,
        "corpora": {
            "open": {
                "comments": 40,
                "held_back": 0.2,
                "attribute": "abusive",
                "positives": 12,
                "auc": 0.91,
                "macro_f1": 0.8,
                "best_macro_f1": 0.82,
                "precision": 0.7,
                "recall": 0.6,
            },
            "papers": {"comments": 50, "held_back": 0.03},
        },
        "published_at_recall": {"0.8": {"papers": 0.02}},
        "calibration_error": {"abusive": 0.02},
        "reliability": {"abusive": [{"score": 0.95, "share": 0.9, "comments": 40}]},
        "suites": {
            "identities": {
                "listed": 5,
                "neutral": {
                    "cases": 10,
                    "identities": 6,
                    "flagged": 0.1,
                    "worst": {"plural": "جيران", "flagged": 0.3},
                    "by_kind": KINDS,
                },
                "hateful": {
                    "cases": 20,
                    "caught": 0.875,
                    "spread_points": 12.5,
                    "worst": {"plural": "زوار", "caught": 0.5},
                    "by_kind": {"sect": {"cases": 20, "caught": 0.875}},
                },
            }
        },
    },
}
TRIALS = Trials(
    ablations=[
        dict(zip(ABLATION_COLUMNS, each, strict=True))
        for each in (
            ("shipped", "", "0.9", "0.95", "0.88", "0.03", "0.01", "60"),
            ("naive", "open", "0.89", "0.94", "0.88", "0.05", "0.02", "60"),
        )
    ],
    alone=[dict(zip(ALONE_COLUMNS, ("open", "abusive", "40", "0.8123", "60"), strict=True))],
)


@pytest.fixture
def sources(tmp_path):
    return write_sources(tmp_path / "sources.toml", open='measures = "abusive"')


@pytest.fixture
def card(sources):
    return write_card(MANIFEST, sources, TRIALS, words=ENGLISH)


def squeezed(text):
    return re.sub(r"-{2,}", "-", re.sub(r" +", " ", text))


def test_both_languages_have_the_same_words_and_gaps():
    assert ENGLISH.keys() == ARABIC.keys()
    gaps = {key: sorted(re.findall(r"{\w+}", text)) for key, text in ENGLISH.items()}
    assert {key: sorted(re.findall(r"{\w+}", text)) for key, text in ARABIC.items()} == gaps


def test_the_card_states_limits_figures_and_evidence(card):
    assert card.startswith("# Model 26.1\n\nبالعربية: [card.ar.md](card.ar.md)\n")
    for limit in ("Sarcasm and hints", "Context", "Pictures, sound, links"):
        assert f"- **{limit}.**" in card
    assert "| OSACT4-A, AUC | 0.961 | ≥ 0.97 |" in squeezed(card)
    assert "| threat | 30 | 0.5 | never |" in squeezed(card)
    assert "`threat`: fewer than 3,000 training comments show it." in card
    assert "| open | abusive | 40 | 12 | 0.91 | 0.8 | 0.82 | 0.7 | 0.6 |" in squeezed(card)
    assert "| papers | 50 | 0.03 | 0.02 |" in squeezed(card)


def test_the_card_states_how_it_treats_groups_of_people(card):
    assert "Neutral: 10.0 % of 10 flagged, most for جيران (30.0 %)." in card
    assert "Hateful: 87.5 % of 20 caught, least for زوار (50.0 %)" in card
    assert "5 of these groups stand there" in card
    assert "| sect | 10.0 % | 87.5 % |" in squeezed(card)


def test_the_card_says_that_the_projects_own_comments_do_not_count_in_the_mean(card, sources):
    assert "Mean AUC: 0.9\n" in card
    corpora = MANIFEST["metrics"]["corpora"]
    metrics = MANIFEST["metrics"] | {"corpora": corpora | {"seed": corpora["open"]}}
    for words, told in ((ENGLISH, "Mean AUC: 0.9; `seed`"), (ARABIC, "0.9، ولا تُحسب فيه `seed`")):
        assert told in write_card(MANIFEST | {"metrics": metrics}, sources, TRIALS, words=words)


def test_the_card_says_what_thresholds_were_chosen_on(card, sources):
    assert "one in four of the comments that newspapers published" in card
    arabic = write_card(MANIFEST, sources, TRIALS, words=ARABIC)
    assert "وعلى تعليق من كل أربعة نشرتها الصحف" in arabic


def test_the_card_lists_every_licence(card):
    assert "| open | 100 | MSA | CC0 | ✓ | Nobody 2026 |" in squeezed(card)
    assert "| seed | 20 | | GPL-3.0-or-later | ✓ | written for the project |" in squeezed(card)


def test_the_card_shows_what_decisions_gained_and_what_an_unseen_corpus_gets(card):
    assert "| nothing (as shipped) | 0.9 | 0.95 | 0.88 | 0.03 | 0.01 |" in squeezed(card)
    assert "| evidence of open | 0.89 | 0.94 | 0.88 | 0.05 | 0.02 |" in squeezed(card)
    assert "fitted again with 60 steps" in card
    assert "fitted on the rest with 60 steps" in card
    assert "Mean AUC of these: 0.8123." in card


def test_a_card_without_trials_has_no_tables_of_them(sources):
    card = write_card(MANIFEST, sources, Trials(), words=ENGLISH)
    assert ENGLISH["decisions"] not in card
    assert ENGLISH["alone"] not in card


def test_a_card_of_clear_licences_alone_says_so(sources):
    card = write_card(MANIFEST | {"licences": "permissive"}, sources, TRIALS, words=ENGLISH)
    assert "Fitted with `--licences permissive`" in card


def test_the_arabic_card_says_the_same_from_right_to_left(sources):
    card = write_card(MANIFEST, sources, TRIALS, words=ARABIC)
    assert card.startswith('<div dir="rtl">\n\n# النموذج 26.1\n')
    assert card.endswith("\n</div>\n")
    assert "- **السخرية والتلميح.**" in card
    assert "وأكثره عند ذكر «جيران» (30.0 %)" in card
    assert "| OSACT4-A: ‏AUC | 0.961 | ≥ 0.97 |" in squeezed(card)
    assert "{" not in card


def test_cards_and_their_picture_are_written_beside_the_model(sources, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need the extra `plots`")
    write_cards(tmp_path, MANIFEST, sources, TRIALS)
    assert "](reliability.svg)" in (tmp_path / "card.md").read_text(encoding="utf-8")
    assert "](reliability.svg)" in (tmp_path / "card.ar.md").read_text(encoding="utf-8")
    assert (tmp_path / "reliability.svg").stat().st_size < 100_000


def test_a_table_of_trials_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "data" / "alone.csv"
    write_trials(path, ALONE_COLUMNS, TRIALS.alone)
    assert read_trials(path, ALONE_COLUMNS) == TRIALS.alone
    assert read_trials(tmp_path / "none.csv", ALONE_COLUMNS) == []
    with pytest.raises(TrialsError, match=r"must have the columns change, corpus"):
        read_trials(path, ABLATION_COLUMNS)


def test_a_model_without_figures_of_the_suites_gets_no_card(tmp_path):
    fitted = CliRunner().invoke(cli.main, ["fit", "--output", str(tmp_path), "--jobs", "1"])
    assert fitted.exit_code == 0, fitted.output
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    again = CliRunner().invoke(cli.main, ["card", "--model", str(tmp_path)])
    assert again.stdout == f"{tmp_path / 'card.md'}\n"
    del manifest["metrics"]["suites"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    refused = CliRunner().invoke(cli.main, ["card", "--model", str(tmp_path)])
    assert refused.exit_code == 1
    assert "lacks figures of the suites: fit it again" in refused.stderr
