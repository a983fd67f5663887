import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from page_samples import told
from service_samples import APPROVED, PASSWORD, Caller

from service.audit import note
from service.database import writing
from service.deletion import Requester
from service.moderators import Role
from service.web.names import _CHANGES

SERVICE = Path(__file__).parents[3] / "service"


@pytest.fixture
def admin(sign_in):
    return sign_in(Role.ADMIN, "huda")


def secret(answer):
    return re.search(r'<code dir="ltr">(.*?)</code>', answer.text)[1]


def can_sign_in(app, name, password):
    client = app.test_client()
    token = re.search(r'csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    form = {"name": name, "password": password, "csrf_token": token}
    return client.post("/sign-in", data=form).status_code == 303


def test_account_is_made_and_its_password_shown_once(app, admin):
    answer = admin.post("/people", do="add", name="nour", display_name="نور", role="lead")
    assert can_sign_in(app, "nour", secret(answer))
    assert secret(answer) not in admin.get("/people").text
    assert "نور" in admin.get("/people").text


def test_new_password_ends_the_old_one(app, admin, person_for):
    person_for(Role.MODERATOR, "sara")
    password = secret(admin.post("/people", do="password", name="sara"))
    assert can_sign_in(app, "sara", password)
    assert not can_sign_in(app, "sara", PASSWORD)


def test_account_out_of_use_is_shut_out_at_once(app, admin, sign_in):
    sara = sign_in(Role.MODERATOR, "sara")
    admin.post("/people", do="deactivate", name="sara")
    assert told(admin.get("/people").text) == ["أُوقف الحساب، وتبقى قراراته."]
    assert sara.get("/review").status_code == 303


@pytest.mark.parametrize(
    ("form", "status", "problem"),
    [
        ({"do": "add", "name": " ", "role": "lead"}, 400, "يحتاج الحساب إلى اسم."),
        ({"do": "add", "name": "huda", "role": "lead"}, 409, "هذا الاسم مستعمل، فاختاروا غيره."),
        ({"do": "deactivate", "name": "huda"}, 400, "لا يمكنكم إيقاف حسابكم أنتم."),
        ({"do": "password", "name": "x"}, 404, "لا حساب بهذا الاسم."),
        ({"do": "add", "name": "x", "role": "king"}, 400, "تعذّر فهم الطلب."),
        ({"do": "promote", "name": "x"}, 400, "تعذّر فهم الطلب."),
    ],
)
def test_account_that_cannot_be_changed_so_is_told(admin, form, status, problem):
    answer = admin.post("/people", **form)
    assert answer.status_code == status
    assert problem in answer.text


def test_own_password_is_changed_and_the_session_goes_on(app, sign_in):
    sara = sign_in(Role.MODERATOR, "sara")
    sara.post("/password", old=PASSWORD, new="another password")
    assert told(sara.get("/preferences").text) == ["تغيّرت كلمة السر."]
    assert can_sign_in(app, "sara", "another password")


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"old": "wrong", "new": "another password"}, "كلمة السر الحالية غير صحيحة."),
        ({"old": PASSWORD, "new": "short"}, "كلمة السر ١٠ أحرف على الأقل."),
    ],
)
def test_own_password_is_not_changed_by_mistake(app, sign_in, form, problem):
    sara = sign_in(Role.MODERATOR, "sara")
    sara.post("/password", **form)
    assert told(sara.get("/preferences").text) == [problem]
    assert can_sign_in(app, "sara", PASSWORD)


def test_key_is_made_works_and_is_put_out_of_use(app, admin):
    answer = admin.post("/keys", do="add", name="site", site="default", scope=["score", "read"])
    caller = Caller(app.test_client(), secret(answer))
    assert caller.post("/v1/score", {"text": APPROVED}).status_code == 200
    page = admin.get("/keys").text
    assert "قراءة التعليقات والقائمة، تقدير النصوص" in page
    admin.post("/keys", do="revoke", name="site")
    assert told(admin.get("/keys").text) == ["أُوقف المفتاح."]
    admin.post("/keys", do="revoke", name="site")
    assert told(admin.get("/keys").text) == ["لا مفتاح ساريا بهذا الاسم."]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"do": "add", "name": "x", "site": "default"}, 400),
        ({"do": "add", "name": "", "site": "default", "scope": "score"}, 400),
        ({"do": "add", "name": "x", "site": "nowhere", "scope": "score"}, 400),
        ({"do": "lend"}, 400),
    ],
)
def test_key_that_makes_no_sense_is_refused(admin, form, status):
    assert admin.post("/keys", **form).status_code == status


def test_key_with_a_name_that_is_taken_is_refused(admin):
    form = {"do": "add", "name": "site", "site": "default", "scope": "score"}
    assert [admin.post("/keys", **form).status_code for _ in range(2)] == [200, 409]


def test_webhook_is_added_gets_further_secrets_and_is_removed(admin):
    hook = {"url": "https://site.example/hook", "site": "default", "event": "comment.decided"}
    first = secret(admin.post("/webhooks", do="add", **hook))
    page = admin.get("/webhooks").text
    assert "https://site.example/hook" in page
    assert first not in page
    number = re.search(r'name="webhook" value="(\d+)"', page)[1]
    assert secret(admin.post("/webhooks", do="secret", webhook=number)) != first
    admin.post("/webhooks", do="newest", webhook=number)
    admin.post("/webhooks", do="remove", webhook=number)
    assert "لا عنوان يُبلَّغ بشيء بعد" in admin.get("/webhooks").text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"do": "add", "url": "ftp://x", "site": "default", "event": "comment.decided"}, 400),
        ({"do": "add", "url": "https://x.example", "site": "default"}, 400),
        ({"do": "add", "url": "https://x.example", "site": "-", "event": "comment.queued"}, 400),
        ({"do": "remove", "webhook": "99"}, 404),
        ({"do": "remove"}, 400),
        ({"do": "call", "webhook": "1"}, 400),
        ({"do": "replay"}, 303),
        ({"do": "discard"}, 303),
    ],
)
def test_webhook_that_makes_no_sense_is_refused(admin, form, status):
    assert admin.post("/webhooks", **form).status_code == status


