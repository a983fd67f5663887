import pytest
from service_samples import SUSPECT
from sqlalchemy import text

DELETED = {"requested_by": "author"}


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def waiting(site):
    comment = {"id": "c-1", "text": SUSPECT, "author": {"id": "u-1", "name": "نبيل"}}
    site.post("/v1/comments", comment)
    site.post("/v1/comments", comment | {"text": f"{SUSPECT} أمس"})
    site.post("/v1/comments/c-1/flags", {"reporter_id": "u-2", "note": "مزعج"})
    return site


def test_deletion_removes_texts_and_names_and_leaves_the_decisions(waiting, engine):
    answer = waiting.post("/v1/comments/c-1/deletion", DELETED)
    assert answer.status_code == 200
    body = waiting.get("/v1/comments/c-1").get_json()
    assert body["deletion"] == {
        "requested_by": "author",
        "deleted_at": answer.get_json()["deleted_at"],
    }
    assert body["author"] == {"id": None, "name": None}
    assert [each["text"] for each in body["revisions"]] == ["", ""]
    assert body["spans"] == []
    assert [each["action"] for each in body["decisions"]] == ["review", "review", "reject"]
    assert body["decisions"][-1]["reasons"] == ["deleted_by_author"]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT note, reporter_id FROM flag")).all() == [(None,) * 2]
        assert connection.scalar(text("SELECT count(*) FROM search")) == 0


def test_deleted_comment_leaves_the_queue(waiting):
    waiting.post("/v1/comments/c-1/deletion", DELETED)
    assert waiting.get("/v1/queue").get_json()["comments"] == []


def test_deletion_can_be_asked_for_twice(waiting):
    first = waiting.post("/v1/comments/c-1/deletion", DELETED).get_json()
    again = waiting.post("/v1/comments/c-1/deletion", {"requested_by": "site"}).get_json()
    assert again == first


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/comments", {"id": "c-1", "text": SUSPECT}),
        ("/v1/comments/c-1/decisions", {"action": "approve"}),
        ("/v1/comments/c-1/flags", {}),
    ],
)
def test_deleted_comment_does_not_come_back(waiting, path, body):
    waiting.post("/v1/comments/c-1/deletion", DELETED)
    answer = waiting.post(path, body)
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (410, "comment_deleted")


def test_unknown_comment_cannot_be_deleted(waiting):
    assert waiting.post("/v1/comments/c-2/deletion", DELETED).status_code == 404
    assert waiting.post("/v1/comments/c-1/deletion", {}).status_code == 400
