import numpy as np
import pytest

from moderation.features import hash_all_words
from moderation.text import canonicalise
from training.groups import GroupsError, hash_groups, read_groups


def write(tmp_path, text):
    path = tmp_path / "groups.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_adjective_stands_for_its_feminine_and_plurals(tmp_path):
    path = write(tmp_path, "# names\n[people]\nكردي+ أكراد\n")
    assert read_groups(path) == ["كردي", "كردية", "كرديين", "كرديون", "كرديات", "أكراد"]


@pytest.mark.parametrize("word", ["أكراد+", "كردي++", "kurd1", "ك-ر"])
def test_what_is_no_word_is_refused_with_its_line(tmp_path, word):
    with pytest.raises(GroupsError, match=r"groups\.txt:2: "):
        read_groups(write(tmp_path, f"[people]\n{word}\n"))


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(GroupsError, match=r"groups\.txt is missing"):
        read_groups(tmp_path / "groups.txt")


@pytest.mark.parametrize("word", ["كردي", "والكردي", "للاكراد", "كُردي", "بالأكراد", "الاكراد"])
def test_names_are_known_with_prefixes_and_in_any_spelling(word):
    groups = hash_groups(["كردي", "أكراد"])
    assert np.isin(hash_all_words(canonicalise([word]).codes), groups).tolist() == [True]


def test_words_that_are_no_names_are_not_on_the_list():
    groups = hash_groups(read_groups())
    others = "كلب وسخ عاهرة مجنون الوزير؟ بدون كافي ولد بنت ابن أم مرة جميل كتاب حمار خائن رافضي"
    words = [word for word in others.split() if "؟" not in word]
    assert not np.isin(hash_all_words(canonicalise([" ".join(words)]).codes), groups).any()
    known = "مسلم شيعية الدروز للأمازيغ صعايدة لاجئات النساء ممرضين والسودانيين كفيفة"
    assert np.isin(hash_all_words(canonicalise([known]).codes), groups).all()
