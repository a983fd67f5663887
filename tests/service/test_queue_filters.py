import pytest
from service_samples import APPROVED, SUSPECT, Caller
from sqlalchemy import text

from service.claims import claim_next
from service.database import writing
from service.keys import Scope, add_key
from service.moderators import Role
from service.queue import SectionCount, count_by_section
from service.schema import QueueQuery
from service.sites import add_site
from service.tables import IN_REVIEW


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


COMMENTS = {
    "sport": {
        "text": SUSPECT,
        "author": {"id": "u-1", "name": "نبيل"},
        "article": {"id": "a-1", "section": "رياضة"},
        "created_at": "2026-11-01T00:00:00Z",
    },
    "arts": {
        "text": f"{SUSPECT} وبالكِتَـــابِ",
        "author": {"id": "u-2"},
        "article": {"id": "a-2", "section": "ثقافة"},
        "created_at": "2026-11-02T00:00:00Z",
    },
    "mixed": {"text": f"{SUSPECT} see you later everyone", "created_at": "2026-11-03T00:00:00Z"},
}
SCORES = {"sport": (0.9, 0.1, 2), "arts": (0.5, 0.7, 0), "mixed": (0.2, 0.4, 5)}


@pytest.fixture
def filled(site, engine):
    for name, comment in COMMENTS.items():
        site.post("/v1/comments", {"id": name} | comment)
    site.post("/v1/comments", {"id": "fine", "text": APPROVED})
    set_scores = (
        "UPDATE comment SET score = :score, threat = :threat, flags = :flags,"
        " uncertainty = 1 - abs(2 * :score - 1)"
    )
    with engine.begin() as connection:
        for name, (score, threat, flags) in SCORES.items():
            connection.execute(
                text(f"{set_scores} WHERE external_id = :name"),
                {"score": score, "threat": threat, "flags": flags, "name": name},
            )
    return site


def found(caller, /, **query):
    answer = caller.get("/v1/queue", query_string=query).get_json()
    assert answer["counts"] == {"review": 3, "matching": len(answer["comments"])}
    return [comment["id"] for comment in answer["comments"]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"site": "default"}, ["sport", "arts", "mixed"]),
        ({"site": "other"}, []),
        ({"section": "رياضة"}, ["sport"]),
        ({"section": "سفر"}, []),
        ({"article": "a-2"}, ["arts"]),
        ({"author": "u-1"}, ["sport"]),
        ({"score_from": 0.5}, ["sport", "arts"]),
        ({"score_to": 0.5}, ["arts", "mixed"]),
        ({"score_from": 0.5, "score_to": 0.5}, ["arts"]),
        ({"attribute": "threat", "score_from": 0.4}, ["arts", "mixed"]),
        ({"created_from": "2026-11-02T00:00:00Z"}, ["arts", "mixed"]),
        ({"created_to": "2026-11-02T00:00:00Z"}, ["sport"]),
        ({"flagged": "true"}, ["sport", "mixed"]),
        ({"flagged": "false"}, ["arts"]),
        ({"escalated": "true"}, []),
        ({"script": "mixed"}, ["mixed"]),
        ({"script": "arabic", "flagged": "true"}, ["sport"]),
    ],
)
def test_filter_leaves_what_it_says_and_counts_it(filled, query, ids):
    assert found(filled, **query) == ids


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("score", ["sport", "arts", "mixed"]),
        ("oldest", ["sport", "arts", "mixed"]),
        ("flagged", ["mixed", "sport", "arts"]),
        ("uncertain", ["arts", "mixed", "sport"]),
    ],
)
def test_pages_of_every_order_together_are_the_queue(filled, order, ids):
    pages, after = [], None
    for _ in ids:
        query = {"order": order, "limit": 1} | ({"after": after} if after else {})
        answer = filled.get("/v1/queue", query_string=query).get_json()
        pages += [comment["id"] for comment in answer["comments"]]
        after = answer["next"]
    assert pages == ids
    assert after is None


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("كتاب", id="without-what-is-glued-on"),
        pytest.param("الكتاب", id="with-another-article"),
        pytest.param("كِتاب", id="with-other-diacritics"),
        pytest.param("اشتريت كتاب", id="all-words-in-any-order"),
        pytest.param("إشتريت كتاب", id="another-alef"),
        pytest.param("والكتاب", id="with-another-particle"),
        pytest.param("وكتاب", id="with-a-letter-before-it"),
        pytest.param("'كتاب' OR (", id="signs-mean-nothing"),
    ],
)
def test_search_finds_a_word_however_it_is_written(filled, query):
    expected = [] if "OR" in query else ["arts"]
    assert found(filled, search=query) == expected


