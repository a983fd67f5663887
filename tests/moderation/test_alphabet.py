import unicodedata

import numpy as np
import pytest

from moderation import alphabet, alphabet_rules

# The rules follow the Unicode database of the Python that runs them; the file follows this one.
UNICODE = "14.0.0"


@pytest.mark.skipif(unicodedata.unidata_version != UNICODE, reason="another version of Unicode")
def test_file_of_tables_is_what_the_rules_say():
    fold, kind, expansions = alphabet_rules.build()
    assert np.array_equal(alphabet.fold(), fold)
    assert np.array_equal(alphabet.KIND, kind)
    assert expansions == alphabet.EXPANSIONS


def test_writing_the_tables_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(alphabet_rules, "TABLES", tmp_path / "first.npz")
    alphabet_rules.write()
    monkeypatch.setattr(alphabet_rules, "TABLES", tmp_path / "second.npz")
    alphabet_rules.write()
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
