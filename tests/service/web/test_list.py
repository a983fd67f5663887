import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from page_samples import told
from service_samples import SUSPECT
from sqlalchemy import text

from service.moderators import Role
from service.web.histogram import Bin

STATIC = Path(__file__).parents[3] / "service" / "static"


def actions(engine):
    query = "SELECT id, action FROM comment ORDER BY id"
    with engine.connect() as connection:
        return dict(tuple(row) for row in connection.execute(text(query)))


def numbers(page):
    return re.findall(r'class="open" href="/review/(\d+)"', page)


def bulk_address(answer):
    assert answer.status_code == 303
    return {name: value[0] for name, value in parse_qs(urlsplit(answer.location).query).items()}


def test_list_links_to_what_waits(browser, waiting):
    page = browser.get("/queue").text
    assert re.findall(r'class="open" href="(.*?)"', page) == ["/review/3", "/review/2", "/review/1"]
    oldest = browser.get("/queue?order=oldest").text
    assert re.findall(r'class="open" href="(.*?)"', oldest)[0] == "/review/1"
    assert browser.get("/queue?after=nonsense").status_code == 302


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "لا تعليق ينتظر"),
        (1, "تعليق واحد ينتظر"),
        (2, "تعليقان ينتظران"),
        (3, "٣ تعليقات تنتظر"),
        (11, "١١ تعليقا ينتظر"),
        (100, "١٠٠ تعليق ينتظر"),
        (103, "١٠٣ تعليقات تنتظر"),
    ],
)
def test_number_of_comments_is_put_as_arabic_puts_it(app, browser, monkeypatch, count, shown):
    bars = [Bin(0.0, count, 1.0, chosen=True)]
    monkeypatch.setattr("service.web.listing.histogram", lambda *_args, **_options: bars)
    assert shown in browser.get("/queue").text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/queue?score_from=0.15&score_to=0.25", ["2"]),
        ("/queue?search=غُربال", ["3", "2", "1"]),
        ("/queue?search=منخل", []),
        ("/queue?author=u-1", ["3", "2", "1"]),
        ("/queue?author=u-2", []),
        ("/queue?flagged=1", []),
        ("/queue?script=arabic&age=24&attribute=insult", ["3", "2", "1"]),
        ("/queue?order=uncertain&score_to=0.25", ["2", "1"]),
        ("/queue?search=&attribute=&score_from=0&score_to=1", ["3", "2", "1"]),
    ],
)
def test_list_shows_what_the_address_asks_for(browser, waiting, engine, address, expected):
    with engine.begin() as connection:
        connection.execute(text("UPDATE comment SET uncertainty = id / 10.0, insult = 0.5"))
    assert numbers(browser.get(address).text) == expected


@pytest.mark.parametrize("wrong", ["score_from=x", "attribute=beauty", "flagged=perhaps"])
def test_filter_that_makes_no_sense_is_told(browser, waiting, wrong):
    answer = browser.get(f"/queue?{wrong}", follow_redirects=True)
    assert told(answer.text) == ["هذه التصفية غير صالحة، فهذه القائمة كلها."]
    assert numbers(answer.text) == ["3", "2", "1"]


@pytest.mark.parametrize("more", ["", "attribute=insult", "search=غربال"])
def test_histogram_counts_all_scores_and_marks_those_asked_for(browser, waiting, engine, more):
    with engine.begin() as connection:
        connection.execute(text("UPDATE comment SET score = 1 WHERE id = 1"))
        connection.execute(text("UPDATE comment SET insult = score"))
    page = browser.get(f"/queue?score_from=0.25&{more}").text
    bars = re.findall(r'data-from="([^"]+)" data-count="([1-9]\d*)"( class="chosen")?', page)
    assert bars == [
        ("0.2", "1", ""),
        ("0.3", "1", ' class="chosen"'),
        ("0.95", "1", ' class="chosen"'),
    ]


def test_line_is_decided_on_and_the_filter_stays(browser, waiting, engine):
    answer = browser.post("/queue", one="2:1:insult", search="غربال")
    assert answer.headers["Location"].startswith("/queue?search=")
    assert actions(engine) == {1: "review", 2: "reject", 3: "review"}
    assert told(browser.get("/queue").text) == ["رُفض التعليق."]


