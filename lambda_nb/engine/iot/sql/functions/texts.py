"""Functions of text. What is not text is converted first; Null and Undefined give Undefined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lambda_nb.engine.iot.sql.functions.function import Function, of
from lambda_nb.engine.iot.sql.json_text import to_bytes, to_text
from lambda_nb.engine.iot.sql.values import UNDEFINED, floor

MOST_PADDING: Final = 1000
"""lpad and rpad add 0 to 1000 spaces (iot-sql-functions)."""
LARGEST_ASCII: Final = 127
TABS_AND_SPACES: Final = "\t "
"""What ltrim and rtrim remove (iot-sql-functions)."""
# `trim` says "all white space"; Java's String.trim takes everything up to the space.
_WHITE_SPACE: Final = "".join(map(chr, range(33)))


def _of_text(body: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function its arguments as text; it is Undefined if one cannot be."""

    def convert(*values: Any) -> Any:
        texts = [to_text(value) for value in values]
        return UNDEFINED if UNDEFINED in texts else body(*texts)

    return convert


def character(value: Any) -> Any:
    """``chr``: the character of an ASCII code."""
    code = floor(value)
    if code is UNDEFINED or not 0 <= code <= LARGEST_ASCII:
        return UNDEFINED
    return chr(code)


def join(*values: Any) -> Any:
    """``concat``: one array if an argument is an array, else one text."""
    if not values:
        return UNDEFINED
    if any(isinstance(value, list) for value in values):
        joined: list[Any] = []
        for value in values:
            if isinstance(value, list):
                joined.extend(value)
            elif value is not UNDEFINED:
                joined.append(value)
        return joined
    if len(values) == 1 and (values[0] is None or isinstance(values[0], dict)):
        return values[0]
    texts = [to_text(value) for value in values]
    return UNDEFINED if UNDEFINED in texts else "".join(texts)


def _padding(value: Any, count: Any) -> tuple[Any, Any]:
    text, number = to_text(value), floor(count)
    if text is UNDEFINED or number is UNDEFINED:
        return UNDEFINED, UNDEFINED
    return text, " " * min(max(number, 0), MOST_PADDING)


def pad_left(value: Any, count: Any) -> Any:
    """``lpad``: so many spaces before a text."""
    text, spaces = _padding(value, count)
    return UNDEFINED if text is UNDEFINED else spaces + text


def pad_right(value: Any, count: Any) -> Any:
    """``rpad``: so many spaces after a text."""
    text, spaces = _padding(value, count)
    return UNDEFINED if text is UNDEFINED else text + spaces


def part(value: Any, *bounds: Any) -> Any:
    """``substring``: from an index, to before another; both are brought into the text."""
    text, indexes = to_text(value), [floor(bound) for bound in bounds]
    if text is UNDEFINED or UNDEFINED in indexes:
        return UNDEFINED
    return text[slice(*(max(index, 0) for index in indexes), *[None] * (2 - len(indexes)))]


TEXTS: Final[dict[str, Function]] = {
    "chr": of(character, 1),
    "concat": Function(join, 0),
    "endswith": of(_of_text(str.endswith), 2),
    "indexof": of(_of_text(str.find), 2, newer=True),
    "length": of(_of_text(len), 1, newer=True),
    "lower": of(_of_text(str.lower), 1),
    "lpad": of(pad_left, 2),
    "ltrim": of(_of_text(lambda text: text.lstrip(TABS_AND_SPACES)), 1),
    "numbytes": of(_of_text(lambda text: len(to_bytes(text))), 1, newer=True),
    "replace": of(_of_text(str.replace), 3),
    "rpad": of(pad_right, 2),
    "rtrim": of(_of_text(lambda text: text.rstrip(TABS_AND_SPACES)), 1),
    "startswith": of(_of_text(str.startswith), 2),
    "substring": of(part, 2, 3),
    "trim": of(_of_text(lambda text: text.strip(_WHITE_SPACE)), 1),
    "upper": of(_of_text(str.upper), 1),
}
