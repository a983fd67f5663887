import re

from click.testing import CliRunner

from moderation.latin import TRANSLITERATION_PATH, read_readings, transliterate
from training import cli
from training.transliteration import learn_transliteration, write_transliteration

SPELLED = [
    ("kalb", "كلب"), ("kelb", "كلب"), ("klab", "كلاب"), ("shams", "شمس"), ("shbab", "شباب"),
    ("bsharaf", "بشرف"), ("mosh", "مش"), ("shaklo", "شكلو"), ("7mar", "حمار"), ("7abib", "حبيب"),
    ("sa7", "صح"), ("ro7", "روح"),
]  # fmt: skip


def test_letters_are_learned_from_spellings():
    letters = learn_transliteration(SPELLED * 4)
    assert transliterate("kalb", letters) == "كلب"
    assert transliterate("7ashb", letters) == "حشب"


def test_a_word_of_another_language_teaches_nothing():
    letters = learn_transliteration(SPELLED * 4)
    foreign = [("merci", "شكرا"), ("zqvj", "كلب"), ("hello", "مرحبا"), ("thanks", "شكرا لك")]
    assert learn_transliteration(SPELLED * 4 + foreign * 4) == letters


def test_what_stands_beside_each_other_too_seldom_says_nothing():
    assert learn_transliteration(SPELLED[:1]) == {}


def test_nothing_is_kept_that_a_shorter_key_says():
    letters = learn_transliteration(list(read_readings().items())[::10])
    assert {len(way) for way in letters} == {1, 2, 3}
    for way, arabic in letters.items():
        shorter = {3: (way[1:], way[1:2]), 2: (way[:1],), 1: ()}[len(way)]
        assert next((letters[each] for each in shorter if each in letters), None) != arabic


def test_the_command_writes_what_is_shipped(tmp_path, monkeypatch):
    path = tmp_path / "transliteration.txt"
    monkeypatch.setattr(cli, "TRANSLITERATION_PATH", path)
    monkeypatch.setattr(cli, "write_transliteration", lambda way: write_transliteration(way, path))
    result = CliRunner().invoke(cli.main, ["transliteration"])
    assert result.exit_code == 0, result.output
    assert path.read_bytes() == TRANSLITERATION_PATH.read_bytes()


def test_of_words_that_were_not_learned_from_one_in_six_is_right():
    listed = [(w, a) for w, a in read_readings().items() if re.fullmatch("[ء-ي]+", a)]
    letters = learn_transliteration(listed[::2])
    rest = listed[1::2]
    right = sum(transliterate(word, letters) == arabic for word, arabic in rest)
    assert right > len(rest) / 6