HTMX = {"HX-Request": "true", "HX-Current-URL": "http://localhost/queue?after=x&order=oldest"}


def test_script_is_told_what_changes_of_the_page(browser, waiting, engine):
    page = browser.post("/queue", headers=HTMX, one="2:1:insult", search="غربال").text
    assert actions(engine) == {1: "review", 2: "reject", 3: "review"}
    assert '<li id="line-2" hx-swap-oob="delete">' in page
    assert told(page) == ["رُفض التعليق."]
    assert "تعليقان ينتظران" in page
    assert "تعليقَي هذه القائمة" in page
    assert 'name="back" value="/queue?order=oldest&amp;after=x"' in page
    assert numbers(page) == []


@pytest.mark.parametrize(
    ("form", "address"),
    [
        ({"one": "2:1:approve"}, "/queue?order=score"),
        ({"comment": "2:1", "move": "approve"}, "/queue?order=score&batch="),
    ],
    ids=["decided-already", "marked"],
)
def test_script_is_led_to_a_fresh_list_where_more_has_changed(browser, waiting, form, address):
    browser.post("/queue", one="2:1:approve")
    answer = browser.post("/queue", headers=HTMX, **form)
    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["HX-Redirect"].startswith(address)


def test_script_whose_session_has_ended_is_led_to_sign_in_and_back(app):
    client = app.test_client()
    answer = client.post("/queue", headers=HTMX)
    assert answer.status_code == 401
    address = answer.headers["HX-Redirect"]
    assert parse_qs(urlsplit(address).query) == {"next": ["/queue?after=x&order=oldest"]}
    page = client.get(address).text
    assert told(page) == ["انتهت جلستكم ولم يُحفظ شيء. سجّلوا الدخول ثم أعيدوا المحاولة."]
    assert 'name="next" value="/queue?after=x&amp;order=oldest"' in page


@pytest.mark.parametrize(
    ("referrer", "back"),
    [
        ("http://localhost/queue?author=x", {"next": ["/queue?author=x"]}),
        ("https://example.org/queue", {}),
    ],
)
def test_form_whose_session_has_ended_leads_back_to_its_page(app, referrer, back):
    answer = app.test_client().post("/queue/undo", headers={"Referer": referrer})
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.location).query) == back


def test_list_that_is_out_of_date_is_loaded_again_and_says_so(browser, waiting, engine):
    browser.token = "out of date"
    answer = browser.post("/queue", headers=HTMX, one="2:1:insult")
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (400, "true")
    page = browser.get("/queue").text
    assert told(page) == ["انتهت صلاحية هذه الاستمارة ولم يُحفظ شيء. أعيدوا المحاولة."]
    assert set(actions(engine).values()) == {"review"}


def test_line_that_another_works_on_is_left_alone(sign_in, browser, waiting, engine):
    sign_in(Role.MODERATOR).get("/review/2")
    browser.post("/queue", one="2:1:approve")
    assert actions(engine)[2] == "review"
    assert told(browser.get("/queue").text) == ["يعمل مشرف آخر على هذا التعليق."]


@pytest.mark.parametrize(
    "form",
    [
        {"one": "2"},
        {"one": "2:1:unheard of"},
        {"comment": "2", "move": "approve"},
        {"comment": "2:1"},
        {"comment": "2:1", "move": "reject", "reason": "unheard of"},
        {"comment": "2:1", "move": "review"},
    ],
)
def test_decision_on_lines_that_makes_no_sense_is_refused(browser, waiting, engine, form):
    assert browser.post("/queue", **form).status_code == 400
    assert set(actions(engine).values()) == {"review"}