@pytest.mark.parametrize("query", ["والحمار", "بالحمار", "وحمار", "حمار"])
def test_search_for_a_word_with_particles_finds_the_bare_word(site, query):
    site.post("/v1/comments", {"id": "c-1", "text": f"{SUSPECT} انت حمار"})
    answer = site.get("/v1/queue", query_string={"search": query}).get_json()
    assert [each["id"] for each in answer["comments"]] == ["c-1"]


@pytest.mark.parametrize("query", ["مكتبة", "كتاب قلم", "؟", "*"])
def test_search_finds_nothing_else(filled, query):
    assert found(filled, search=query) == []


def test_comment_that_leaves_the_queue_leaves_the_search(filled, engine):
    filled.post("/v1/comments/arts/decisions", {"action": "approve"})
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM search")) == 2
    filled.post("/v1/comments/arts/decisions", {"action": "review"})
    assert found(filled, search="كتاب") == ["arts"]


def test_edited_comment_is_found_by_its_new_text(filled):
    filled.post("/v1/comments", {"id": "arts", "text": f"{SUSPECT} والقلم"})
    assert found(filled, search="كتاب") == []
    assert found(filled, search="قلم") == ["arts"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("attribute=kind", "attribute"),
        ("score_from=2", "score_from"),
        ("created_from=2026", "created_from"),
        ("script=greek", "script"),
        ("flagged=perhaps", "flagged"),
        ("after=WzAuMiwgMV0&order=flagged", "after"),
        ("search=", "search"),
    ],
)
def test_filter_that_cannot_be_understood_is_named(filled, query, field):
    answer = filled.get(f"/v1/queue?{query}")
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (400, field)


@pytest.mark.parametrize("order", ["uncertain", "flagged", "oldest"])
def test_place_in_one_order_is_none_in_another(filled, order):
    after = filled.get("/v1/queue?order=score&limit=1").get_json()["next"]
    answer = filled.get("/v1/queue", query_string={"order": order, "after": after})
    error = answer.get_json()["error"]
    assert (answer.status_code, error["field"]) == (400, "after")
    assert error["message"] == "`after` must be the `next` of an earlier page in the same order"


def test_next_comment_comes_from_the_part_of_the_queue_that_is_worked_on(
    filled, engine, person_for
):
    sara = person_for(Role.MODERATOR)
    flagged = QueueQuery(flagged=True, order="oldest")
    assert [claim_next(engine, sara, query=flagged)] == [1]
    assert claim_next(engine, sara, query=flagged, after=1) == 3
    assert claim_next(engine, sara, query=flagged, after=3) is None


def test_sections_tell_what_waits_in_them(filled, engine):
    with engine.connect() as connection:
        assert count_by_section(connection, visible=IN_REVIEW) == [
            SectionCount("default", section, 1, flagged)
            for section, flagged in sorted(
                [("ثقافة", 0), ("رياضة", 1), (None, 1)],
                key=lambda each: (
                    each[0] is not None if engine.dialect.name == "sqlite" else each[0] is None,
                    each[0] or "",
                ),
            )
        ]


def test_article_that_moves_takes_its_comments_to_the_new_section(filled):
    filled.post(
        "/v1/comments",
        {"id": "new", "text": APPROVED, "article": {"id": "a-1", "section": "أخبار"}},
    )
    assert found(filled, section="أخبار") == ["sport"]


def test_sites_with_the_same_ids_do_not_see_each_other(filled, app, engine):
    with writing(engine) as connection:
        other = add_site(connection, "other")
        key = add_key(connection, "key of other", [*Scope], site_id=other)
    second = Caller(app.test_client(), key)
    assert second.get("/v1/comments/arts").status_code == 404
    assert second.post("/v1/comments", {"id": "arts", "text": SUSPECT}).status_code == 201
    assert second.get("/v1/queue").get_json()["counts"] == {"review": 1, "matching": 1}
    assert second.post("/v1/comments/arts/decisions", {"action": "reject"}).status_code == 201
    assert filled.get("/v1/comments/arts").get_json()["action"] == "review"


@pytest.mark.parametrize("order", ["score", "created_at", "flags", "uncertainty"])
def test_filtered_page_is_read_from_an_index_alone(engine, order):
    sqlite = engine.dialect.name == "sqlite"
    wanted = "action = 'review' AND section_id = 3 AND threat > 0.5 AND script = 'latin'"
    query = f"SELECT id FROM comment WHERE {wanted} ORDER BY {order} DESC, id DESC LIMIT 50"  # noqa: S608 - literals
    with engine.begin() as connection:
        for step in () if sqlite else ("seqscan", "bitmapscan", "sort"):
            connection.execute(text(f"SET LOCAL enable_{step} = off"))
        plan = str(connection.execute(text(f"EXPLAIN {'QUERY PLAN ' * sqlite}{query}")).all())
        index = f"ix_comment_queue_{order}"
        assert (
            f"COVERING INDEX {index}" if sqlite else f"Index Only Scan Backward using {index}"
        ) in plan
