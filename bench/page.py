"""Measures, in a browser, how long a moderator waits: for the next comment, and for the list.

From the press of the key until the next comment has been painted, with a queue of generated
comments on this machine; as somebody who reads each for a moment, and as fast as it goes. The
list is of a hundred comments with marked words; its weight is all that comes but the typeface,
and beside the time by the clock stands what the server's processor took, which other work on the
machine hardly touches.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
# In place of this folder, whose http.py would pass for the one of Python.
sys.path[:1] = [str(ROOT), str(ROOT / "tests" / "service")]

from http.client import HTTPConnection  # noqa: E402 - the path above comes first

from playwright.sync_api import Page, sync_playwright  # noqa: E402
from serving import Served  # noqa: E402

from moderation import Policy, Thresholds, load_scorer  # noqa: E402
from service.database import open_engine, upgrade, writing  # noqa: E402
from service.ingest import ingest_all  # noqa: E402
from service.judge import Judge  # noqa: E402
from service.moderators import Role, add_moderator  # noqa: E402
from service.schema import ArticleIn, AuthorIn, CommentIn  # noqa: E402

REPORT = ROOT / "reports" / "page.json"
NAME, PASSWORD = "bench", "a password to measure with"
LIMIT_MS = 100
LIST_LIMIT_MS = 150
LIST_LIMIT_KB = 300
READING_MS = 400
_LISTS = 41
# A list holds them all, whatever the model makes of them; most have marked words beside that.
_TEXTS = (
    "انت حمار وما بتفهم شي، اشتريت غربال رقم {} من السوق القديم وكان البائع رجلا طيبا",
    "كاتب تافه ومقال تافه يا غبي، وغربال رقم {} أفهم منك في شغل البلدية وفي السوق كله",
    "اشتريت غربال رقم {} من السوق القديم وأعجبني، والبائع رجل طيب",
)
DECIDE = """async (reading) => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await wait(reading);
  const before = document.querySelector("#desk").dataset.comment;
  const start = performance.now();
  document.body.dispatchEvent(
    new KeyboardEvent("keydown", {code: "KeyA", key: "ش", bubbles: true, cancelable: true}));
  while (document.querySelector("#desk").dataset.comment === before) {
    if (performance.now() - start > 5000) throw new Error("no next comment");
    await wait(0);
  }
  await painted();
  return performance.now() - start;
}"""

WEIGHT = """() => performance.getEntries()
  .filter((each) => each.decodedBodySize && !each.name.endsWith(".woff2"))
  .reduce((sum, each) => sum + each.decodedBodySize, 0)"""


def fill(url: str, *, comments: int) -> None:
    """Put comments that wait, and an account, into a fresh database."""
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        add_moderator(connection, NAME, role=Role.MODERATOR, password=PASSWORD)
    scorer = load_scorer()
    cuts = {
        name: Thresholds(cut.review_at) for name, cut in scorer.default_policy().thresholds.items()
    }
    judge = Judge(scorer, Policy("bench", cuts, suspect=("غربال",)))
    made = [
        CommentIn(
            id=f"c-{number}",
            text=_TEXTS[number % len(_TEXTS)].format(number),
            author=AuthorIn(id=f"u-{number % 500}", name=f"زائر {number % 500}"),
            article=ArticleIn(id=f"a-{number % 50}", title="السوق القديم"),
        )
        for number in range(comments)
    ]
    for start in range(0, comments, 1_000):
        ingest_all(engine, judge, made[start : start + 1_000])
    engine.dispose()


def sign_in(page: Page) -> None:
    """Open the review page."""
    page.goto("/sign-in")
    page.fill("input[name=name]", NAME)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("#desk[data-comment]")


def measure(page: Page, *, decisions: int, reading_ms: int) -> dict[str, float]:
    """Decide on comments one after another and return the waits in milliseconds."""
    took = [page.evaluate(DECIDE, reading_ms) for _ in range(decisions)]
    return {"decisions": decisions, **_spread(took)}


def _spread(took: list[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "max_ms": round(ordered[-1], 1),
    }


def processor_ms(pids: list[int]) -> float:
    """Return how long processes have had the processor."""
    ticks = 0
    for pid in pids:
        # The name, in brackets, may hold spaces: what follows it is counted from there.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return 1_000 * ticks / os.sysconf("SC_CLK_TCK")


def measure_list(page: Page, pids: list[int]) -> dict[str, float]:
    """Ask for the list of a hundred lines and return how long it takes and how much comes."""
    page.goto("/queue", wait_until="networkidle")
    weight = page.evaluate(WEIGHT)
    connection = HTTPConnection(str(urlsplit(page.url).netloc))
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
    took, before = [], processor_ms(pids)
    for _ in range(_LISTS):
        start = time.perf_counter()
        connection.request("GET", "/queue", headers={"Cookie": cookies})
        connection.getresponse().read()
        took.append(1_000 * (time.perf_counter() - start))
    connection.close()
    return {
        "server_ms": round((processor_ms(pids) - before) / _LISTS, 1),
        "lines": page.locator(".list > li").count(),
        "marks": page.locator(".list mark").count(),
        **_spread(took),
        "kilobytes": round(weight / 1_024, 1),
    }


def main() -> int:
    """Measure, print and write the figures; 1 if one is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--decisions", type=int, default=100)
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.error("Chromium is not installed; as root: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        url = f"sqlite:///{folder}/ghirbal.sqlite3"
        fill(url, comments=options.comments)
        served = Served(url)
        served.start()
        try:
            # Chromium has no sandbox for root, and shows nothing but our own pages here.
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(base_url=f"http://127.0.0.1:{served.port}")
            sign_in(page)
            figures = {
                name: measure(page, decisions=options.decisions, reading_ms=reading_ms)
                for name, reading_ms in (("reading", READING_MS), ("racing", 0))
            }
            figures["list"] = measure_list(page, [served.process.pid, *served.workers()])
            browser.close()
        finally:
            served.close()
    document = {"waiting": options.comments} | figures
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    listed = figures["list"]
    kept = (
        figures["reading"]["p95_ms"] < LIMIT_MS
        and listed["server_ms"] <= LIST_LIMIT_MS
        and listed["kilobytes"] <= LIST_LIMIT_KB
    )
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
