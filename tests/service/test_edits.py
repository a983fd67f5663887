import pytest
from service_samples import APPROVED, BANNED, SUSPECT


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


def decided(site, action, *, text=SUSPECT, **more):
    site.post("/v1/comments", {"id": "c-1", "text": text})
    site.post("/v1/comments/c-1/decisions", {"action": action} | more)


def edit(site, text):
    answer = site.post("/v1/comments", {"id": "c-1", "text": text}).get_json()
    return answer["action"], answer["reasons"]


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_decision_stands_when_the_edit_changes_nothing_that_matters(site, action):
    decided(site, action)
    assert edit(site, f"{SUSPECT} أمس") == (action, ["edit_unchanged"])
    assert edit(site, f"{SUSPECT} صباح أمس") == (action, ["edit_unchanged"])
    last = site.get("/v1/comments/c-1").get_json()["decisions"][-1]
    assert (last["source"], last["revision"], last["by"]) == ("rule", 3, None)
    assert site.get("/v1/queue").get_json()["comments"] == []


def test_approved_comment_returns_when_the_edit_brings_a_suspect_word(site):
    decided(site, "approve", text=APPROVED)
    assert edit(site, SUSPECT) == ("review", ["suspect_word"])


def test_approved_comment_is_rejected_when_the_edit_brings_a_banned_word(site):
    decided(site, "approve")
    assert edit(site, BANNED) == ("reject", ["banned_word"])


def test_rejected_comment_is_not_published_by_an_edit_alone(site):
    decided(site, "reject")
    assert edit(site, APPROVED) == ("review", ["edited"])
    assert [each["id"] for each in site.get("/v1/queue").get_json()["comments"]] == ["c-1"]


def test_approved_comment_stays_published_when_the_edit_is_fine(site):
    decided(site, "approve")
    assert edit(site, APPROVED) == ("approve", [])


def test_edit_of_a_waiting_comment_is_decided_like_a_new_one(site):
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    assert edit(site, APPROVED) == ("approve", [])
    assert edit(site, SUSPECT) == ("review", ["suspect_word"])
