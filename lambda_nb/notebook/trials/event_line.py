"""An event of a cell's first line, ``--event '{"n": 2} => {"double": 4}'``, and what it expects."""

from __future__ import annotations

import ast
import builtins
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.events.samples import SOURCES, event

ARROW = "=>"
FORMS = "JSON, @FILE, the sample event of a source (s3, sqs, http ...), or an expression"
ANY_ERROR = "error"

_OPTION = re.compile(r"(?:^|\s)--event(?:\s+|=)")
_ERROR_NAME = re.compile(r"[A-Za-z_][\w.]*")
_KEPT = re.compile(r"""\s*(?:=>|'[^']*'|"(?:\\.|[^"\\])*")(?=\s|$)""")
"""An arrow or a quoted word among the values of ``--event``."""
_JSON = json.JSONDecoder()
_SHOWN = 60


@dataclass(frozen=True)
class Expected:
    """What should come back: a value, or an error of this type (``error``: of any type)."""

    value: Any = None
    error: str = ""

    def __str__(self) -> str:
        return self.error or short(self.value)


@dataclass(frozen=True)
class EventLine:
    """One event to invoke a function with. ``title`` names it as the user wrote it."""

    title: str
    event: Any
    expected: Expected | None = None


def quoted(line: str) -> str:
    """Quote the JSON after ``--event``, so that it is one word for the shell's rules too.

    Without this, ``--event {"n": 2} => 4`` would lose its quotes and fall into five words.
    """
    done, at = "", 0
    while (found := _OPTION.search(line, at)) is not None:
        end = found.end()
        done += line[at:end]
        while True:
            if (value := _bare(line, end)) is not None:
                text, end = value
                done += shlex.quote(text) + " "
            elif (kept := _KEPT.match(line, end)) is not None:
                done, end = done + kept[0] + " ", kept.end()
            else:
                break
        at = end
    return done + line[at:]


def _bare(line: str, begin: int) -> tuple[str, int] | None:
    """JSON that begins here without quotes, with its arrow and what is expected, and its end."""
    while begin < len(line) and line[begin] == " ":
        begin += 1
    if line[begin : begin + 1] not in ("{", "["):
        return None
    try:
        end = _JSON.raw_decode(line, begin)[1]
    except ValueError:
        return None
    if (arrow := re.compile(r"\s*=>\s*").match(line, end)) is not None:
        try:
            end = _JSON.raw_decode(line, arrow.end())[1]
        except ValueError:
            word = re.compile(r"\S+").match(line, arrow.end())
            end = end if word is None or word[0][0] in "'\"" else word.end()
    return line[begin:end], end


def read(words: Sequence[str], namespace: Mapping[str, Any]) -> list[EventLine]:
    """Read the values of ``--event``.

    Parameters
    ----------
    words
        ``EVENT`` or ``EVENT => EXPECTED``, each one word or with the arrow as a word of its own.
    namespace
        The notebook's variables.

    Raises
    ------
    UsageError
        An event or an expected value is none of the forms, or a file cannot be read.
    """
    return [_line(text, namespace) for text in _joined(words)]


def _joined(words: Sequence[str]) -> list[str]:
    texts: list[str] = []
    after_arrow = False
    for word in words:
        if texts and (after_arrow or word.strip() == ARROW):
            texts[-1] += f" {word}"
        else:
            texts.append(word)
        after_arrow = word.rstrip().endswith(ARROW)
    return texts


def _line(text: str, namespace: Mapping[str, Any]) -> EventLine:
    given, wanted = _halves(text)
    if wanted is not None and not wanted:
        raise UsageError(f"--event {text}: after => comes the value that is expected")
    expected = None if wanted is None else _expected(wanted, namespace)
    return EventLine(_cut(given), _event(given, namespace), expected)


def _halves(text: str) -> tuple[str, str | None]:
    """The event and what is expected; an arrow inside of JSON text is no arrow."""
    text = text.strip()
    try:
        end = _JSON.raw_decode(text)[1]
    except ValueError:
        end = 0
    before, arrow, after = text[end:].partition(ARROW)
    return (text[:end] + before).strip(), after.strip() if arrow else None


def _event(text: str, namespace: Mapping[str, Any]) -> Any:
    if text.startswith("@"):
        return _file(text[1:])
    if text in SOURCES:
        return event(text)
    try:
        return _value_of(text, namespace)
    except Exception as error:
        raise UsageError(
            f"--event {text}: this is no event ({error}). Give {FORMS} of this notebook"
        ) from None


def _expected(text: str, namespace: Mapping[str, Any]) -> Expected:
    if text == ANY_ERROR:
        return Expected(error=ANY_ERROR)
    try:
        value = _value_of(text, namespace)
    except Exception as error:
        # The class of the function's error need not be known to the notebook.
        if isinstance(error, NameError) and _ERROR_NAME.fullmatch(text):
            return Expected(error=text)
        raise UsageError(
            f"--event ... => {text}: this is no value ({error}). Give JSON, an expression of this "
            "notebook, the type of an error (KeyError), or the word error"
        ) from None
    if isinstance(value, type) and issubclass(value, BaseException):
        return Expected(error=text)
    return Expected(value)


def evaluated(text: str, namespace: Mapping[str, Any]) -> Any:
    """JSON, a Python literal, or an expression over the notebook's variables.

    Raises
    ------
    Exception
        What the expression raises.
    """
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError):
            continue
    scope = {"__builtins__": builtins, **namespace}
    return eval(text, scope)  # noqa: S307  # the user's own expression


def _value_of(text: str, namespace: Mapping[str, Any]) -> Any:
    """A value as it looks after a way through JSON; the class of an error as it is."""
    found = evaluated(text, namespace)
    if isinstance(found, type) and issubclass(found, BaseException):
        return found
    return json.loads(json.dumps(found))


def _file(name: str) -> Any:
    try:
        return json.loads(Path(name).expanduser().read_text())
    except OSError as error:
        raise UsageError(f"--event @{name}: cannot read it: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"--event @{name}: the file is no JSON: {error}") from None


def short(value: Any) -> str:
    """A value on one line, cut if it is long."""
    return _cut(repr(value))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