def test_marked_lines_are_decided_on_and_taken_back_together(browser, waiting, engine):
    form = {"comment": ["1:1", "3:1"], "move": "reject", "reason": "spam"}
    told_of = bulk_address(browser.post("/queue", **form))
    assert actions(engine) == {1: "reject", 2: "review", 3: "reject"}
    assert "رُفض تعليقان." in browser.get("/queue", query_string=told_of).text
    browser.post("/queue/undo", batch=told_of["batch"])
    assert set(actions(engine).values()) == {"review"}
    browser.post("/queue/undo", batch=told_of["batch"])
    assert told(browser.get("/queue").text)[-1] == "لا شيء يمكن التراجع عنه."


def test_bulk_decision_is_told_only_while_it_stands(browser, waiting):
    form = {"comment": ["1:1", "3:1"], "move": "reject", "reason": "spam", "order": "oldest"}
    answer = browser.post("/queue", **form, author="u-1")
    page = browser.get(answer.location).text
    assert "رُفض تعليقان." in page
    back = unescape(re.findall(r'name="back" value="([^"]+)"', page)[-1])
    assert back == "/queue?author=u-1&order=oldest"
    page = browser.get(browser.post("/undo", back=back).location).text
    assert told(page) == ["تراجعتم عن القرار."]
    page = browser.get(answer.location).text
    assert "رُفض تعليقان." not in page
    assert "/queue/undo" not in page


def test_bulk_decision_that_came_too_late_is_told_without_an_undo(browser, waiting):
    form = {"comment": "1:1", "move": "reject", "reason": "spam"}
    browser.post("/queue", **form)
    page = browser.get(browser.post("/queue", **form).location).text
    assert "وتُرك تعليق واحد" in page
    assert "/queue/undo" not in page


def test_decision_without_marks_is_told(browser, waiting, engine):
    browser.post("/queue", move="approve")
    assert told(browser.get("/queue").text) == ["حدّدوا تعليقات أولا."]


def test_undo_of_the_list_leads_back_to_it(browser, waiting, engine):
    browser.post("/queue", one="2:1:approve")
    answer = browser.post("/undo", back="/queue?search=x")
    assert answer.headers["Location"] == "/queue?search=x"
    assert actions(engine)[2] == "review"
    assert browser.post("/undo", back="//example.org").headers["Location"].startswith("/review")


def test_range_is_counted_and_sampled_before_it_is_decided_on(browser, waiting, site, engine):
    page = browser.get("/queue/all?score_from=0.15").text
    assert "يشمل هذا القرار تعليقين." in page
    assert numbers(page) == ["3", "2"]
    assert set(actions(engine).values()) == {"review"}
    up_to = re.search(r'name="up_to" value="(\d+)"', page)[1]
    site.post("/v1/comments", {"id": "c-4", "text": SUSPECT})
    form = {"score_from": "0.15", "up_to": up_to, "move": "approve", "note": "حملة"}
    told_of = bulk_address(browser.post("/queue/all", **form))
    assert actions(engine) == {1: "review", 2: "approve", 3: "approve", 4: "review"}
    assert told_of["decided"] == "2"
    browser.post("/queue/undo", batch=told_of["batch"])
    assert set(actions(engine).values()) == {"review"}


def test_range_without_what_was_looked_at_is_refused(browser, waiting, engine):
    for form in ({"move": "approve"}, {"move": "approve", "up_to": "9", "score_from": "x"}):
        assert browser.post("/queue/all", **form).status_code == 400
    assert browser.get("/queue/all?score_from=x").status_code == 302


def test_page_of_a_hundred_is_light(browser, site):
    for number in range(100):
        words = "انت حمار وغبي ومش فاهم شي من الموضوع، اشتريت غربال من السوق القديم " * 2
        site.post(
            "/v1/comments",
            {
                "id": f"c-{number}",
                "text": f"{words} {number}",
                "author": {"id": f"u-{number}", "name": "زائر من المدينة القديمة"},
                "article": {"id": "a-1", "title": "البلدية توسّع سوق الخضار القديم"},
            },
        )
    answer = browser.get("/queue")
    assert answer.text.count('class="open"') == 100
    names = re.findall(r'(?:href|src)="/static/([^"]+)"', answer.text)
    assert len(names) == 5
    files = sum((STATIC / name).stat().st_size for name in names)
    assert len(answer.data) + files <= 300 * 1024
