import pytest
from service_samples import APPROVED, BANNED


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def published(site):
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    return site


def flag(site, **flag):
    return site.post("/v1/comments/c-1/flags", flag).get_json()


def test_flag_brings_a_published_comment_to_the_queue(published):
    assert flag(published, reason="insult", note="عن جاري", reporter_id="u-9") == {
        "id": "c-1",
        "flags": 1,
        "action": "review",
    }
    (waiting,) = published.get("/v1/queue").get_json()["comments"]
    assert (waiting["id"], waiting["reasons"], waiting["flags"]) == ("c-1", ["flagged"], 1)


def test_reader_counts_once_and_anonymous_readers_each(published):
    for reporter in ("u-9", "u-9", "", None, "u-8"):
        answer = flag(published, reporter_id=reporter)
    assert answer["flags"] == 4


def test_flag_after_an_approval_brings_the_comment_back(published):
    flag(published)
    published.post("/v1/comments/c-1/decisions", {"action": "approve"})
    assert flag(published)["action"] == "review"


def test_comment_approved_until_edited_stays_whoever_flags_it(published):
    flag(published)
    published.post("/v1/comments/c-1/decisions", {"action": "approve", "until_edited": True})
    assert flag(published) == {"id": "c-1", "flags": 2, "action": "approve"}
    published.post("/v1/comments", {"id": "c-1", "text": f"{APPROVED} جدا"})
    assert flag(published)["action"] == "review"


def test_rejected_comment_stays_rejected(published):
    published.post("/v1/comments", {"id": "c-1", "text": BANNED})
    assert flag(published) == {"id": "c-1", "flags": 1, "action": "reject"}


def test_only_an_approval_can_last_until_an_edit(published):
    answer = published.post(
        "/v1/comments/c-1/decisions", {"action": "reject", "until_edited": True}
    )
    assert answer.status_code == 400


def test_flag_of_an_unknown_comment_is_404(published):
    assert published.post("/v1/comments/c-2/flags", {}).status_code == 404
