"""The figures that a model is held to: what each means, which way is better, what is wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from moderation import ATTRIBUTES

HIGHER: Final = "at_least"
LOWER: Final = "at_most"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the summary.

    Parameters
    ----------
    name : str
        Stable: floors are stored under it.
    text, arabic : str
        What it says, for people, in two languages.
    better : str
        `HIGHER` or `LOWER`.
    goal : float or None
        What the project wants to reach; None where it is reported only.
    path : tuple of str
        Where a report has it.
    """

    name: str
    text: str
    arabic: str
    better: str
    goal: float | None
    path: tuple[str, ...]

    @property
    def unit(self) -> float:
        """What a hundredth of a share is in: 1 for shares, 100 for percentage points."""
        return 100.0 if self.name.endswith("_points") else 1.0

    def holds(self, value: float, bound: float) -> bool:
        """Say whether a value is no worse than a bound."""
        return value >= bound if self.better == HIGHER else value <= bound


def _published(corpus: str, short: str, goal: float, english: str, arabic: str) -> Figure:
    return Figure(
        f"{short}_flagged",
        f"{english}, flagged where recall on OSACT4 is 0.80",
        f"{arabic}: المعلَّم منها حيث يبلغ الاستدعاء على OSACT4 ‏0.80",
        LOWER,
        goal,
        ("published_at_recall", "0.8", corpus),
    )


_OSACT4: Final = ("corpora", "osact4_2020")
_SUITES: Final = ("suites",)
_NEUTRAL: Final = (*_SUITES, "identities", "neutral")
_HATEFUL: Final = (*_SUITES, "identities", "hateful")

FIGURES: Final = (
    Figure("osact4_macro_f1", "OSACT4-A, macro-F1 at the shipped threshold",
           "OSACT4-A: ‏macro-F1 عند العتبة المعتمدة", HIGHER, 0.90, (*_OSACT4, "macro_f1")),
    Figure("osact4_auc", "OSACT4-A, AUC", "OSACT4-A: ‏AUC", HIGHER, 0.97, (*_OSACT4, "auc")),
    Figure("mean_auc", "mean AUC over the labelled corpora, each with its own attribute",
           "متوسط AUC على المدونات الموسومة، كلٌّ بصفتها", HIGHER, 0.90, ("mean_auc",)),
    _published("aoc_reader_comments", "aoc", 0.04, "newspaper readers (AOC)",
               "تعليقات قراء الصحف (AOC)"),
    _published("hespress_comments", "hespress", 0.04, "newspaper readers (Hespress)",
               "تعليقات قراء هسبريس"),
    _published("asnd_news_posts", "asnd", 0.015, "news text (ASND)", "نصوص الأخبار (ASND)"),
    _published("mawqif", "mawqif", 0.02, "heated opinion (Mawqif)", "آراء محتدّة (Mawqif)"),
    Figure("arabizi_auc", "Arabizi, AUC", "العربية بحروف لاتينية: ‏AUC", HIGHER, 0.90,
           ("corpora", "arabizi_dz_lb", "auc")),
    *(
        Figure(f"calibration_error_{name}", f"calibration error of {name}",
               f"خطأ المعايرة، {name}", LOWER, 0.05, ("calibration_error", name))
        for name in ATTRIBUTES
    ),
    Figure("functional_right", "functional cases decided right", "حالات وظيفية قُضي فيها بالصواب",
           HIGHER, None, (*_SUITES, "functional", "right")),
    Figure("functional_held", "of those to hold, held", "ممّا يجب حجزه: ما حُجز",
           HIGHER, None, (*_SUITES, "functional", "held", "right")),
    Figure("functional_approved", "of those to approve, approved", "ممّا يجب نشره: ما نُشر",
           HIGHER, None, (*_SUITES, "functional", "approved", "right")),
    Figure("clean_uses_flagged", "clean uses of loaded words, flagged",
           "استعمالات سليمة لكلمات محمَّلة: المعلَّم منها", LOWER, 0.03,
           (*_SUITES, "clean_uses", "flagged")),
    Figure("identities_flagged", "neutral words about identities, flagged",
           "كلام محايد عن الهويات: المعلَّم منه", LOWER, 0.01, (*_NEUTRAL, "flagged")),
    Figure("worst_identity_flagged", "the same, identity that fares worst",
           "كذلك، أسوأ الهويات حظا", LOWER, 0.03, (*_NEUTRAL, "worst", "flagged")),
    Figure("hateful_caught", "hateful words about the same identities, caught",
           "كلام كاره عن الهويات نفسها: ما كُشف منه", HIGHER, 0.85, (*_HATEFUL, "caught")),
    Figure("hateful_spread_points", "the same, spread between identities in points",
           "كذلك، الفرق بين الهويات بالنقاط المئوية", LOWER, 5.0, (*_HATEFUL, "spread_points")),
    Figure("spans_f1", "highlighted words, F1 over characters", "الكلمات المظلَّلة: ‏F1 على الحروف",
           HIGHER, 0.75, (*_SUITES, "spans", "f1")),
    Figure("highlights_offensive", "highlights that offend by themselves",
           "ما ظُلِّل وهو مسيء وحده", HIGHER, 0.95, (*_SUITES, "spans", "offensive_alone")),
    Figure("evasion_mean", "caught comments still caught once rewritten, mean",
           "ما كُشف وظلّ يُكشف بعد التمويه، المتوسط", HIGHER, 0.95, (*_SUITES, "evasion", "mean")),
    Figure("evasion_lowest", "the same, rewrite that hides best", "كذلك، أنجح الحيل", HIGHER, 0.85,
           (*_SUITES, "evasion", "lowest")),
    Figure("rewriting_more_flags", "more flags on clean text once rewritten, worst rewrite",
           "زيادة التعليم على النص السليم بعد التمويه، أسوأ الحيل", LOWER, 0.01,
           (*_SUITES, "false_alarms", "most_more")),
    Figure("osact4_evasion_mean", "OSACT4 comments still caught once rewritten, mean",
           "تعليقات OSACT4 ظلّت تُكشف بعد التمويه، المتوسط", HIGHER, 0.95,
           (*_SUITES, "evasion_corpora", "mean")),
    Figure("aoc_rewriting_more_flags", "more flags on AOC once rewritten, worst rewrite",
           "زيادة التعليم على AOC بعد التمويه، أسوأ الحيل", LOWER, 0.01,
           (*_SUITES, "false_alarms_corpora", "most_more")),
)  # fmt: skip


def summarise(report: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures that a report has, by name."""
    found = {figure.name: _at(report, *figure.path) for figure in FIGURES}
    return {name: value for name, value in found.items() if value is not None}


def _at(report: object, *path: str) -> float | None:
    for key in path:
        report = report.get(key) if isinstance(report, Mapping) else None
    return report if isinstance(report, int | float) else None
