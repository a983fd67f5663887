"""The pages in a real browser: keys, the script, accessibility, and how they look."""

import os
import shutil
import sqlite3
import statistics
from contextlib import closing
from pathlib import Path

import pytest
from service_samples import PASSWORD
from serving import ROOT, Served
from sqlalchemy import text

from moderation import Policy, load_scorer
from service.database import open_engine, writing
from service.ingest import ingest_all
from service.judge import Judge
from service.moderators import Role, add_moderator
from service.samples import put_samples
from service.schema import CommentIn

pytestmark = pytest.mark.slow

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SCREENSHOTS = ROOT / "reports" / "screenshots"
CHROMIUM = shutil.which("chromium")
NEXT_WITHIN_MS = 100


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None and os.environ.get("CI") == "true":
        pytest.fail("CI needs a browser: apt-get install chromium")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; as root: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        # Chromium has no sandbox for root, and shows nothing but our own pages here.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def filled(sqlite_template, tmp_path_factory):
    """Make a database with the samples, an admin and a moderator."""
    path = tmp_path_factory.mktemp("filled") / "ghirbal.sqlite3"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    scorer = load_scorer()
    put_samples(engine, Judge(scorer, scorer.default_policy()))
    held = Judge(scorer, Policy("browser", {}, suspect=("غربال",)))
    ingest_all(engine, held, [CommentIn(id=f"c-{n}", text=f"غربال {n}") for n in range(10)])
    for name, role in (("sara", Role.ADMIN), ("omar", Role.MODERATOR)):
        with writing(engine) as connection:
            add_moderator(connection, name, role=role, password=PASSWORD)
    engine.dispose()
    return path


@pytest.fixture(scope="module")
def served(filled, tmp_path_factory):
    path = tmp_path_factory.mktemp("served") / "ghirbal.sqlite3"
    shutil.copy(filled, path)
    served = Served(f"sqlite:///{path}")
    served.start()
    yield served
    served.close()


@pytest.fixture
def engine(filled, served):
    """Put the database that is served back to how it was, and open it."""
    engine = open_engine(served.database_url)
    with (
        closing(sqlite3.connect(filled)) as source,
        closing(sqlite3.connect(engine.url.database)) as target,
    ):
        source.backup(target)
    yield engine
    engine.dispose()


@pytest.fixture
def open_page(chromium, served, engine):
    """Open pages that fail the test on any error of a script or of the policy of contents."""
    contexts, errors = [], []

    def make(name="sara", **options):
        address = f"http://127.0.0.1:{served.port}"
        context = chromium.new_context(base_url=address, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text))
        page.goto("/")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_selector("#desk")
        return page

    yield make
    for context in contexts:
        context.close()
    # A page that is not there and a server that is away are what some tests ask for.
    assert [error for error in errors if not error.startswith("Failed to load resource")] == []


@pytest.fixture
def page(open_page):
    return open_page()


def press(page, key):
    """Press a key and wait until the comment before us is another one."""
    before = page.url
    page.keyboard.press(key)
    page.wait_for_url(lambda url: url != before)


def decisions(engine):
    query = "SELECT action, reasons FROM decision WHERE source = 'moderator' ORDER BY id"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_queue_is_emptied_by_keyboard_alone(open_page, engine):
    page = open_page("omar")
    for key in ["a", "2", "e", "r", "s"] + ["a"] * 16:
        press(page, key)
    page.keyboard.press("a")
    page.wait_for_selector(".empty")
    actions = [action for action, _ in decisions(engine)]
    assert actions == ["approve", "reject", "review", "reject"] + ["approve"] * 17
    assert decisions(engine)[1][1] == '["obscene"]'


def test_undo_brings_the_comment_back(page, engine):
    first = page.text_content(".text.main")
    press(page, "a")
    assert page.text_content(".text.main") != first
    page.wait_for_selector(".told .done")
    press(page, "u")
    assert page.text_content(".text.main") == first
    assert [action for action, _ in decisions(engine)] == ["approve", "review"]


