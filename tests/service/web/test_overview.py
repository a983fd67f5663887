import re
from datetime import UTC, datetime, timedelta

import pytest
from page_samples import told
from service_samples import APPROVED, SUSPECT
from sqlalchemy import text

from moderation import Policy, Thresholds
from service.moderators import Role
from service.tables import Comment
from service.web.breakdown import attributes, sections
from service.web.figures import first_since, periods
from service.web.foresight import Estimate
from service.web.spot_check import Checked, check, checked, draw

NOW = datetime.now(UTC)


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def sara(person_for):
    return person_for(Role.MODERATOR, "sara")


@pytest.fixture
def busy(site, browser, engine):
    """Three held comments and one published; of the held, one is published and one rejected."""
    for number, words in enumerate([SUSPECT, SUSPECT, SUSPECT, APPROVED], start=1):
        section = {"section": "رياضة"} if number < 3 else {}
        comment = {"id": f"c-{number}", "text": words, "article": {"id": f"a-{number}"} | section}
        site.post("/v1/comments", comment)
    browser.post("/review/1", revision="1", reject="insult")
    browser.post("/review/2", revision="1", move="approve")
    return site


def today(engine):
    with engine.connect() as connection:
        (only,) = periods(connection, [NOW - timedelta(hours=1)], NOW + timedelta(hours=1))
        return only


def test_period_counts_comments_and_decisions(busy, engine):
    found = today(engine)
    assert (found.comments, found.approved, found.rejected) == (4, 1, 1)
    assert found.review_rate.value == 0.75
    assert found.agreement.value == 0.5
    assert 0 <= found.wait_minutes < 5


def test_decision_that_was_taken_back_does_not_count(busy, browser, engine):
    browser.post("/undo")
    assert (today(engine).approved, today(engine).rejected) == (0, 1)


def test_period_without_anything_has_no_shares(app, engine):
    found = today(engine)
    assert (found.comments, found.review_rate, found.wait_minutes, found.agreement) == (
        0,
        None,
        None,
        None,
    )


def test_first_comment_since_a_moment_is_found_by_halving(busy, engine):
    with engine.begin() as connection:
        for number in range(1, 5):
            moment = NOW - timedelta(days=10 - number)
            query = text("UPDATE comment SET received_at = :moment WHERE id = :number")
            connection.execute(query, {"moment": moment.replace(tzinfo=None), "number": number})
    found = []
    with engine.connect() as connection:
        for days in (20, 9, 8, 6.5, 1):
            at = NOW - timedelta(days=days)
            found.append(first_since(connection, Comment, Comment.received_at, at))
    assert found == [1, 1, 2, 4, 5]


def test_attributes_and_sections_tell_what_was_rejected(busy, engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE comment SET insult = 0.9 WHERE id IN (1, 3)"))
    policy = Policy("test", {"insult": Thresholds(0.5), "threat": Thresholds(0.99)})
    since = NOW - timedelta(hours=1)
    with engine.connect() as connection:
        insult, threat = attributes(connection, since, policy)
        by_section = {row.name: row for row in sections(connection, since)}
        assert attributes(connection, since, Policy("none", {})) == []
    assert (insult.decided, insult.rejected, threat.decided) == (1, 1, 0)
    assert (by_section["رياضة"].comments, by_section["رياضة"].rejected) == (2, 1)
    assert (by_section[""].comments, by_section[""].agreement) == (2, None)


def test_only_published_comments_that_nobody_has_seen_are_drawn(busy, engine, person_for):
    with engine.connect() as connection:
        assert {draw(connection) for _ in range(10)} == {4}
    omar = person_for(Role.MODERATOR, "omar")
    assert check(engine, omar, 4, revision=1, reason=None)
    with engine.connect() as connection:
        assert draw(connection) is None
    assert not check(engine, omar, 4, revision=1, reason=None)
    assert not check(engine, omar, 1, revision=1, reason=None)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "فُحص تعليق منشور واحد في ٣٠ يوما، وعدد ما كان يستحق الرفض منه: ٠."),
        (2, "فُحص تعليقان منشوران في ٣٠ يوما، وعدد ما كان يستحق الرفض منهما: ٠."),
        (3, "فُحصت ٣ تعليقات منشورة في ٣٠ يوما، وعدد ما كان يستحق الرفض منها: ٠."),
        (11, "فُحص ١١ تعليقا منشورا في ٣٠ يوما، وعدد ما كان يستحق الرفض منها: ٠."),
        (100, "فُحص ١٠٠ تعليق منشور في ٣٠ يوما، وعدد ما كان يستحق الرفض منها: ٠."),
    ],
)
def test_random_check_says_how_many_were_wrong_not_that_none_ought_to_be(
    browser, monkeypatch, count, shown
):
    found = Checked(count, 0, Estimate(0.0, 0.0, 0.5))
    monkeypatch.setattr("service.web.overview.checked", lambda _connection: found)
    assert shown in browser.get("/overview").text


