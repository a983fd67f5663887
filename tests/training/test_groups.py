import numpy as np
import pytest

from moderation.features import SECOND, hash_all_words
from moderation.text import canonicalise
from training.groups import Groups, GroupsError, hash_groups, read_groups


def write(tmp_path, text):
    path = tmp_path / "groups.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_adjective_stands_for_its_feminine_and_plurals(tmp_path):
    path = write(tmp_path, "# names\n[people]\nكردي+ أكراد\n")
    names = ("كردي", "كردية", "كرديين", "كرديون", "كرديات", "أكراد")
    assert read_groups(path) == Groups(names)


def test_words_that_only_follow_a_name_stand_apart(tmp_path):
    text = "[profession]\nعمال\n[second]\nنظافة بناء\n[people]\nأكراد\n[first]\nأصحاب\n"
    found = read_groups(write(tmp_path, text))
    assert found == Groups(("عمال", "أكراد"), ("نظافة", "بناء"), ("أصحاب",))


@pytest.mark.parametrize("word", ["أكراد+", "كردي++", "kurd1", "ك-ر"])
def test_what_is_no_word_is_refused_with_its_line(tmp_path, word):
    with pytest.raises(GroupsError, match=r"groups\.txt:2: "):
        read_groups(write(tmp_path, f"[people]\n{word}\n"))


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(GroupsError, match=r"groups\.txt is missing"):
        read_groups(tmp_path / "groups.txt")


@pytest.mark.parametrize("word", ["كردي", "والكردي", "للاكراد", "كُردي", "بالأكراد", "الاكراد"])
def test_names_are_known_with_prefixes_and_in_any_spelling(word):
    groups = hash_groups(Groups(("كردي", "أكراد")))
    assert np.isin(hash_all_words(canonicalise([word]).codes), groups).tolist() == [True]


def test_words_that_are_no_names_are_not_on_the_list():
    groups = hash_groups(read_groups())
    others = "كلب وسخ عاهرة مجنون الوزير؟ بدون كافي ولد بنت ابن أم مرة جميل كتاب حمار خائن رافضي"
    words = [word for word in others.split() if "؟" not in word]
    assert not np.isin(hash_all_words(canonicalise([" ".join(words)]).codes), groups).any()
    known = "مسلم شيعية الدروز للأمازيغ صعايدة لاجئات النساء ممرضين والسودانيين كفيفة"
    assert np.isin(hash_all_words(canonicalise([known]).codes), groups).all()


def test_a_second_word_is_a_part_of_a_name_and_no_name():
    groups = hash_groups(Groups(("عمال",), ("نظافة",)))
    second = hash_all_words(canonicalise(["النظافة"]).codes)
    assert not np.isin(second, groups).any()
    assert np.isin(second ^ SECOND, groups).all()
