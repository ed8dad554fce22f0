"""Regular expressions of Java's and patterns of Joda-Time and ``java.time``."""

from __future__ import annotations

from typing import Any

import pytest
from iot_sql_lab import UNDEFINED

from lambda_nb.engine.iot.sql import EvaluationError
from lambda_nb.engine.iot.sql.functions.dates.reading import read_time
from lambda_nb.engine.iot.sql.functions.dates.writing import write_time
from lambda_nb.engine.iot.sql.functions.patterns import first_match, matches, replaced


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\p{Alpha}+", "12ab3", "ab"), (r"\p{Upper}", "aB", "B"), (r"\pL", "a", None),
        (r"\P{Digit}+", "1ab2", "ab"), (r"[\p{Lower}\d]+", "AB1c", "1c"),
        (r"\Qa.b\E+", "xa.bb", "a.bb"), (r"\Q[", "a[", "["), (r"(?<year>\d{4})", "in 2016", "2016"),
        (r"(?<a>x)\k<a>", "axx", "xx"), (r"(?i)ABC", "xabc", "abc"), (r"(?i:A)b", "ab aB", "ab"),
        (r".+", "ab\ncd", "ab"), (r".", "\u2028", UNDEFINED), (r"\h+", "a \t\xa0b", " \t\xa0"),
        (r"\R", "a\r\nb", "\r\n"), (r"b\z", "ab", "b"), (r"b\Z", "ab\n", "b"), (r"\Aa", "ab", "a"),
        (r"\x41", "A", "A"), (r"\x{20ac}", "€", "€"), (r"\u20ac", "€", "€"),
        (r"[]a]+", "x]a", "]a"), (r"[^a-c]+", "abxyz", "xyz"), (r"[a\]]+", "]a", "]a"),
        (r"[\w.-]+@[\w.-]+", "to: a.b@c-d.e!", "a.b@c-d.e"), (r"\d", "٣3", "3"),
        (r"\w+", "é_a", "_a"), (r"(a|b)+?", "ab", "a"), (r"a{2,3}", "aaaa", "aaa"),
        (r"(?=b)b", "ab", "b"), (r"(?<!a)b", "abb", "b"), (r"[a|b]+", "a|b", "a|b"),
        (r"^[^/]*/[^/]*/", "a/b/c", "a/b/"), (r"\/", "a/b", "/"), (r"[\h]", "a ", " "),
        ("(", "a", UNDEFINED), ("[a", "a", UNDEFINED), (r"\y", "y", UNDEFINED),
        ("{", "{", UNDEFINED),
        ("*a", "a", UNDEFINED), ("a\\", "a", UNDEFINED), (r"\p", "p", UNDEFINED),
        (r"a{99999999999999}", "a", UNDEFINED),
    ],
)  # fmt: skip
def test_regular_expressions(pattern: str, text: str, found: Any) -> None:
    if found is None:
        with pytest.raises(EvaluationError, match="not supported"):
            first_match(text, pattern)
        return
    assert first_match(text, pattern) == found
    is_valid = matches("", pattern) is not UNDEFINED
    assert matches(text, pattern) is (UNDEFINED if not is_valid else found is not UNDEFINED)


@pytest.mark.parametrize(
    "pattern",
    ["a++", "a*+", "(?>a)", "(?s)a.b", "a(?i)b", "(?-i)a", "[a-z&&[^b]]", "[a[b]]", r"\G", r"\X",
     r"\cA", r"\01", r"\p{IsGreek}", r"(?<=a+)b", r"[\b]", "[a--b]"],
)  # fmt: skip
def test_what_is_not_translated_is_said(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="not supported here"):
        matches("a", pattern)


@pytest.mark.parametrize(
    ("text", "pattern", "by", "expected"),
    [
        ("abcd", "(b)(c)", "$2$1", "acbd"), ("abcd", "b", r"\$1", "a$1cd"),
        ("abcd", "(?<x>b)", "<${x}>", "a<b>cd"), ("abcd", "(b)", "$11", "ab1cd"),
        ("ab", "(a)|(b)", "[$1$2]", "[a][b]"), ("abcd", "bc", "$0$0", "abcbcd"),
        ("a.b", r"\.", r"\\", r"a\b"), ("abc", "", "-", "-a-b-c-"),
        ("abcd", "b", "$1", UNDEFINED), ("abcd", "b", "$", UNDEFINED),
        ("abcd", "b", "${x}", UNDEFINED), ("abcd", "b", "\\", UNDEFINED),
        ("abcd", "(", "x", UNDEFINED), (None, "a", "x", UNDEFINED), (121, "1", 3, "323"),
    ],
)  # fmt: skip
def test_replacements(text: Any, pattern: str, by: Any, expected: Any) -> None:
    assert replaced(text, pattern, by) == expected


