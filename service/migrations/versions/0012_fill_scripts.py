"""Say of comments from before 0004 in which letters they are written: all were in none."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.script import script_of

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Texts that are held in memory at once.
_STEP = 1_000
# Deleted comments have no text.
_READ = sa.text(
    "SELECT comment.id, revision.text FROM comment JOIN revision"
    " ON revision.comment_id = comment.id AND revision.number = comment.revision"
    " WHERE comment.id > :after AND comment.script = 'none' AND revision.text <> ''"
    " ORDER BY comment.id LIMIT :step"
)
_WRITE = sa.text("UPDATE comment SET script = :script WHERE id = :id")


def upgrade() -> None:
    connection, after = op.get_bind(), 0
    while found := connection.execute(_READ, {"after": after, "step": _STEP}).all():
        scripts: list[dict[str, Any]] = [
            {"id": comment_id, "script": script_of(text)} for comment_id, text in found
        ]
        if told := [each for each in scripts if each["script"] != "none"]:
            connection.execute(_WRITE, told)
        after = found[-1].id


def downgrade() -> None:
    """Leave them: 0011 writes the same."""
