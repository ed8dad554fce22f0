"""Frames and values made anew in the notebook, also from what no runtime would send."""

from __future__ import annotations

import pdb
import sys
import traceback as python_traceback
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.notebook.debugging import post_mortem
from lambda_nb.notebook.debugging.frame_values import Values
from lambda_nb.notebook.debugging.rebuilt_frames import Frame, entries, show_source, traceback
from lambda_nb.notebook.debugging.stand_ins import StandIn, StandInError, part

_TAGS = st.sampled_from(
    ["list", "tuple", "set", "dict", "ref", "object", "module", "text", "bytes", "known", "cut"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.fixed_dictionaries(
            {"t": _TAGS, "v": inner, "n": inner, "i": inner, "type": inner, "r": inner, "a": inner}
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_no_value_does_harm(told: Any) -> None:
    repr(Values().value(told))


@given(_JSON)
def test_no_failure_does_harm(told: Any) -> None:
    failure = {"function": "f", "frames": {"exceptions": [{"frames": [told, {"locals": told}]}]}}
    made = post_mortem._rebuilt(failure, None)
    for one in made or []:
        traceback(one.frames)


@pytest.mark.parametrize(
    "name", ["os", "subprocess", "antigravity", "this", "lambda_nb.engine", "sys", "builtins"]
)
def test_no_module_is_imported_that_does_more_than_compute(name: str) -> None:
    before = set(sys.modules)
    module = Values().value({"t": "module", "v": name})
    assert isinstance(module, StandIn)
    assert set(sys.modules) == before
    found = Values().value({"t": "object", "type": "function", "name": f"{name}.system", "i": 1})
    assert isinstance(found, StandIn)


def test_an_exception_may_be_called_anything() -> None:
    """Half a character is JSON, but no name of a class."""
    told = {"type": "app.\ud800", "message": "\udfff\x1b[31m", "frames": [{"name": "f"}]}
    failure = {"function": "f", "frames": {"exceptions": [told, told]}}
    made = post_mortem._rebuilt(failure, None)
    assert made is not None
    error = ValueError()
    post_mortem._chain(error, made)
    assert repr(error.__cause__) == r"\ud800: \udfff\x1b[31m"


def test_the_same_object_is_in_two_places_again() -> None:
    values = Values()
    loop = {"t": "list", "i": 1, "n": 1, "v": [{"t": "ref", "i": 1}]}
    made = values.variables([["loop", loop], ["again", {"t": "ref", "i": 1}]])
    assert made["loop"][0] is made["loop"]
    assert made["again"] is made["loop"]


def test_escape_codes_of_a_function_are_not_printed() -> None:
    stand_in = Values().value({"t": "object", "type": "x\x1b[31m", "r": "\x1b]0;title\x07red"})
    assert "\x1b" not in repr(stand_in)
    with pytest.raises(StandInError) as caught:
        stand_in + 1
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda one: one(),
        lambda one: one + 1,
        lambda one: one < 1,
        lambda one: one[0],
        len,
        iter,
        float,
        lambda one: one.missing,
        lambda one: 1 in one,
    ],
    ids=["call", "add", "less", "item", "len", "iter", "float", "attribute", "in"],
)
def test_a_stand_in_says_what_it_is(use: Any) -> None:
    order = StandIn("app.Order", "<Order 7>", {"number": 7})
    with pytest.raises(StandInError, match="<Order 7> is a picture of what the function had"):
        use(order)
    assert (order.number, bool(order), dir(order)) == (7, True, ["number"])  # type: ignore[attr-defined]
    assert not hasattr(order, "_repr_html_")


@pytest.mark.parametrize("base", [list, tuple, str, bytes])
def test_a_part_knows_the_whole(base: Any) -> None:
    held = {list: [1, 2, 3], tuple: (1, 2, 3), str: "abc", bytes: b"abc"}[base]
    shortened = part(base, held, 1000)
    assert isinstance(shortened, base)
    assert (len(shortened), shortened[0], shortened[1:3]) == (1000, held[0], held[1:3])
    assert repr(shortened) == f"{held!r}... (the first 3 of 1000)"
    for beyond in (-1, 3, slice(1, None), slice(2, 9)):
        with pytest.raises(IndexError, match="only the first 3 of 1000 travelled"):
            shortened[beyond]


def frame(**changes: Any) -> Frame:
    given = {
        "file": "<Cell In[7]>",
        "name": "handler",
        "line": 3,
        "first_line": 2,
        "variables": {"event": {"n": 1}, "rest": (2,), "local": "x", "not a name": 1, "class": 2},
        "known": {"LIMIT": 3},
        "positional_only": ("event",),
        "positional": ("gone",),
        "named": ("key",),
        "rest": "rest",
        "keywords": "more",
    }
    return Frame(**{**given, **changes})


def only(made: Any) -> FrameType:
    (entry,) = entries(made)
    found: FrameType = entry.tb_frame
    return found


def test_a_frame_has_name_line_arguments_and_variables() -> None:
    found = only(traceback([frame()]))
    code = found.f_code
    assert (code.co_name, found.f_lineno, code.co_firstlineno) == ("handler", 3, 2)
    assert dict(found.f_locals) == {"event": {"n": 1}, "rest": (2,), "local": "x"}
    assert (code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount) == (1, 2, 1)
    assert found.f_globals["LIMIT"] == 3
    assert not [name for name in found.f_globals if "lambda_nb" in name]
    assert eval("event['n'] + LIMIT", found.f_globals, found.f_locals) == 4


def test_a_module_and_a_lambda_are_called_so() -> None:
    module = only(traceback([frame(name="<module>", variables={}, known={"LIMIT": 3}, line=9)]))
    assert (module.f_code.co_name, module.f_lineno) == ("<module>", 9)
    assert module.f_globals["LIMIT"] == module.f_locals["LIMIT"] == 3
    assert only(traceback([frame(name="<lambda>")])).f_code.co_name == "<lambda>"


def test_a_traceback_shows_the_source_that_travelled() -> None:
    show_source("<Cell In[7]>", "%%lambda f\ndef handler(event):\n    return event['n']\n")
    made = traceback([frame(), frame(name="inner", line=2)])
    text = "".join(python_traceback.format_tb(made))
    assert 'File "<Cell In[7]>", line 3, in handler\n    return event[' in text
    assert text.index("handler") < text.index("inner")


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "a\0b"},
        {"name": "x\0y"},
        {"file": "a\ud800b", "name": "\udfff"},
        {"line": 0},
        {"line": 10**9, "first_line": 10**12},
        {"variables": {f"v{n}": n for n in range(5000)}},
        {"positional": ("event", "event")},
        {"rest": "event", "keywords": "event"},
        {"positional": ("def", "1x")},
    ],
    ids=["file", "name", "half", "zero", "large", "many", "twice", "same", "keyword"],
)
def test_no_frame_does_harm(changes: dict[str, Any]) -> None:
    assert only(traceback([frame(**changes)])).f_code.co_name


def test_pdb_reads_such_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    debugger = pdb.Pdb(stdin=io.StringIO("args\np local\nup\nq\n"), stdout=(said := io.StringIO()))
    debugger.use_rawinput = False
    debugger.reset()
    debugger.interaction(None, traceback([frame(name="outer"), frame()]))
    assert "event = {'n': 1}" in said.getvalue()
    assert "'x'" in said.getvalue()
    assert "outer()" in said.getvalue()
