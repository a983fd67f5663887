import json
from io import BytesIO
from unittest.mock import Mock

import pytest
from click.testing import CliRunner
from service_samples import APPROVED, POLICY, SUSPECT

from service.cli import ghirbal
from service.exchange import imports
from service.exchange.imports import READERS, import_file
from service.exchange.records import plain
from service.state import EXTENSION
from service.tables import DEFAULT_SITE

WORDPRESS = f"""<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>الصحيفة</title>
<item><title>السوق القديم</title><link>https://site.example/market</link>
  <wp:post_id>12</wp:post_id>
  <category domain="category" nicename="news"><![CDATA[أخبار]]></category>
  <wp:comment><wp:comment_id>7</wp:comment_id><wp:comment_author><![CDATA[سارة]]></wp:comment_author>
    <wp:comment_author_email>sara@site.example</wp:comment_author_email>
    <wp:comment_date_gmt>2026-11-01 09:30:00</wp:comment_date_gmt>
    <wp:comment_content><![CDATA[<p>{APPROVED}</p><p>&amp; السلام</p>]]></wp:comment_content>
    <wp:comment_approved>1</wp:comment_approved><wp:comment_type>comment</wp:comment_type>
    <wp:comment_parent>0</wp:comment_parent><wp:comment_user_id>3</wp:comment_user_id></wp:comment>
  <wp:comment><wp:comment_id>8</wp:comment_id><wp:comment_content>{APPROVED}</wp:comment_content>
    <wp:comment_approved>spam</wp:comment_approved><wp:comment_parent>7</wp:comment_parent>
    <wp:comment_user_id>0</wp:comment_user_id></wp:comment>
  <wp:comment><wp:comment_id>9</wp:comment_id><wp:comment_content>{SUSPECT}</wp:comment_content>
    <wp:comment_approved>0</wp:comment_approved></wp:comment>
  <wp:comment><wp:comment_id>10</wp:comment_id><wp:comment_content>x</wp:comment_content>
    <wp:comment_type>pingback</wp:comment_type></wp:comment>
  <wp:comment><wp:comment_id>11</wp:comment_id><wp:comment_content></wp:comment_content></wp:comment>
</item></channel></rss>"""
DISQUS = f"""<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<thread dsq:id="t1"><id>a-1</id><link>https://site.example/a</link><title>السوق</title></thread>
<post dsq:id="1"><message><![CDATA[<p>{APPROVED}</p>]]></message>
  <createdAt>2026-11-01T09:30:00Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam>
  <author><name>سارة</name><username>sara</username></author><thread dsq:id="t1"/></post>
<post dsq:id="2"><message>{APPROVED}</message><isDeleted>false</isDeleted><isSpam>true</isSpam>
  <author><name>زائر</name></author><thread dsq:id="t1"/><parent dsq:id="1"/></post>
<post dsq:id="3"><message>x</message><isDeleted>true</isDeleted><thread dsq:id="t1"/></post>
</disqus>"""
CORAL = "\n".join(
    json.dumps(each)
    for each in (
        {
            "id": "c1",
            "status": "APPROVED",
            "storyID": "s1",
            "authorID": "u1",
            "parentID": None,
            "createdAt": {"$date": "2026-11-01T09:30:00.000Z"},
            "revisions": [{"body": "قديم"}, {"body": f"<b>{APPROVED}</b>"}],
        },
        {"id": "c2", "status": "REJECTED", "revisions": [{"body": APPROVED}]},
        {"id": "c3", "status": "NONE", "revisions": [{"body": SUSPECT}]},
        {"id": "c4", "status": "NONE", "revisions": []},
    )
)
LINES = "\n".join(
    (
        json.dumps({"id": "1", "text": APPROVED, "author": {"id": "u1"}, "action": "reject"}),
        "",
        "{",
        "[]",
        json.dumps({"id": "2", "text": SUSPECT}),
        json.dumps({"id": "3", "text": APPROVED, "action": "perhaps"}),
        json.dumps({"id": "4", "text": APPROVED, "colour": "red"}),
    )
)
CSV = f"""id,text,author_name,section,action
1,"{APPROVED}، نعم",سارة,أخبار,approve
2,,,,
3,{SUSPECT},,,
"""


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def take_in(app, engine, tmp_path):
    def take_in(kind, content, **options):
        path = tmp_path / "file"
        path.write_text(content, encoding="utf-8")
        judge = app.extensions[EXTENSION].judge
        with path.open("rb") as stream:
            named = {"kind": kind, "site_id": DEFAULT_SITE} | options
            return import_file(engine, judge, stream, **named)

    return take_in


def decided(site, name):
    last = site.get(f"/v1/comments/{name}").get_json()["decisions"][-1]
    return last["action"], last["source"]


