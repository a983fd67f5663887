import re
import time

import pyotp
import pytest
from page_samples import told
from service_samples import PASSWORD
from sqlalchemy import text, update

from service.database import writing
from service.moderators import Role
from service.tables import Moderator


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def sara(sign_in):
    return sign_in(Role.MODERATOR, "sara")


def offered(browser):
    page = browser.get("/second-factor").text
    return re.search(r'<code dir="ltr">(.*?)</code>', page)[1].replace(" ", "")


@pytest.fixture
def secret(sara):
    secret = offered(sara)
    code = pyotp.TOTP(secret).now()
    sara.post("/second-factor", do="on", password=PASSWORD, code=code)
    sara.renew_token()
    return secret


class Visitor:
    """A browser in which somebody signs in step by step."""

    def __init__(self, app):
        self.client = app.test_client()
        page = self.client.get("/sign-in").text
        self.token = re.search(r'csrf_token" value="([^"]+)"', page)[1]

    def post(self, path, **form):
        return self.client.post(path, data={"csrf_token": self.token} | form)

    def gives_password(self):
        return self.post("/sign-in", name="sara", password=PASSWORD)

    def gives_code(self, code):
        return self.post("/sign-in/code", code=code)

    def is_in(self):
        return self.client.get("/review").status_code == 200


def test_picture_and_key_are_those_of_the_account(sara):
    page = sara.get("/second-factor").text
    assert "<svg" in page
    assert len(offered(sara)) == 32
    assert offered(sara) == offered(sara)


def test_password_alone_opens_nothing_once_a_code_is_asked_for(app, secret):
    visitor = Visitor(app)
    assert visitor.gives_password().headers["Location"] == "/sign-in/code"
    assert not visitor.is_in()
    assert visitor.gives_code(pyotp.TOTP(secret).now()).headers["Location"] == "/review"
    assert visitor.is_in()


def test_session_goes_on_and_others_end_when_it_is_switched_on(app, sara, person_for):
    other = Visitor(app)
    other.gives_password()
    assert other.is_in()
    code = pyotp.TOTP(offered(sara)).now()
    sara.post("/second-factor", do="on", password=PASSWORD, code=code)
    assert told(sara.get("/preferences").text) == ["من الآن يُطلب رمز بعد كلمة السر."]
    assert not other.is_in()


def test_code_is_good_once(app, secret):
    code = pyotp.TOTP(secret).now()
    first, second = Visitor(app), Visitor(app)
    first.gives_password()
    assert first.gives_code(code).status_code == 303
    second.gives_password()
    assert second.gives_code(code).status_code == 403
    assert not second.is_in()


@pytest.mark.parametrize(("off_by", "status"), [(-30, 303), (30, 303), (-90, 403), (90, 403)])
def test_clock_of_the_telephone_may_be_off_by_half_a_minute(app, secret, off_by, status):
    visitor = Visitor(app)
    visitor.gives_password()
    code = pyotp.TOTP(secret).at(int(time.time()) + off_by)
    assert visitor.gives_code(code).status_code == status


def test_wrong_codes_lock_the_account_although_the_password_is_right_between_them(app, secret):
    for _ in range(5):
        visitor = Visitor(app)
        visitor.gives_password()
        assert visitor.gives_code("000000").status_code == 403
    assert visitor.gives_code(pyotp.TOTP(secret).now()).status_code == 403
    assert visitor.gives_password().status_code == 403


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"], ids=["arabic", "persian"])
def test_code_may_be_typed_in_the_digits_of_the_keyboard(app, secret, digits):
    visitor = Visitor(app)
    visitor.gives_password()
    code = pyotp.TOTP(secret).now().translate(str.maketrans("0123456789", digits))
    assert visitor.gives_code(f"{code[:3]} {code[3:]}").headers["Location"] == "/review"


def test_code_without_a_password_is_not_even_looked_at(app, secret):
    answer = Visitor(app).gives_code(pyotp.TOTP(secret).now())
    assert answer.headers["Location"] == "/sign-in"


def test_right_password_waits_five_minutes_for_its_code(app, secret, monkeypatch):
    visitor = Visitor(app)
    visitor.gives_password()
    began = time.time()
    monkeypatch.setattr("service.web.second_factor.time.time", lambda: began + 301)
    assert visitor.gives_code(pyotp.TOTP(secret).at(began)).headers["Location"] == "/sign-in"


def test_account_put_out_of_use_meanwhile_stays_shut(app, engine, secret):
    visitor = Visitor(app)
    visitor.gives_password()
    with writing(engine) as connection:
        connection.execute(update(Moderator).values(active=False))
    assert visitor.gives_code(pyotp.TOTP(secret).now()).status_code == 403


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"password": "wrong", "code": "000000"}, "كلمة السر الحالية غير صحيحة."),
        ({"password": PASSWORD, "code": "000000"}, "الرمز لا يطابق. هل ساعة الهاتف مضبوطة؟"),
    ],
)
def test_second_factor_is_not_switched_on_by_mistake(engine, sara, form, problem):
    offered(sara)
    sara.post("/second-factor", do="on", **form)
    assert told(sara.get("/second-factor").text) == [problem]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT totp_secret FROM moderator")) is None


def test_owner_switches_it_off_with_the_password(app, sara, secret):
    assert sara.post("/second-factor", do="on", password=PASSWORD).status_code == 400
    sara.post("/second-factor", do="off", password=PASSWORD)
    assert told(sara.get("/preferences").text) == ["من الآن تكفي كلمة السر."]
    sara.renew_token()
    assert sara.post("/second-factor", do="off", password=PASSWORD).status_code == 400
    visitor = Visitor(app)
    assert visitor.gives_password().headers["Location"] == "/review"


def test_admin_lets_in_who_has_lost_the_telephone(app, sign_in, secret):
    admin = sign_in(Role.ADMIN, "huda")
    assert "إلغاء التحقق بخطوتين" in admin.get("/people").text
    admin.post("/people", do="one-factor", name="sara")
    assert told(admin.get("/people").text) == ["صار الدخول إلى الحساب بكلمة السر وحدها."]
    assert Visitor(app).gives_password().headers["Location"] == "/review"
    assert "إلغاء التحقق بخطوتين" in admin.get("/records?kind=changes").text
    assert admin.post("/people", do="one-factor", name="sara").status_code == 404
