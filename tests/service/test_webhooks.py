import hmac
import re
import signal
import subprocess
import threading
import time
from datetime import timedelta
from hashlib import sha256

import pytest
from click.testing import CliRunner
from receiving import Receiver
from service_samples import APPROVED, BANNED, SUSPECT
from serving import COMMAND, environment, wait_for
from sqlalchemy import text, update

from service.cli import ghirbal
from service.database import writing
from service.delivery import send, signature
from service.newsroom_errors import WebhookError
from service.outbox import DECIDED, EVENTS, QUEUED, Letter, dead_letters, discard, replay
from service.sites import add_site
from service.tables import DEFAULT_SITE, Outbox
from service.webhooks import add_secret, add_webhook, keep_newest_secret, remove_webhook
from service.worker import Worker


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def hook(engine, receiver):
    """Add webhooks at the receiver."""

    def hook(path="/", events=EVENTS, site_id=DEFAULT_SITE):
        with writing(engine) as connection:
            return add_webhook(
                connection, receiver.url(path), events=events, secret="first", site_id=site_id
            )

    return hook


@pytest.fixture
def worker(engine):
    return Worker(engine, private=True)


def make_due(engine):
    with writing(engine) as connection:
        connection.execute(text("UPDATE outbox SET due_at = created_at, leased_until = NULL"))


def told(receiver):
    return [(each["comment"], each["event"], each["action"]) for each in receiver.got]


def test_decisions_of_machine_and_moderators_are_told_in_order(site, hook, worker, receiver):
    hook()
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    site.post("/v1/comments/c-1/decisions", {"action": "reject", "reason": "insult"})
    assert worker.run_once() == 2
    assert told(receiver) == [("c-1", QUEUED, "review"), ("c-1", DECIDED, "reject")]
    last = receiver.got[-1]
    assert (last["reasons"], last["source"], last["policy"]) == (["insult"], "moderator", "test-1")
    assert worker.run_once() == 0


def test_event_never_holds_a_text(site, hook, worker, receiver):
    hook()
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    worker.run_once()
    assert "غربال" not in receiver.bodies[0].decode()
    assert set(receiver.got[0]) == {
        *("event", "key", "comment", "decision", "revision", "action", "reasons", "source"),
        *("model", "policy", "created_at"),
    }


def test_webhook_gets_the_events_and_the_site_that_it_asked_for(
    site, engine, hook, worker, receiver
):
    hook(events=[DECIDED])
    with writing(engine) as connection:
        other = add_site(connection, "other")
    hook(site_id=other)
    site.post(
        "/v1/comments", {"comments": [{"id": "1", "text": SUSPECT}, {"id": "2", "text": BANNED}]}
    )
    worker.run_once()
    assert told(receiver) == [("2", DECIDED, "reject")]


def test_signature_proves_time_and_body_with_every_secret(site, engine, hook, worker, receiver):
    number = hook()
    with writing(engine) as connection:
        add_secret(connection, number, "second")
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    worker.run_once()
    headers, body = receiver.headers[0], receiver.bodies[0]
    moment, *digests = re.findall(r"=(\w+)", headers["X-Ghirbal-Signature"])
    assert abs(int(moment) - time.time()) < 60
    for secret, digest in zip(("first", "second"), digests, strict=True):
        signed = moment.encode() + b"." + body
        assert hmac.new(secret.encode(), signed, sha256).hexdigest() == digest
    assert headers["Idempotency-Key"] == receiver.got[0]["key"]
    with writing(engine) as connection:
        keep_newest_secret(connection, number)
    assert len(signature(["second"], body, at=1).split(",")) == 2


def test_failed_event_waits_and_what_follows_on_the_comment_waits_behind_it(
    site, engine, hook, worker, receiver
):
    hook()
    receiver.status = 500
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    site.post("/v1/comments/c-1/decisions", {"action": "approve"})
    site.post("/v1/comments", {"id": "c-2", "text": APPROVED})
    assert worker.run_once() == 2
    receiver.status = 200
    receiver.got.clear()
    assert worker.run_once() == 0
    make_due(engine)
    assert worker.run_once() == 3
    assert [each for each in told(receiver) if each[0] == "c-1"] == [
        ("c-1", QUEUED, "review"),
        ("c-1", DECIDED, "approve"),
    ]