@pytest.mark.parametrize(
    ("kind", "content", "expected", "problems"),
    [
        (
            "wordpress",
            WORDPRESS,
            {"7": ("approve", "import"), "8": ("reject", "import"), "9": ("review", "list")},
            [(4, "text: is required")],
        ),
        (
            "disqus",
            DISQUS,
            {"1": ("approve", "import"), "2": ("reject", "import")},
            [(3, "deleted in Disqus")],
        ),
        (
            "coral",
            CORAL,
            {"c1": ("approve", "import"), "c2": ("reject", "import"), "c3": ("review", "list")},
            [(4, "text: is required")],
        ),
        (
            "jsonl",
            LINES,
            {"1": ("reject", "import"), "2": ("review", "list")},
            [
                (3, "not JSON: unexpected end of data"),
                (4, "not a JSON object"),
                (6, "action must be approve, review or reject"),
                (7, "colour: is not a field of this request"),
            ],
        ),
        (
            "csv",
            CSV,
            {"1": ("approve", "import"), "3": ("review", "list")},
            [(3, "text: is required")],
        ),
    ],
)
def test_export_of_another_system_comes_in(site, take_in, kind, content, expected, problems):
    report = take_in(kind, content)
    assert {name: decided(site, name) for name in expected} == expected
    assert (report.stored, report.known) == (len(expected), 0)
    told = [(each.number, each.problem) for each in report.problems]
    assert [number for number, _ in told] == [number for number, _ in problems]
    for (_, got), (_, wanted) in zip(told, problems, strict=True):
        assert got.startswith(wanted[:12])


def test_csv_with_a_mark_for_lost_letters_is_utf8(site, take_in):
    report = take_in("csv", "id,text\n1,\ufffd نعم\n")
    assert (report.stored, report.refused) == (1, 0)
    assert site.get("/v1/comments/1").get_json()["text"] == "\ufffd نعم"


def test_csv_in_another_encoding_is_refused(app, engine):
    stream = BytesIO(f"id,text\n1,{APPROVED}\n".encode("cp1256"))
    judge = app.extensions[EXTENSION].judge
    report = import_file(engine, judge, stream, kind="csv", site_id=DEFAULT_SITE)
    assert (report.stored, [each.problem for each in report.problems]) == (0, ["not UTF-8"])


def test_bad_line_of_csv_costs_no_other(take_in):
    long_line = "2," + "a," * 600_000
    report = take_in("csv", f'id,text\n1,"a\n{long_line}\n3,{APPROVED}\n4,{APPROVED}\n')
    assert (report.stored, report.refused) == (2, 2)
    assert [each.number for each in report.problems] == [2, 3]
    assert report.problems[0].problem.endswith("perhaps a quote left open: read on at line 3")


def test_comment_keeps_author_article_and_answer(site, take_in):
    take_in("wordpress", WORDPRESS)
    first = site.get("/v1/comments/7").get_json()
    assert first["text"] == f"{APPROVED}\n\n& السلام"
    assert first["author"] == {"id": "wp-3", "name": "سارة"}
    assert first["article"] == {
        "id": "12",
        "title": "السوق القديم",
        "url": "https://site.example/market",
        "section": "أخبار",
    }
    assert first["created_at"] == "2026-11-01T09:30:00+00:00"
    answer = site.get("/v1/comments/8").get_json()
    assert (answer["parent_id"], answer["author"]["id"]) == ("7", None)


def test_disqus_thread_becomes_the_article(site, take_in):
    take_in("disqus", DISQUS)
    body = site.get("/v1/comments/2").get_json()
    assert body["article"]["url"] == "https://site.example/a"
    assert (body["article"]["id"], body["parent_id"]) == ("a-1", "1")


def test_same_file_again_changes_nothing(site, take_in):
    first = take_in("jsonl", LINES)
    again = take_in("jsonl", LINES)
    assert (again.stored, again.known, again.refused) == (0, 2, 4)
    assert again.problems == first.problems
    assert (first.finished_at, again.finished_at is None) == (None, False)
    assert len(site.get("/v1/comments/1").get_json()["decisions"]) == 1


def test_comment_that_is_there_already_stays_as_it_is(site, take_in):
    live = {"id": "1", "text": SUSPECT, "author": {"id": "u1", "name": "سارة"}}
    site.post("/v1/comments", json=live)
    before = site.get("/v1/comments/1").get_json()
    again = {"author": {"id": "u2"}, "action": "reject"}
    lines = [{"id": "1", "text": APPROVED} | again, {"id": "2", "text": APPROVED}]
    report = take_in("jsonl", "\n".join(map(json.dumps, lines)))
    assert (report.stored, report.known, report.refused) == (1, 1, 0)
    report = take_in("jsonl", json.dumps({"id": "1", "text": SUSPECT} | again))
    assert (report.stored, report.known, report.refused) == (0, 1, 0)
    assert site.get("/v1/comments/1").get_json() == before


