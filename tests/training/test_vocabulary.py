from click.testing import CliRunner

from moderation.lexicon import VOCABULARY_PATH, read_vocabulary
from training import cli
from training.vocabulary import LEAST, count_vocabulary, write_vocabulary


def test_words_of_enough_comments_count_in_canonical_form_the_most_frequent_first():
    texts = [*["القطار تأخر القطار"] * LEAST, "القطار وصل", *["وصل"] * (LEAST - 2)]
    assert count_vocabulary(texts) == ["القطار", "تاخر"]


def test_hidden_words_particles_and_other_letters_are_no_vocabulary():
    texts = ["حمار ال بيت hello 123 بيت"] * LEAST
    assert count_vocabulary(texts) == ["بيت"]


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "vocabulary.txt"
    write_vocabulary(["بيت", "قطار"], path)
    monkeypatch.setattr("moderation.lexicon.VOCABULARY_PATH", path)
    words = read_vocabulary().split()
    assert words[:2] == ["بيت", "قطار"]
    assert len(words) == len(set(words))


def test_the_command_counts_the_written_comments(tmp_path, monkeypatch):
    path = tmp_path / "vocabulary.txt"
    monkeypatch.setattr(cli, "VOCABULARY_PATH", path)
    monkeypatch.setattr(cli, "write_vocabulary", lambda words: write_vocabulary(words, path))
    result = CliRunner().invoke(cli.main, ["vocabulary"])
    assert result.exit_code == 0, result.output
    counted, shipped = path.read_text(encoding="utf-8"), VOCABULARY_PATH.read_text(encoding="utf-8")
    # The words that are read with the vocabulary change by a few when it does.
    counted, shipped = set(counted.split()), set(shipped.split())
    assert len(counted ^ shipped) <= 0.02 * len(shipped)