def test_waits_grow_up_to_an_hour(site, engine, hook, worker, receiver):
    hook()
    receiver.status = 503
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    waits = []
    for _ in range(12):
        worker.run_once()
        with engine.connect() as connection:
            row = connection.execute(Outbox.__table__.select()).one()
        waits.append(round((row.due_at - row.created_at) / timedelta(seconds=1), -1))
        assert row.problem == "answered 503"
        with writing(engine) as connection:
            connection.execute(update(Outbox).values(due_at=Outbox.created_at))
    assert waits[2] >= 20
    assert 3_590 <= waits[-1] <= 3_700


def test_dead_letter_holds_back_its_comment_until_it_is_replayed(
    site, engine, hook, worker, receiver, monkeypatch
):
    monkeypatch.setattr("service.outbox.MAX_ATTEMPTS", 1)
    hook()
    receiver.status = 400
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    worker.run_once()
    site.post("/v1/comments/c-1/decisions", {"action": "approve"})
    receiver.status = 200
    receiver.got.clear()
    assert worker.run_once() == 0
    with engine.connect() as connection:
        (dead,) = dead_letters(connection)
    assert (dead["external_id"], dead["problem"]) == ("c-1", "answered 400")
    with writing(engine) as connection:
        assert replay(connection, [dead["id"]]) == 1
    assert worker.run_once() == 2
    assert told(receiver) == [("c-1", QUEUED, "review"), ("c-1", DECIDED, "approve")]


def test_discarded_letter_lets_the_next_go(site, engine, hook, worker, receiver, monkeypatch):
    monkeypatch.setattr("service.outbox.MAX_ATTEMPTS", 1)
    hook()
    receiver.status = 400
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    worker.run_once()
    site.post("/v1/comments/c-1/decisions", {"action": "approve"})
    with writing(engine) as connection:
        assert discard(connection) == 1
    receiver.status = 200
    receiver.got.clear()
    worker.run_once()
    assert told(receiver) == [("c-1", DECIDED, "approve")]


@pytest.mark.parametrize("path", ["/hangs", "/drips"])
def test_receiver_that_does_not_answer_is_left_after_the_deadline(
    site, engine, hook, receiver, path
):
    hook(path)
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    # The receiver would go on for twenty seconds and more.
    began = time.monotonic()
    Worker(engine, private=True, deadline_s=0.5).run_once()
    assert time.monotonic() - began < 15
    with engine.connect() as connection:
        problem = connection.scalar(text("SELECT problem FROM outbox"))
    assert problem == "no answer within 0.5 seconds"


def test_receiver_that_hangs_holds_up_nobody_else(site, hook, worker, receiver):
    hook("/hangs")
    hook("/")
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    working = threading.Thread(target=worker.run_once)
    working.start()
    wait_for(lambda: told(receiver) == [("c-1", QUEUED, "review")], "the other was not told")
    receiver.released.set()
    working.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_address_of_the_own_network_is_refused(site, engine, url):
    with writing(engine) as connection:
        add_webhook(connection, url, events=EVENTS, secret="s", site_id=DEFAULT_SITE)
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    Worker(engine).run_once()
    with engine.connect() as connection:
        problem = connection.scalar(text("SELECT problem FROM outbox"))
    assert "not a public address" in problem


def test_address_is_sent_to_in_the_letters_of_http(site, hook, worker, receiver):
    hook("/خطاف x/%D8%A7?ق=1 2&b=%20#c")
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    assert worker.run_once() == 1
    assert receiver.paths == ["/%D8%AE%D8%B7%D8%A7%D9%81%20x/%D8%A7?%D9%82=1%202&b=%20"]


def test_host_with_a_name_in_arabic_is_looked_for(site, engine):
    with writing(engine) as connection:
        add_webhook(
            connection, "http://مثال.invalid/", events=EVENTS, secret="s", site_id=DEFAULT_SITE
        )
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    assert Worker(engine).run_once() == 1
    with engine.connect() as connection:
        attempts, problem = connection.execute(text("SELECT attempts, problem FROM outbox")).one()
    assert (attempts, "Errno" in problem) == (1, True)


@pytest.mark.parametrize("url", ["http://a..b/", "http://[::1/", "http://a.b:x/"])
def test_address_that_cannot_be_sent_to_is_a_failed_attempt(site, engine, hook, url):
    hook()
    with writing(engine) as connection:
        connection.execute(text("UPDATE webhook SET url = :url"), {"url": url})
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    assert Worker(engine, private=True).run_once() == 1
    with engine.connect() as connection:
        attempts, problem = connection.execute(text("SELECT attempts, problem FROM outbox")).one()
    assert attempts == 1
    assert problem


