import csv
import io
import json
import re

import pytest

from service.comment_lines import BoundedLines, CommentLine, read_csv, read_json_lines


def from_json(data):
    return list(read_json_lines(data))


def from_csv(data):
    return list(read_csv(BoundedLines(io.BytesIO(data))))


def test_json_line_gives_id_and_text():
    data = '{"id": "c1", "text": "شكرا لكم", "author": {"name": "سعاد"}}\n'.encode()
    assert from_json(data) == [CommentLine(1, "c1", "شكرا لكم", "")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b'{"id": 7, "text": "a"}', 7, id="integer"),
        pytest.param(b'{"text": "a"}', None, id="missing"),
        pytest.param(b'{"id": null, "text": "a"}', None, id="null"),
    ],
)
def test_id_is_given_back_as_it_came(data, expected):
    assert from_json(data) == [CommentLine(1, expected, "a", "")]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b'["a"]', "not a JSON object", id="array"),
        pytest.param(b'"a"', "not a JSON object", id="string"),
        pytest.param(b'{"id": 1}', "no text", id="no-text"),
        pytest.param(b'{"text": null}', "no text", id="null-text"),
        pytest.param(b'{"text": 5}', "text is not a string", id="number-for-text"),
        pytest.param(b'{"text": ""}', "text is empty", id="empty"),
        pytest.param(b'{"text": " \\n\\u00a0"}', "text is empty", id="blank"),
        pytest.param(b'{"text": "\xff"}', "not UTF-8", id="latin-1-byte"),
        pytest.param(
            b'{"id": 1.5, "text": "a"}', "id must be a string or a 64-bit integer", id="float-id"
        ),
        pytest.param(
            b'{"id": true, "text": "a"}', "id must be a string or a 64-bit integer", id="bool-id"
        ),
        pytest.param(
            b'{"id": 123456789012345678901, "text": "a"}',
            "id must be a string or a 64-bit integer",
            id="id-that-would-lose-digits",
        ),
    ],
)
def test_bad_json_line_says_why(data, problem):
    (line,) = from_json(data)
    assert line.text == ""
    assert line.problem == problem


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"text": "a"', id="cut-short"),
        pytest.param(b"nonsense", id="plain-text"),
        pytest.param(b'{"text": "a"} {"text": "b"}', id="two-on-a-line"),
        pytest.param(b'{"text": NaN}', id="not-a-number"),
        pytest.param(rb'{"text": "\ud83d"}', id="lone-surrogate"),
    ],
)
def test_line_that_is_not_json_is_told_with_its_column(data):
    (line,) = from_json(data)
    assert re.fullmatch(r"not JSON: .+ at column \d+", line.problem)


def test_deep_nesting_is_a_problem_of_its_line_only():
    first, second = from_json(b"[" * 100_000 + b'\n{"text": "a"}')
    assert first.problem.startswith("not JSON: ")
    assert second == CommentLine(2, None, "a", "")


def test_text_of_20480_bytes_is_read_and_one_more_is_not():
    at_limit = "س" * 10_240
    lines = from_json(
        b"\n".join(json.dumps({"text": text}).encode() for text in (at_limit, at_limit + "a"))
    )
    assert lines == [
        CommentLine(1, None, at_limit, ""),
        CommentLine(2, None, "", "text has 20,481 bytes of UTF-8, at most 20,480 are scored"),
    ]


def test_bad_line_does_not_stop_the_next():
    lines = from_json(b'nonsense\n{"id": 2, "text": "a"}\n\xff\xfe\n{"id": 4, "text": "b"}\n')
    assert [(line.number, line.id, line.text) for line in lines] == [
        (1, None, ""),
        (2, 2, "a"),
        (3, None, ""),
        (4, 4, "b"),
    ]


def test_blank_lines_are_counted_and_passed_over():
    assert from_json(b'\n\r\n{"text": "a"}\n\n') == [CommentLine(3, None, "a", "")]


def test_empty_json_input_has_no_lines():
    assert from_json(b"") == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"1,a\n2,b\n", id="no-header"),
        pytest.param(b"id;text\n1;a\n", id="semicolons"),
        pytest.param(b"a," * 1_000_000, id="header-without-end"),
    ],
)
def test_csv_must_name_its_text_column(data):
    with pytest.raises(csv.Error, match="first line of CSV input must name its columns"):
        from_csv(data)