@pytest.mark.parametrize(("digits", "days"), [("arab", "٣٠"), ("latn", "30")])
def test_days_stand_in_the_digits_that_were_chosen(browser, busy, digits, days):
    browser.post("/preferences", switches="1", language="ar", digits=digits)
    browser.post("/spot-check", comment="4", revision="1")
    assert f"فُحص تعليق منشور واحد في {days} يوما" in browser.get("/overview").text
    assert f"فُحص تعليق واحد في {days} يوما" in browser.get("/spot-check").text


def test_random_check_tells_what_gets_through(busy, engine, person_for):
    with engine.connect() as connection:
        assert checked(connection).let_through is None
    check(engine, person_for(Role.MODERATOR, "omar"), 4, revision=1, reason="insult")
    with engine.connect() as connection:
        found = checked(connection)
    assert (found.checked, found.wrong, found.let_through.value) == (1, 1, 1.0)
    period = today(engine)
    assert period.agreement.value == 0.5
    # One was caught, and the only one that was published unseen should have been.
    assert period.recall.value == 0.5
    assert period.recall.low == 0.5
    assert 0.5 < period.recall.high < 1
    with engine.connect() as connection:
        since = NOW - timedelta(hours=1)
        (insult,) = attributes(connection, since, Policy("test", {"insult": Thresholds(0.5)}))
        by_section = {row.name: row for row in sections(connection, since)}
    assert (insult.checked, insult.missed) == (1, 1)
    assert (by_section[""].let_through.value, by_section["رياضة"].let_through) == (1.0, None)
    assert by_section[""].decided == 0
    assert busy.get("/v1/comments/c-4").get_json()["action"] == "reject"


def test_page_asks_for_a_check_and_records_it(busy, browser):
    page = browser.get("/spot-check").text
    assert re.findall(r'name="comment" value="(\d+)"', page) == ["4"]
    browser.post("/spot-check", comment="4", revision="1")
    assert told(browser.get("/spot-check").text) == ["شكرا، سُجّل رأيكم."]
    browser.post("/spot-check", comment="4", revision="1")
    page = browser.get("/spot-check").text
    assert told(page) == ["سبق أن بُتّ في هذا التعليق."]
    assert "لم يبق تعليق منشور للفحص" in page


def test_moderator_is_asked_to_check_once_a_day(busy, browser):
    asked = "لم تفحصوا اليوم شيئا مما نُشر"
    assert asked in browser.get("/review").text
    assert asked not in browser.get("/review", headers={"X-Ghirbal-Fragment": "1"}).text
    browser.post("/spot-check", comment="4", revision="1")
    assert asked not in browser.get("/review").text


@pytest.mark.parametrize(
    "form",
    [{}, {"comment": "x", "revision": "1"}, {"comment": "4", "revision": "1", "reject": "no"}],
)
def test_check_that_makes_no_sense_is_refused(busy, browser, form):
    assert browser.post("/spot-check", **form).status_code == 400


@pytest.mark.parametrize("by", ["day", "week"])
def test_overview_draws_charts_and_gives_their_figures(busy, browser, by):
    page = browser.get(f"/overview?by={by}").text
    assert page.count('<svg class="chart"') == 6
    assert "٥٠٪" in page
    assert "حسب القسم" in page
    assert "style=" not in page


def test_overview_of_an_empty_service_is_shown(browser):
    assert browser.get("/overview").status_code == 200