def test_event_that_cannot_be_written_as_a_request_is_a_failed_attempt(receiver):
    letter = Letter(1, 1, receiver.url(), ("secret",), "مفتاح", DECIDED, {}, 0)
    assert "UnicodeEncodeError" in send(letter, private=True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://user:pa55@site.example/", "user name or password"),
        ("http://user@site.example/", "user name or password"),
        ("http://:pa55@site.example/", "user name or password"),
        ("http://site example/", "must be an address"),
        ("http://a..b/", "must be an address"),
        (f"http://{'ا' * 80}.example/", "must be an address"),
        ("http://site.example/\n", "must be an address"),
    ],
)
def test_address_that_cannot_be_used_is_not_added(engine, url, message):
    with pytest.raises(WebhookError, match=message) as caught, writing(engine) as connection:
        add_webhook(connection, url, events=EVENTS, secret="s", site_id=DEFAULT_SITE)
    assert "pa55" not in str(caught.value)


def test_nothing_is_kept_for_nobody(site, engine, hook):
    number = hook()
    with writing(engine) as connection:
        remove_webhook(connection, number)
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM outbox")) == 0


def test_delivered_events_are_forgotten_after_a_week(site, engine, hook, receiver):
    hook()
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    Worker(engine, private=True).run_once()
    with writing(engine) as connection:
        connection.execute(update(Outbox).values(delivered_at=text("'2020-01-01 00:00:00'")))
    Worker(engine, private=True).run_once()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM outbox")) == 0


def test_several_workers_send_every_event_once_and_in_order(site, engine, hook, receiver):
    hook()
    for number in range(8):
        for turn in range(3):
            site.post("/v1/comments", {"id": f"c-{number}", "text": f"{SUSPECT} {turn}"})
    workers = [Worker(engine, private=True) for _ in range(3)]
    threads = [threading.Thread(target=worker.run_once) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Worker(engine, private=True).run_once()
    for number in range(8):
        revisions = [each["revision"] for each in receiver.got if each["comment"] == f"c-{number}"]
        assert revisions == [1, 2, 3]


@pytest.mark.slow
def test_no_event_is_lost_when_the_worker_is_killed(site, engine, hook, receiver, database_url):
    hook()
    settings = environment(database_url) | {"GHIRBAL_WEBHOOK_PRIVATE_ADDRESSES": "true"}
    for turn in range(3):
        for number in range(10):
            site.post("/v1/comments", {"id": f"c-{number}", "text": f"{SUSPECT} {turn}"})
        seen = len(receiver.got)
        process = subprocess.Popen([*COMMAND, "worker"], env=settings, stderr=subprocess.DEVNULL)
        wait_for(lambda seen=seen: len(receiver.got) > seen + 2, "the worker sent nothing")
        process.kill()
        process.wait()
        make_due(engine)
    process = subprocess.Popen([*COMMAND, "worker"], env=settings, stderr=subprocess.PIPE)
    wait_for(lambda: len({each["key"] for each in receiver.got}) == 30, "events were lost")
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[1] == b""
    assert process.returncode == 0
    for number in range(10):
        mine = [each["revision"] for each in receiver.got if each["comment"] == f"c-{number}"]
        # Some come twice, none after a later one was taken.
        assert mine == sorted(mine)
        assert set(mine) == {1, 2, 3}


def test_commands_add_list_roll_and_remove(sqlite_url, monkeypatch):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", sqlite_url)

    def run(*arguments):
        done = CliRunner().invoke(ghirbal, ["webhooks", *arguments])
        return done.exit_code, done.output

    code, output = run("add", "https://site.example/hook", "--event", DECIDED)
    assert code == 0
    assert re.search(r"^ghs_[\w-]{43}$", output, re.MULTILINE)
    assert run("roll", "1")[0] == 0
    listed = f"1\tdefault\thttps://site.example/hook\t{DECIDED}\t2 secret(s)\t0 waiting\n"
    assert run("list") == (0, listed)
    assert run("roll", "1", "--finish")[0] == 0
    assert "1 secret(s)" in run("list")[1]
    assert run("dead") == (0, "")
    assert run("replay", "--all") == (0, "0 to be sent again\n")
    assert run("discard", "7") == (0, "0 discarded\n")
    assert run("replay")[0] == 2
    assert run("remove", "1")[0] == 0
    assert run("list") == (0, "")
    assert run("remove", "1")[0] == 1
    assert run("add", "ftp://site.example")[0] == 1
    assert run("add", "https://site.example", "--site", "x")[0] == 1
    once = CliRunner().invoke(ghirbal, ["worker", "--once"])
    assert (once.exit_code, once.output) == (0, "0 events tried\n")