AT = 1508484583205  # 2017-10-20T07:29:43.205Z, a Friday


@pytest.mark.parametrize(
    ("pattern", "zone", "expected"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "UTC", "2017-10-20T07:29:43.205+0000"),
        ("yyyy-MM-dd'T'HH:mm:ssZZ", "Asia/Kolkata", "2017-10-20T12:59:43+05:30"),
        ("yy M d H m s S", "UTC", "17 10 20 7 29 43 2"),
        ("EEE, d MMM yyyy h:mm a", "UTC", "Fri, 20 Oct 2017 7:29 AM"),
        ("EEEE MMMM dd", "UTC", "Friday October 20"),
        ("z ZZZ", "America/New_York", "EDT America/New_York"),
        ("z", "+01:00", "+01:00"), ("zzzz", "UTC", "Coordinated Universal Time"),
        ("z", "America/Sao_Paulo", "-02:00"),
        ("xxxx-'W'ww-e D C k K", "UTC", "2017-W42-5 293 20 7 7"),
        ("SSSSSS", "UTC", "205000"), ("''yyyy''", "UTC", "'2017'"), ("h a", "Asia/Tokyo", "4 PM"),
        ("'o''clock'", "UTC", "o'clock"), ("G Y", "UTC", "AD 2017"),
        ("b", "UTC", UNDEFINED), ("'open", "UTC", UNDEFINED), ("yyyy", "Nowhere/X", UNDEFINED),
        ("yyyy", None, UNDEFINED), (None, "UTC", UNDEFINED),
    ],
)  # fmt: skip
def test_parse_time(pattern: Any, zone: Any, expected: Any) -> None:
    assert write_time(pattern, AT, zone) == expected


def test_parse_time_at_the_edges() -> None:
    assert write_time("yyyy", "1508484583205") == "2017"
    assert write_time("yyyy", 10**20) is UNDEFINED
    assert write_time("yyyy", "soon") is UNDEFINED
    assert write_time("HH:mm:ss.SSS", -1) == "23:59:59.999"
    with pytest.raises(EvaluationError, match="long names of time zones"):
        write_time("zzzz", 0, "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2017-10-20T07:29:43.205Z", "yyyy-MM-dd'T'HH:mm:ss.SSSX", AT),
        ("2017-10-20T09:29:43.205+02:00", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", AT),
        ("20171020072943205", "yyyyMMddHHmmssSSS", AT),
        ("Fri, 20 Oct 2017 07:29:43 GMT", "EEE, dd MMM yyyy HH:mm:ss z", AT - 205),
        ("20/10/17 7:29 AM", "dd/MM/yy h:mm a", AT - 43205),
        ("2017-10-20 12:00 PM", "yyyy-MM-dd hh:mm a", 1508500800000),
        ("2017-10-20 12:00 AM", "yyyy-MM-dd hh:mm a", 1508457600000),
        ("2017 293", "yyyy DDD", 1508457600000), ("2017", "yyyy", 1483228800000),
        ("2017-10-20", "yyyy-MM-dd['T'HH:mm]", 1508457600000),
        ("2017-10-20T07:29", "yyyy-MM-dd['T'HH:mm]", 1508484540000),
        ("2017-10-20 +0530", "yyyy-MM-dd Z", 1508437800000),
        ("2017-10-20 PDT", "yyyy-MM-dd z", 1508482800000),
        ("2017-10-20 GMT+2", "yyyy-MM-dd O", 1508450400000),
        ("2017-10-20 24", "yyyy-MM-dd kk", 1508457600000),
        ("2017-02-30", "yyyy-MM-dd", UNDEFINED), ("2017-13-01", "yyyy-MM-dd", UNDEFINED),
        ("Mon 20 Oct 2017", "EEE dd MMM yyyy", UNDEFINED), ("2017-10-20x", "yyyy-MM-dd", UNDEFINED),
        ("07:29", "HH:mm", UNDEFINED), ("20", "dd", UNDEFINED),
        ("2017-10-20 XX", "yyyy-MM-dd z", UNDEFINED),
        ("2017-10-20 25", "yyyy-MM-dd HH", UNDEFINED),
        ("2017-10-20 13", "yyyy-MM-dd hh", UNDEFINED),
        ("2017", "yyyy'", UNDEFINED), ("2017", "yyyyb", UNDEFINED), (None, "yyyy", UNDEFINED),
        ("2017 366", "yyyy DDD", UNDEFINED), (2017, "yyyy", 1483228800000),
    ],
)  # fmt: skip
def test_time_to_epoch(text: Any, pattern: str, expected: Any) -> None:
    assert read_time(text, pattern) == expected


@pytest.mark.parametrize("pattern", ["YYYY-ww", "zzzz", "MMMMM", "QQ", "VVVV"])
def test_letters_that_are_not_read_are_said(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="is not supported here"):
        read_time("x", pattern)
