import re
from datetime import timedelta
from html import unescape

import pytest
from page_samples import shown, told
from service_samples import PASSWORD
from sqlalchemy import text

from service.database import writing
from service.moderators import Role
from service.samples import put_samples
from service.state import EXTENSION


def state(site, number):
    return site.get(f"/v1/comments/c-{number}").get_json()["decisions"][-1]


def test_page_is_arabic_and_right_to_left_first(app):
    page = app.test_client().get("/sign-in").text
    assert '<html lang="ar" dir="rtl"' in page
    assert "كلمة السر" in page


def test_language_can_be_switched_before_signing_in(app):
    client = app.test_client()
    page = client.get("/sign-in?language=en", follow_redirects=True).text
    assert '<html lang="en" dir="ltr"' in page
    assert "Password" in page


def test_page_lets_in_nothing_from_outside_and_no_inline_script(browser, waiting):
    for path in ("/sign-in", "/review", "/queue", "/try", "/preferences"):
        answer = browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "<style" not in answer.text
        assert re.findall(r"<script(?! src=)|\son\w+=|\sstyle=", answer.text) == []


def test_cookie_is_kept_from_scripts_and_other_sites(app, person_for):
    client = app.test_client()
    person_for(Role.MODERATOR, "sara")
    token = re.search(r'csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    form = {"name": "sara", "password": PASSWORD, "csrf_token": token}
    cookie = client.post("/sign-in", data=form).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_token_from_before_the_sign_in_is_worth_nothing_after_it(app, person_for):
    client = app.test_client()
    person_for(Role.MODERATOR, "sara")
    token = re.search(r'csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    client.post("/sign-in", data={"name": "sara", "password": PASSWORD, "csrf_token": token})
    assert client.post("/undo", data={"csrf_token": token}).status_code == 400


def test_wrong_password_is_told_without_saying_which_part_was_wrong(app, person_for):
    client = app.test_client()
    person_for(Role.MODERATOR, "sara")
    token = re.search(r'csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    answers = [
        client.post("/sign-in", data={"name": name, "password": "wrong", "csrf_token": token})
        for name in ("sara", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert told(answers[0].text) == told(answers[1].text)


@pytest.mark.parametrize("wanted", ["https://example.org/", "//example.org", "/\\example.org"])
def test_sign_in_leads_to_no_other_site(app, person_for, wanted):
    client = app.test_client()
    person_for(Role.MODERATOR, "sara")
    token = re.search(r'csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    form = {"name": "sara", "password": PASSWORD, "csrf_token": token, "next": wanted}
    assert client.post("/sign-in", data=form).headers["Location"] == "/review"


def test_sign_out_ends_the_session(browser):
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/review").headers["Location"].startswith("/sign-in")


def test_comment_is_shown_with_its_surroundings(browser, waiting):
    page = browser.get("/review").text
    assert '<a href="https://example.org/a-1" target="_blank" rel="noopener noreferrer">' in page
    assert "ردا على" in page
    assert "قيد المراجعة: ٣" in page
    assert "كلمة من قائمة الاشتباه" in page
    mark = r'<mark class="strong"[^>]*aria-description="[^"]*١٫٠٠"[^>]*>غربال</mark>'
    assert re.search(mark, page)
    assert re.search(
        r'كلمة من قائمة الاشتباه: <span class="words"><bdi dir="rtl">غربال</bdi>', page
    )


@pytest.mark.parametrize(
    ("form", "action", "reasons"),
    [
        ({"move": "approve"}, "approve", []),
        ({"reject": "insult"}, "reject", ["insult"]),
        ({"move": "escalate"}, "review", ["escalated"]),
    ],
)
def test_form_decides_and_leads_to_the_next_without_a_script(
    browser, waiting, form, action, reasons
):
    answer = browser.post("/review/3", revision="1", **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/review/2")
    decision = state(waiting, 3)
    assert (decision["action"], decision["reasons"]) == (action, reasons)
    assert len(told(browser.get("/review/2").text)) == 1


def test_script_gets_the_next_comment_in_the_answer(browser, waiting):
    answer = browser.post(
        "/review/3", revision="1", move="approve", headers={"X-Ghirbal-Fragment": "1"}
    )
    assert answer.status_code == 200
    assert shown(answer.text) == "2"
    assert "<html" not in answer.text
    assert told(answer.text) == ["نُشر التعليق."]


def test_script_is_given_the_comment_after_the_next_ahead(browser, waiting):
    answer = browser.get("/review/3/ahead", headers={"X-Ghirbal-Fragment": "1"})
    assert (shown(answer.text), "data-ahead" in answer.text) == ("2", True)
    answer = browser.post(
        "/review/3", revision="1", move="approve", shown="2", headers={"X-Ghirbal-Fragment": "1"}
    )
    assert (shown(answer.text), "data-ahead" in answer.text) == ("1", True)
    assert told(answer.text) == ["نُشر التعليق."]
    assert browser.get("/review/1/ahead", headers={"X-Ghirbal-Fragment": "1"}).status_code == 200


def test_comment_that_came_in_above_goes_first(browser, waiting, engine):
    browser.get("/review/2")
    assert shown(browser.get("/review/2/ahead").text) == "3"


def test_comment_given_ahead_is_kept_from_others(sign_in, browser, waiting):
    browser.get("/review/3")
    browser.get("/review/3/ahead")
    assert shown(sign_in(Role.MODERATOR).get("/review").text) == "1"


def test_script_learns_that_the_comment_it_shows_is_taken_by_another(sign_in, browser, waiting):
    browser.get("/review/3")
    sign_in(Role.MODERATOR).get("/review/2")
    answer = browser.post(
        "/review/3", revision="1", move="approve", shown="2", headers={"X-Ghirbal-Fragment": "1"}
    )
    assert (shown(answer.text), "data-ahead" in answer.text) == ("1", False)


def test_end_of_the_queue_has_nothing_ahead(browser, waiting):
    for number in (3, 2):
        browser.post(f"/review/{number}", revision="1", move="approve")
    assert 'id="desk"' not in browser.get("/review/1/ahead").text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"move": "delete", "revision": "1"},
        {"move": "approve"},
        {"move": "approve", "revision": "x"},
        {"reject": "", "revision": "1"},
        {"reject": "unheard of", "revision": "1"},
    ],
)
def test_form_that_makes_no_sense_is_refused(browser, waiting, form):
    assert browser.post("/review/3", **form).status_code == 400
    assert state(waiting, 3)["source"] == "list"


def test_reports_of_readers_are_shown_and_can_be_silenced(browser, waiting):
    flag = {"reason": "إهانة", "note": "يشتم كل يوم", "reporter_id": "r-1"}
    waiting.post("/v1/comments/c-3/flags", flag)
    page = browser.get("/review/3").text
    assert "بلاغ واحد من القرّاء" in page
    assert "يشتم كل يوم" in page
    browser.post("/review/3", revision="1", move="settle")
    assert state(waiting, 3)["action"] == "approve"
    waiting.post("/v1/comments/c-3/flags", flag | {"reporter_id": "r-2"})
    assert state(waiting, 3)["action"] == "approve"


def test_author_is_told_of_with_the_share_that_was_rejected(browser, waiting):
    browser.post("/review/3", revision="1", reject="spam")
    page = browser.get("/review/2").text
    assert "نسبة الرفض: ١٠٠٪" in page
    assert 'href="/queue?author=u-1"' in page


def test_undo_shows_the_comment_again(browser, waiting):
    browser.post("/review/3", revision="1", move="approve")
    assert browser.post("/undo").headers["Location"] == "/review/3"
    assert state(waiting, 3)["action"] == "review"


def test_two_moderators_see_different_comments(sign_in, waiting):
    pages = [sign_in(Role.MODERATOR).get("/review") for _ in range(2)]
    assert [shown(page.text) for page in pages] == ["3", "2"]


def test_comment_that_another_holds_is_not_shown(sign_in, waiting):
    sign_in(Role.MODERATOR).get("/review/3")
    answer = sign_in(Role.MODERATOR).get("/review/3")
    assert shown(answer.text) == "2"
    assert told(answer.text) == ["يعمل مشرف آخر على هذا التعليق."]


def test_comment_passed_to_a_lead_cannot_be_decided_on_by_a_moderator(sign_in, browser, waiting):
    browser.post("/review/3", revision="1", move="escalate")
    assert 'value="approve"' not in browser.get("/review/3").text
    lead = sign_in(Role.LEAD)
    assert 'value="approve"' in lead.get("/review/3").text


def test_comment_that_is_not_there_is_told_in_the_page(browser, waiting):
    answer = browser.get("/review/99")
    assert answer.status_code == 404
    assert "لا شيء في هذا العنوان" in answer.text


HUGE = 2**63
READS_PAGES = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    "address", ["/nothing", f"/review/{HUGE}", f"/review/{HUGE}/next", f"/records?before={HUGE}"]
)
def test_what_is_not_there_is_told_in_a_page(sign_in, address):
    answer = sign_in(Role.LEAD).get(address, headers=READS_PAGES)
    assert answer.status_code == 404
    assert "لا شيء في هذا العنوان" in answer.text
    assert '<html lang="ar" dir="rtl"' in answer.text
    assert 'href="/policy"' in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/review/3", {"revision": HUGE, "move": "approve"}),
        ("/queue", {"one": f"{HUGE}:1:approve"}),
        ("/queue", {"comment": f"1:{HUGE}", "move": "approve"}),
        ("/queue/all", {"up_to": HUGE, "move": "approve"}),
        ("/spot-check", {"comment": HUGE, "revision": 1}),
        ("/webhooks", {"webhook": HUGE, "do": "remove"}),
    ],
)
def test_number_that_no_row_can_have_is_refused(sign_in, waiting, address, form):
    assert sign_in(Role.ADMIN).post(address, **form).status_code == 400