def test_line_longer_than_memory_allows_is_passed_over():
    long_line = b'{"text": "' + b"a" * 3_000_000 + b'"}\n'
    first, second = from_json(long_line + b'{"text": "b"}')
    assert first == CommentLine(1, None, "", "line is over 1,048,576 bytes")
    assert second == CommentLine(2, None, "b", "")


def test_line_of_exactly_the_limit_is_read():
    padding = b" " * (1_048_576 - len(b'{"text": "a"}\n'))
    assert from_json(b'{"text": "a"}' + padding + b"\n") == [CommentLine(1, None, "a", "")]


def test_byte_order_mark_is_dropped():
    assert from_json(b'\xef\xbb\xbf{"text": "a"}') == [CommentLine(1, None, "a", "")]
    assert from_csv(b"\xef\xbb\xbftext\r\na\r\n") == [CommentLine(2, None, "a", "")]


def test_csv_columns_are_found_by_the_header():
    data = 'author,text,id\r\nسعاد,"شكرا، لكم",c1\r\n'.encode()
    assert from_csv(data) == [CommentLine(2, "c1", "شكرا، لكم", "")]


def test_csv_without_ids_gives_none():
    assert from_csv(b"text\na\n") == [CommentLine(2, None, "a", "")]


def test_csv_record_over_several_lines_has_the_number_of_its_first():
    lines = from_csv(b'id,text\n1,"a\nb"\n2,\n3,c\n')
    assert lines == [
        CommentLine(2, "1", "a\nb", ""),
        CommentLine(4, None, "", "text is empty"),
        CommentLine(5, "3", "c", ""),
    ]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(b"1", "no text", id="column-missing"),
        pytest.param(b"1,\xff", "text is not UTF-8", id="latin-1-text"),
        pytest.param(b"\xff,a", "id is not UTF-8", id="latin-1-id"),
        pytest.param(b'1,"a" b', "not CSV: ',' expected after '\"'", id="stray-quote"),
        pytest.param(b"1," + b"a" * 20_481, "text has 20,481 bytes of UTF-8, at most 20,480 are "
                     "scored", id="too-long"),
        pytest.param(b"1," + b"a" * 200_000, "not CSV: field larger than field limit (131072)",
                     id="far-too-long"),
        pytest.param(b"1," + b"a," * 1_000_000, "not CSV: line is over 1,048,576 bytes",
                     id="too-many-columns"),
    ],
)  # fmt: skip
def test_bad_csv_record_says_why_and_the_next_is_read(record, problem):
    lines = from_csv(b"id,text\n" + record + b"\n2,b\n")
    assert lines == [CommentLine(2, None, "", problem), CommentLine(3, "2", "b", "")]


@pytest.mark.parametrize(
    ("after", "error", "last"),
    [
        pytest.param("", "unexpected end of data", 4_001, id="to-the-end"),
        pytest.param('4000,"a" b\n', "',' expected after '\"'", 4_002, id="to-the-next-quote"),
        pytest.param(f"4000,{'a' * 80_000}\n", "field larger than field limit (131072)", 4_002,
                     id="past-the-limit"),
    ],
)  # fmt: skip
def test_quote_left_open_costs_its_own_line_only(after, error, last):
    others = "".join(f"{n},{'ب' * 20 if 'a' * 9 in after else 'b'}\n" for n in range(2, 4_001))
    first, *rest = from_csv(f'id,text\n1,"a\n{others}{after}'.encode())
    problem = f"not CSV: {error} at line {last}, perhaps a quote left open: read on at line 3"
    assert first == CommentLine(2, None, "", problem)
    assert [line.number for line in rest] == list(range(3, last + 1))
    assert [line.id for line in rest[:3_999]] == [str(n) for n in range(2, 4_001)]


def test_line_that_is_too_long_behind_an_open_quote_is_told_itself():
    long_line = b"2," + b"a," * 1_000_000 + b"\n"
    lines = from_csv(b'id,text\n1,"a\n' + long_line + b"3,c\n")
    assert [(line.number, line.id) for line in lines] == [(2, None), (3, None), (4, "3")]
    assert lines[1].problem == "not CSV: line is over 1,048,576 bytes"


def test_places_hold_behind_a_quote_left_open():
    data = b'id,text\n1,"a\n' + b"2,b\n" * 3
    lines = BoundedLines(io.BytesIO(data))
    places = [(lines.number, lines.size_bytes) for _ in read_csv(lines)]
    assert places == [(2, 13), (3, 17), (4, 21), (5, 25)]
