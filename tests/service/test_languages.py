import pytest

from service.languages import detect


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("مقال جميل", ["ar"], id="arabic"),
        pytest.param("ya 7mar", ["ar-Latn"], id="arabizi"),
        pytest.param("مقال 7elw", ["ar", "ar-Latn"], id="mixed"),
        pytest.param("😀", ["und"], id="emoji"),
        pytest.param("nice article", ["und"], id="latin"),
        pytest.param("2026 / 7", ["und"], id="numbers"),
    ],
)
def test_languages_are_told_apart(text, expected):
    assert detect(text) == expected
