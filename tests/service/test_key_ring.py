import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from service.database import writing
from service.key_ring import KeyRing
from service.keys import Scope, revoke_key


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ring(engine, clock):
    return KeyRing(engine, clock=clock)


def test_key_is_looked_up_once_a_second(ring, clock, engine, key_for):
    key = key_for(Scope.SCORE, name="site")
    assert ring.find(key).name == "site"
    with writing(engine) as connection:
        revoke_key(connection, "site")
    clock.now += 0.9
    assert ring.find(key).name == "site"
    clock.now += 0.1
    assert ring.find(key) is None


def test_key_is_remembered_for_a_second(ring, clock, key_for):
    key = key_for(Scope.SCORE)
    assert not ring.remembers(key)
    ring.find(key)
    assert ring.remembers(key)
    clock.now += 1.0
    assert not ring.remembers(key)


@pytest.mark.parametrize("key", ["", "x", "ghirbal_a_b", "\u00e9", "\ud800", "مفتاح"])
def test_unknown_key_is_nobodys(ring, key):
    assert ring.find(key) is None


def test_key_is_found_as_soon_as_it_is_made(ring, key_for):
    key = key_for(Scope.READ, name="late")
    assert ring.find(f"{key}x") is None
    assert ring.find(key).scopes == {"read"}


def test_key_outlives_the_database(ring, clock, engine, key_for):
    known, unknown = key_for(Scope.SCORE, name="site"), key_for(Scope.SCORE)
    assert ring.find(known).name == "site"
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE api_key RENAME TO gone"))
    clock.now += 3_600
    assert ring.find(known).name == "site"
    with pytest.raises(OperationalError):
        ring.find(unknown)