def test_visitor_is_told_what_is_not_there_without_the_menu(app):
    answer = app.test_client().get("/nothing?language=en", headers=READS_PAGES)
    assert (answer.status_code, 'href="/queue"' in answer.text) == (404, False)


@pytest.mark.parametrize(
    ("address", "accept"),
    [("/v1/nothing", READS_PAGES), ("/nothing", {}), ("/nothing", {"Accept": "*/*"})],
)
def test_program_is_told_what_is_not_there_in_json(app, address, accept):
    answer = app.test_client().get(address, headers=accept)
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (404, "not_found")


def test_method_that_an_address_does_not_take_is_told_in_a_page(app):
    answer = app.test_client().post("/overview", headers=READS_PAGES)
    assert answer.status_code == 405
    assert "تعذّر فهم الطلب" in answer.text


def test_failure_of_the_service_is_told_in_a_page(app, browser, monkeypatch):
    monkeypatch.setattr("service.web.review.claim_next", lambda *_args: 1 // 0)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = browser.get("/review", headers=READS_PAGES)
    assert answer.status_code == 500
    assert "حدث خطأ في الخدمة" in answer.text


def test_empty_queue_is_told(browser):
    assert "لا شيء في انتظاركم" in browser.get("/review").text


HOSTILE = [
    pytest.param("<script>alert(1)</script><b>غربال</b>", id="html"),
    pytest.param("\u202eغربال\u202d abc\u2066", id="bidi-controls"),
    pytest.param("غربال " + "ب" * 10_000, id="no-space"),
    pytest.param("غربال " + "ه" + "\u0651" * 300, id="combining-marks"),
    pytest.param("غربال\u0007\u001b[31m", id="terminal-controls"),
    pytest.param("\U0001f600 غربال \U0001f600", id="outside-the-basic-plane"),
]


@pytest.mark.parametrize("comment", HOSTILE)
def test_hostile_text_is_shown_completely_and_harmlessly(site, browser, comment):
    site.post(
        "/v1/comments",
        {"id": "1", "text": comment, "author": {"name": "<i>"}, "article": {"url": "javascript:1"}},
    )
    page = browser.get("/review").text
    (text,) = re.findall(r'<p class="text main" dir="(?:rtl|ltr)">(.*?)</p>', page, re.DOTALL)
    assert re.findall(r"<(?!/?(?:mark|span|wbr)\b)", text) == []
    controls = r'<span class="control" dir="ltr">U\+([0-9A-F]+)(?: ×(\d+))?</span>'
    whole = re.sub(controls, lambda match: chr(int(match[1], 16)) * int(match[2] or 1), text)
    assert unescape(re.sub(r"</?mark.*?>|<wbr>", "", whole)) == comment
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", text)[0] == "غربال"
    assert "<i>" not in page
    assert "javascript:" not in page


def test_digits_can_be_latin(browser, waiting):
    browser.post("/preferences", switches="1", digits="latn", language="ar", theme="dark")
    page = browser.get("/review").text
    assert "قيد المراجعة: 3" in page
    assert 'data-theme="dark"' in page


def test_preferences_are_kept_with_the_account(app, browser):
    browser.post("/preferences", switches="1", language="en", blur="on")
    page = browser.get("/preferences").text
    assert '<html lang="en" dir="ltr"' in page
    assert 'data-keys="off"' in page
    assert re.search(r'name="blur" checked', page)


def test_preference_that_does_not_exist_changes_nothing(browser):
    assert browser.post("/preferences", language="<b>").status_code == 303
    assert '<html lang="ar"' in browser.get("/preferences").text


def test_blurred_text_can_be_asked_for_without_a_script(browser, waiting):
    browser.post("/preferences", switches="1", blur="on")
    page = browser.get("/review").text
    assert '<input type="checkbox" id="show"' in page
    assert 'class="text main blurred"' in page


def test_language_is_switched_on_the_page_one_is_on(browser):
    answer = browser.post("/preferences", language="en", back="/queue")
    assert answer.headers["Location"] == "/queue"
    answer = browser.post("/preferences", language="ar", back="//example.org")
    assert answer.headers["Location"] == "/review"


def test_text_can_be_tried_out_and_is_not_stored(browser, engine):
    page = browser.post("/try", text="اشتريت غـربـال").text
    assert "النتيجة: قيد المراجعة" in page
    assert "اشتريت غربال</p>" in page
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM comment")) == 0


@pytest.mark.parametrize(("comment", "status"), [("", 400), (" \n", 400), ("ب" * 10_241, 413)])
def test_text_that_cannot_be_tried_out_is_told(browser, comment, status):
    answer = browser.post("/try", text=comment)
    assert answer.status_code == status
    assert len(told(answer.text)) == 1


def test_samples_are_marked_and_removed_with_one_click(app, engine, sign_in):
    put_samples(engine, app.extensions[EXTENSION].judge)
    lead = sign_in(Role.LEAD)
    assert '<span class="badge">مثال</span>' in lead.get("/review").text
    lead.post("/samples/remove")
    assert "لا شيء في انتظاركم" in lead.get("/review").text


def test_database_that_is_away_is_told_in_the_page(browser, waiting, engine):
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE claim RENAME TO away"))
    answer = browser.get("/review")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Traceback" not in answer.text


def test_session_ends_by_itself(app):
    assert app.permanent_session_lifetime == timedelta(hours=12)
