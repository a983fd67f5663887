"""The comments that speed is measured on, the same on every run."""

import csv
import random
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDINARY = Path(__file__).with_name("ordinary.txt")
SEED = ROOT / "data" / "seed" / "comments.csv"
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
LATIN = "abcdefghijklmnopqrstuvwxyz237"
SHARE_ABUSIVE = 0.1
BYTES = 20_000  # of an adversarial comment, nearly as many as are taken


def make_comments(count: int, *, characters: int = 100) -> list[str]:
    """Return comments of about so many characters, one in ten abusive.

    One word in eight is respelled: real comments keep bringing new words, and no cache may
    live on their absence.
    """
    chance = random.Random(20_261_123)  # noqa: S311 - the same comments on every run
    ordinary = ORDINARY.read_text(encoding="utf-8").splitlines()
    with SEED.open(encoding="utf-8", newline="") as lines:
        abusive = [row["text"] for row in csv.DictReader(lines) if row["abusive"] == "1"]
    comments = []
    for _ in range(count):
        comment = chance.choice(abusive if chance.random() < SHARE_ABUSIVE else ordinary)
        while len(comment) < 0.85 * characters:
            comment = f"{comment} {chance.choice(ordinary)}"
        words = comment.split()
        for at in range(chance.randrange(8), len(words), 8):
            cut = chance.randrange(len(words[at]))
            words[at] = words[at][:cut] + chance.choice(LETTERS) + words[at][cut + 1 :]
        comment = " ".join(words)
        comments.append(comment if len(comment) < 1.3 * characters else comment[:characters])
    return comments


def adversarial() -> dict[str, str]:
    """Return comments of 20 KB each that are made to cost more than others."""
    chance = random.Random(7)  # noqa: S311 - the same comments on every run

    def filled(part: str) -> str:
        return part * (BYTES // len(part.encode()))

    chance_words = ["".join(chance.choices(LATIN, k=chance.randrange(3, 9))) for _ in range(2_900)]
    return {
        "ordinary text": "\n".join(make_comments(200)).encode()[:BYTES].decode(errors="ignore"),
        "one word": "".join(chance.choices(LETTERS, k=BYTES // 2)),
        "all diacritics": filled("\u064e\u0651"),
        "all emoji": filled("😀😡"),
        "one letter": filled("ه"),
        "letters apart": filled("ك ل ب "),
        "masked words": filled("ح*ار "),
        "digits for letters": filled("7م4ر "),
        "Latin spellings": filled("7mar "),
        "Latin words": " ".join(chance_words),
        "ligatures": filled("ﷺ"),
        "fractions": filled("¾"),
        "tags": filled("<b>"),
        "entities": filled("&amp;"),
        "handles": filled("@a "),
        "links": filled("http://a "),
        "openings of tags": filled("<a "),
    }