@pytest.mark.parametrize("batch", [1, 500])
def test_first_of_two_records_with_one_id_counts(site, take_in, monkeypatch, batch):
    monkeypatch.setattr(imports, "_BATCH", batch)
    lines = [{"id": "1", "text": APPROVED, "action": "reject"}, {"id": "1", "text": SUSPECT}]
    report = take_in("jsonl", "\n".join(map(json.dumps, lines)))
    assert (report.stored, report.known, report.refused) == (1, 1, 0)
    body = site.get("/v1/comments/1").get_json()
    assert (body["text"], len(body["revisions"])) == (APPROVED, 1)
    assert decided(site, "1") == ("reject", "import")


def test_comment_that_was_deleted_is_refused(site, take_in):
    site.post("/v1/comments", json={"id": "1", "text": APPROVED})
    site.post("/v1/comments/1/deletion", json={"requested_by": "author"})
    report = take_in("jsonl", json.dumps({"id": "1", "text": APPROVED}))
    assert (report.stored, report.known, report.refused) == (0, 0, 1)
    assert "deleted" in report.problems[0].problem


def test_import_that_was_broken_off_goes_on_where_it_stopped(site, take_in, monkeypatch, tmp_path):
    monkeypatch.setattr(imports, "_BATCH", 2)
    whole, taken = imports.ingest_all, []

    def fails_at_the_third(*arguments, **options):
        if len(taken) == 2:
            raise KeyboardInterrupt
        taken.append(arguments[2])
        return whole(*arguments, **options)

    texts = ["", APPROVED, APPROVED, APPROVED, APPROVED, APPROVED, ""]
    lines = "\n".join(json.dumps({"id": f"c-{i}", "text": each}) for i, each in enumerate(texts))
    told = tmp_path / "report"
    monkeypatch.setattr(imports, "ingest_all", fails_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        take_in("jsonl", lines, report_path=told)
    monkeypatch.setattr(imports, "ingest_all", whole)
    report = take_in("jsonl", lines, report_path=told)
    assert (report.stored, report.known, report.refused) == (5, 0, 2)
    # What the attempt that was broken off refused is told, too.
    problems = [json.loads(line)["id"] for line in told.read_text(encoding="utf-8").splitlines()]
    assert problems == ["c-0", "c-6"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("نص بسيط", "نص بسيط"),
        ("<p>سطر</p><p>آخر</p>", "سطر\n\nآخر"),
        ("أول<br>ثان", "أول\nثان"),
        ("<a href='x'>رابط</a> &lt;3", "رابط <3"),
    ],
)
def test_reader_gets_the_text_without_the_markup(html, text):
    assert plain(html) == text


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("wordpress", "not xml", "not whole XML"),
        ("wordpress", WORDPRESS[:900], "not whole XML"),
        ("disqus", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities"),
        ("csv", "text\nx\n", "id and text are needed"),
        ("csv", "id,text,colour\n", "'colour'"),
    ],
)
def test_file_that_is_something_else_is_told_in_one_line(
    sqlite_url, tmp_path, monkeypatch, kind, content, told
):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", sqlite_url)
    path = tmp_path / "file"
    path.write_text(content, encoding="utf-8")
    done = CliRunner().invoke(ghirbal, ["import", str(path), "--format", kind])
    assert (done.exit_code, told in done.output) == (1, True)


def test_command_reports_what_it_refused(sqlite_url, tmp_path, monkeypatch):
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY, encoding="utf-8")
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("GHIRBAL_POLICY_FILE", str(policy))
    path, report = tmp_path / "file", tmp_path / "report"
    path.write_text(LINES, encoding="utf-8")
    arguments = ["import", str(path), "--format", "jsonl", "--report", str(report)]
    done = CliRunner().invoke(ghirbal, arguments)
    assert done.exit_code == 1
    assert "2 stored, 0 known, 4 refused" in done.output
    problems = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [each["record"] for each in problems] == [3, 4, 6, 7]
    assert set(READERS) == {"jsonl", "csv", "wordpress", "disqus", "coral"}
    first = report.read_bytes()
    report.unlink()
    again = CliRunner().invoke(ghirbal, arguments)
    assert again.exit_code == 1
    assert f"{path} was taken in already, on 20" in again.output
    assert "0 stored, 2 known, 4 refused" in again.output
    assert report.read_bytes() == first


def test_status_tells_of_what_an_earlier_attempt_refused(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", sqlite_url)
    monkeypatch.setattr(imports, "_BATCH", 1)
    path = tmp_path / "file"
    path.write_text('nonsense\n{"id": "1", "text": "نعم"}\n', encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(imports, "ingest_all", Mock(side_effect=KeyboardInterrupt))
        CliRunner().invoke(ghirbal, ["import", str(path), "--format", "jsonl"])
    done = CliRunner().invoke(ghirbal, ["import", str(path), "--format", "jsonl"])
    assert "1 stored, 0 known, 1 refused" in done.output
    assert done.exit_code == 1