def test_keys_go_by_their_place_on_an_arabic_keyboard(page, engine):
    # The key of "a" types "ش" there, that of "j" types "ت".
    page.evaluate(
        """() => {
          for (const [code, key] of [["KeyJ", "ت"], ["KeyA", "ش"]])
            document.body.dispatchEvent(
              new KeyboardEvent("keydown", {code, key, bubbles: true, cancelable: true}));
        }"""
    )
    page.wait_for_url("**/review/*")
    before = page.url
    page.evaluate(
        """() => document.body.dispatchEvent(
          new KeyboardEvent("keydown", {code: "KeyA", key: "ش", bubbles: true}))"""
    )
    page.wait_for_url(lambda url: url != before)
    assert [action for action, _ in decisions(engine)] == ["approve"]


def test_keys_with_control_alt_or_meta_decide_nothing(page, engine):
    for key in ("Control+KeyA", "Alt+KeyA", "Meta+KeyA", "Control+KeyE"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert decisions(engine) == []


def test_keys_in_a_field_only_type(page, engine):
    page.click("input[name=note]")
    page.keyboard.type("aresu")
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert page.input_value("input[name=note]") == "aresu"
    assert decisions(engine) == []


def test_keys_can_be_switched_off(page, engine):
    page.goto("/preferences")
    page.uncheck("input[name=keys]")
    page.click("main button.approve")
    page.wait_for_url("**/preferences")
    page.goto("/review")
    page.keyboard.press("a")
    page.wait_for_timeout(200)
    assert decisions(engine) == []


def test_leafing_and_help(page):
    press(page, "j")
    second = page.url
    press(page, "j")
    press(page, "k")
    assert page.url == second
    page.keyboard.press("Shift+Slash")
    assert page.is_visible("#keys-help")
    page.keyboard.press("Escape")
    assert page.is_hidden("#keys-help")


def test_next_comment_is_there_within_a_tenth_of_a_second(page):
    took = page.evaluate(
        """async () => {
          const wait = (ms) => new Promise((done) => setTimeout(done, ms));
          const took = [];
          for (let i = 0; i < 9; i++) {
            await wait(150);
            const before = document.querySelector("#desk").dataset.comment;
            const start = performance.now();
            document.querySelector('[data-key="KeyA"]').click();
            while (document.querySelector("#desk").dataset.comment === before) await wait(0);
            document.body.offsetHeight;
            took.push(performance.now() - start);
          }
          return took;
        }"""
    )
    print("next comment after ms:", [round(each) for each in took])  # noqa: T201 - for reports
    assert statistics.median(took) < NEXT_WITHIN_MS


def test_marked_word_tells_its_reason_beside_it_when_focused(page):
    mark = page.locator(".text.main mark").first
    mark.focus()
    tip = page.locator(".tip")
    assert tip.text_content() == mark.get_attribute("aria-description")
    assert abs(tip.bounding_box()["y"] - mark.bounding_box()["y"]) < 60
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_approve_and_reject_work_without_scripts(open_page, engine):
    page = open_page(java_script_enabled=False)
    page.click("button[value=approve]")
    page.wait_for_url("**/review/*")
    page.click("button[value=spam]")
    page.wait_for_selector(".told .done")
    assert decisions(engine) == [("approve", "[]"), ("reject", '["spam"]')]


def test_server_that_is_away_is_told_and_nothing_is_lost(open_page, engine):
    page = open_page()
    page.wait_for_timeout(200)
    page.route("**/review/*", lambda route: route.abort())
    shown = page.text_content(".text.main")
    page.keyboard.press("a")
    page.wait_for_selector(".told .problem")
    assert page.text_content(".text.main") == shown
    assert decisions(engine) == []
    page.unroute("**/review/*")
    press(page, "a")
    assert [action for action, _ in decisions(engine)] == ["approve"]


HOSTILE = [
    "<script>document.title = 'stolen'</script><b> غربال </b>",
    "\u202eغربال\u202d abc\u2066 (مهم)",
    "غربال " + "ب" * 10_000,
    "غربال " + "ه" + "\u0651" * 300,
]


@pytest.mark.parametrize("comment", HOSTILE, ids=["html", "bidi", "no-space", "marks"])
def test_hostile_text_stays_in_its_place(open_page, engine, comment):
    held = Judge(load_scorer(), Policy("hostile", {}, suspect=("غربال",)))
    ingest_all(engine, held, [CommentIn(id="hostile", text=comment)])
    with engine.connect() as connection:
        number = connection.scalar(text("SELECT max(id) FROM comment"))
    page = open_page(viewport={"width": 360, "height": 740})
    page.goto(f"/review/{number}")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert "stolen" not in page.title()
    mark = page.locator(".text.main mark").first
    assert mark.text_content() == "غربال"
    assert mark.bounding_box()["height"] < 60


def waiting(engine):
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM comment WHERE action = 'review'"))


def test_range_of_scores_is_decided_on_and_taken_back_whole(page, engine):
    page.goto("/queue")
    page.fill("input[name=score_from]", "0.5")
    assert page.text_content("input[name=score_from] + output") == "٠٫٥٠"
    dimmed = page.locator(".histogram rect:not(.chosen)").count()
    assert dimmed == 10
    page.click(".filter button.approve")
    chosen = page.locator(".list > li").count()
    assert 0 < chosen < 22
    page.click(".marked a.end")
    page.wait_for_selector(".big")
    assert waiting(engine) == 22
    page.select_option("select[name=reason]", "spam")
    page.click("button.reject")
    page.wait_for_selector(".batch")
    assert waiting(engine) == 22 - chosen
    page.click(".batch button")
    page.wait_for_selector(".told .done")
    assert waiting(engine) == 22


def test_list_is_worked_by_keys_alone(page, engine):
    page.goto("/queue")
    for key in ("j", "x", "j", "j", "x"):
        page.keyboard.press(key)
    assert page.text_content("#marked") == "المحدَّد: ٢"
    page.keyboard.press("a")
    page.wait_for_selector(".told .done")
    assert decisions(engine) == [("approve", "[]")]
    assert waiting(engine) == 21
    page.keyboard.press("u")
    page.wait_for_function("document.querySelectorAll('.list > li').length === 22")
    page.keyboard.press("/")
    page.keyboard.type("السوق")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=*")
    assert 0 < page.locator(".list > li").count() < 22
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/*")


def test_threshold_is_changed_with_what_to_expect_before_it_is_stored(page, engine):
    page.goto("/policy")
    held = "#foresight tbody tr:first-child td:last-child strong"
    before = page.text_content(held)
    page.fill("input[name='insult.review_at']", "0")
    page.wait_for_function(
        "([where, before]) => document.querySelector(where).textContent !== before",
        arg=[held, before],
    )
    page.fill("input[name=note]", "تجربة")
    page.click("button[value=save]")
    page.wait_for_selector(".versions")
    assert page.input_value("input[name='insult.review_at']") == "0.0"
    page.click(".versions button")
    page.wait_for_selector(".told .done")
    assert page.input_value("input[name='insult.review_at']") != "0.0"


def pages_to_see(page):
    """Yield the name of each page while it is open."""
    page.goto("/review")
    yield "review"
    page.keyboard.press("Shift+Slash")
    yield "keys"
    page.goto("/queue")
    yield "queue"
    page.goto("/queue?flagged=1")
    yield "queue-empty"
    page.goto("/queue/all?score_from=0.5")
    yield "bulk"
    page.goto("/try")
    page.fill("textarea", "ya 7mar انت غـبـي ومش فاهم، شوف https://example.org/a?b=1 (مهم)")
    page.click("main button.approve")
    page.wait_for_selector("#outcome")
    yield "try"
    page.goto("/policy")
    yield "policy"
    page.goto("/overview")
    yield "overview"
    page.goto("/spot-check")
    yield "spot-check"
    for name in ("records", "people", "keys", "webhooks", "preferences", "second-factor"):
        page.goto(f"/{name}")
        yield name
    page.goto("/review/99999")
    yield "problem"


def serious(page):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_is_photographed(open_page, language, theme):
    page = open_page(color_scheme=theme, viewport={"width": 1280, "height": 800})
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.goto("/preferences")
    page.check(f"input[name=language][value={language}]")
    page.click("main button.approve")
    page.wait_for_selector(f"html[lang={language}]")
    problems = {}
    for name in pages_to_see(page):
        page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{theme}.png", full_page=True)
        problems[name] = serious(page)
    assert {name: found for name, found in problems.items() if found} == {}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_pages_fit_a_telephone(open_page, language):
    page = open_page(viewport={"width": 360, "height": 740})
    page.goto("/preferences")
    page.check(f"input[name=language][value={language}]")
    page.click("main button.approve")
    page.wait_for_selector(f"html[lang={language}]")
    for name in pages_to_see(page):
        page.screenshot(path=SCREENSHOTS / f"{name}-{language}-phone.png", full_page=True)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, name
