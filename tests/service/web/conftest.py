"""A moderator who is signed in, and comments that wait."""

import pytest
from service_samples import SUSPECT
from sqlalchemy import text

from service.moderators import Role


@pytest.fixture
def browser(sign_in):
    return sign_in(Role.MODERATOR, "sara")


@pytest.fixture
def waiting(site, engine):
    """Put three comments of one author under one article into review, 3 before 2 before 1."""
    for number in (1, 2, 3):
        site.post(
            "/v1/comments",
            {
                "id": f"c-{number}",
                "text": f"{SUSPECT} {number}",
                "author": {"id": "u-1", "name": "نبيل"},
                "article": {"title": "الميزانية", "url": "https://example.org/a-1"},
                "parent_id": "c-1" if number == 3 else None,
            },
        )
    with engine.begin() as connection:
        connection.execute(text("UPDATE comment SET score = id / 10.0"))
    return site