def test_record_names_who_decided_under_which_policy(sign_in, browser, waiting):
    browser.post("/review/3", revision="1", reject="insult", note="تكرار")
    browser.post("/undo")
    lead = sign_in(Role.LEAD)
    rows = re.findall(r"<tr><td><time.*?</tr>", lead.get("/records").text, re.DOTALL)
    assert len(rows) == 2
    assert "تراجُع" in rows[0]
    assert all(word in rows[1] for word in ("sara", "إهانة", "تكرار", "c-3", "test-1"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("who=machine", 3),
        ("who=all", 4),
        ("who=people&action=approve", 1),
        ("who=people&action=reject", 0),
        ("who=999", 0),
        ("who=all&comment=c-3", 2),
        ("who=all&before=3", 2),
        ("who=nobody&action=x", 4),
    ],
)
def test_record_is_filtered(sign_in, browser, waiting, query, expected):
    browser.post("/review/3", revision="1", move="approve")
    page = sign_in(Role.LEAD).get(f"/records?{query}").text
    assert page.count("<tr><td><time") == expected


def test_record_names_who_changed_what_beside_decisions(admin, sign_in):
    admin.post("/people", do="add", name="nour", role="lead")
    admin.post("/people", do="deactivate", name="nour")
    admin.post("/keys", do="add", name="site", site="default", scope="score")
    admin.post("/keys", do="revoke", name="site")
    page = sign_in(Role.LEAD).get("/records?kind=changes").text
    rows = re.findall(r"<tr><td><time.*?</tr>", page, re.DOTALL)
    told_of = ["إيقاف مفتاح", "إضافة مفتاح", "إيقاف حساب", "إضافة حساب"]
    assert [name in row for name, row in zip(told_of, rows[:4], strict=True)] == [True] * 4
    assert all("huda" in row for row in rows[:4])


def noted(tree):
    """Yield each action that a module gives to `note`, under whatever name it has it."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "service.audit"
        for alias in node.names
        if alias.name == "note"
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names:
            action = call.args[1]
            # Of a formatted one, what stands between f' and '.
            yield action.value if isinstance(action, ast.Constant) else ast.unparse(action)[2:-1]


def test_every_change_that_is_recorded_has_a_name():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SERVICE.rglob("*.py")]
    found = {action for tree in trees for action in noted(tree)}
    deleted = "deleted for {requested_by}"
    assert deleted in found
    found |= {deleted.format(requested_by=each) for each in get_args(Requester)}
    assert found - {deleted} == set(_CHANGES)


@pytest.mark.parametrize(
    ("action", "subject", "shown"),
    [
        ("account added", "نور: lead", "إضافة حساب نور: مسؤول"),
        (
            "key added",
            "a: site: ingest, score",
            "إضافة مفتاح a: site: إرسال التعليقات، تقدير النصوص",
        ),
        ("policy stored", "2026-12: strict", "حفظ سياسة 2026-12: strict"),
        ("policy put in force", "2026-12", "تطبيق سياسة 2026-12"),
        ("deleted for author", "comment 1200", "حذف بطلب الكاتب التعليق ١٢٠٠"),
        ("deleted for site", "comment 8", "حذف بطلب الموقع التعليق ٨"),
        ("removed by retention", "12 comments: reject", "حذف ما انتهت مدة حفظه العدد: ١٢ · مرفوض"),
        ("ids of readers hashed", "12 ids", "تعمية معرّفات القراء العدد: ١٢"),
        ("training data exported", "all sites", "تصدير بيانات تدريب كل المواقع"),
        ("unheard of", "a: lead", "unheard of a: lead"),
    ],
)
def test_record_of_changes_speaks_the_language_of_the_page(sign_in, engine, action, subject, shown):
    with writing(engine) as connection:
        note(connection, action, subject)
    page = sign_in(Role.LEAD).get("/records?kind=changes").text
    row = re.search(r"<tr><td><time.*?</tr>", page, re.DOTALL)[0]
    _when, _who, what, of_what = re.findall(r"<td>(.*?)</td>", row)
    assert re.sub(r"<[^>]+>", "", f"{what} {of_what}") == shown


def test_record_is_leafed_through(sign_in, browser, site):
    for number in range(102):
        site.post("/v1/comments", {"id": f"c-{number}", "text": APPROVED})
    lead = sign_in(Role.LEAD)
    page = lead.get("/records?who=machine").text
    assert page.count("<tr><td><time") == 100
    older = re.search(r'href="(/records\?before=[^"]+)"', page)[1].replace("&amp;", "&")
    assert lead.get(older).text.count("<tr><td><time") == 2


def test_moderators_see_no_pages_of_leads_in_their_menu(browser, sign_in):
    assert 'href="/policy"' not in browser.get("/review").text
    assert 'href="/people"' not in sign_in(Role.LEAD).get("/records").text
