"""What makes an empty database worth opening: sample comments and a first account."""

from sqlalchemy import Engine

from service.database import reported, writing
from service.judge import Judge
from service.moderators import Role, add_moderator, any_moderator, new_password
from service.samples import put_samples
from service.serve_command import FIRST_NAME


def prepare(engine: Engine, judge: Judge) -> str | None:
    """Put in the samples, and return the password of the first account if it was made now."""
    with reported():
        put_samples(engine, judge)
        with writing(engine) as connection:
            if any_moderator(connection):
                return None
            password = new_password()
            add_moderator(connection, FIRST_NAME, role=Role.ADMIN, password=password)
    return password
