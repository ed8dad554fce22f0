"""The documents of the Device Shadow service, against the guide and against a naive model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.iot import shadow_documents as documents
from lambda_nb.rules.iot import shadow_requests as requests
from lambda_nb.rules.iot.shadow_documents import Shadow
from lambda_nb.rules.iot.shadow_requests import Request, ShadowError

NOW = 1_700_000_000


def after(*states: Any, start: Shadow | None = None) -> Shadow:
    """A shadow after updates, one a second."""
    shadow = start or Shadow()
    for second, state in enumerate(states):
        shadow = documents.update(shadow, Request(state), NOW + second)
    return shadow


def refused(document: Any) -> tuple[int, str]:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(ShadowError) as caught:
        requests.read_request(payload)
    return caught.value.code, caught.value.message


def nested(levels: int) -> dict[str, Any]:
    return {"level": nested(levels - 1)} if levels > 1 else {"level": 1}


def test_an_update_changes_only_the_fields_it_names() -> None:
    shadow = after(
        {"reported": {"color": {"r": 1, "g": 2}, "on": True}},
        {"reported": {"color": {"r": 9}}, "desired": {"on": False}},
    )
    assert shadow.state == {
        "desired": {"on": False},
        "reported": {"color": {"r": 9, "g": 2}, "on": True},
    }
    assert shadow.metadata == {
        "desired": {"on": {"timestamp": NOW + 1}},
        "reported": {
            "color": {"r": {"timestamp": NOW + 1}, "g": {"timestamp": NOW}},
            "on": {"timestamp": NOW},
        },
    }
    assert shadow.version == 2


def test_null_removes_a_field_and_an_empty_section_goes() -> None:
    shadow = after({"reported": {"a": {"b": 1, "c": 2}, "d": 3}}, {"reported": {"a": {"b": None}}})
    assert shadow.state == {"reported": {"a": {"c": 2}, "d": 3}}
    assert shadow.metadata["reported"]["a"] == {"c": {"timestamp": NOW}}
    gone = after({"reported": {"a": None, "d": None}}, start=shadow)
    assert gone == Shadow({}, {}, 3)


def test_null_as_a_section_removes_it_and_null_as_state_clears_the_shadow() -> None:
    shadow = after({"reported": {"a": 1}, "desired": {"a": 2}}, {"desired": None})
    assert shadow.state == {"reported": {"a": 1}}
    assert after(None, start=shadow) == Shadow({}, {}, 3)


def test_arrays_are_replaced_whole_and_have_a_timestamp_for_each_item() -> None:
    shadow = after(
        {"desired": {"colors": ["RED", "GREEN", "BLUE"]}}, {"desired": {"colors": ["RED"]}}
    )
    assert shadow.state == {"desired": {"colors": ["RED"]}}
    assert shadow.metadata == {"desired": {"colors": [{"timestamp": NOW + 1}]}}
    marks = after({"reported": {"a": [{"b": 1}, 2]}}).metadata["reported"]["a"]
    assert marks == [{"b": {"timestamp": NOW}}, {"timestamp": NOW}]


def test_a_value_may_become_an_object_and_back() -> None:
    shadow = after({"reported": {"a": 1}}, {"reported": {"a": {"b": 2}}})
    assert shadow.metadata["reported"] == {"a": {"b": {"timestamp": NOW + 1}}}
    back = after({"reported": {"a": 3}}, start=shadow)
    assert (back.state, back.metadata) == (
        {"reported": {"a": 3}},
        {"reported": {"a": {"timestamp": NOW}}},
    )


def test_fields_called_as_the_metadata_are_fields_like_others() -> None:
    shadow = after({"reported": {"timestamp": 5}}, {"reported": {"timestamp": {"timestamp": 6}}})
    assert shadow.metadata == {"reported": {"timestamp": {"timestamp": {"timestamp": NOW + 1}}}}


def test_the_delta_has_what_is_desired_and_not_reported() -> None:
    shadow = after(
        {
            "desired": {"color": "RED", "state": "STOP"},
            "reported": {"color": "GREEN", "engine": "ON"},
        }
    )
    stamp = {"timestamp": NOW}
    assert documents.delta(shadow) == (
        {"color": "RED", "state": "STOP"},
        {"color": stamp, "state": stamp},
    )


def test_the_delta_of_objects_has_the_path_to_the_root() -> None:
    color = {"r": 255, "g": 255, "b": 255}
    shadow = after(
        {"desired": {"lights": {"color": color}}},
        {"reported": {"lights": {"color": {**color, "g": 0}}}},
    )
    assert documents.delta(shadow) == (
        {"lights": {"color": {"g": 255}}},
        {"lights": {"color": {"g": {"timestamp": NOW}}}},
    )


@pytest.mark.parametrize(
    ("reported", "desired", "differs"),
    [
        (1, 1.0, False),
        (1, True, True),
        (0, False, True),
        ("1", 1, True),
        ([1, 2], [1, 2.0], False),
        ([1, 2], [2, 1], True),
        ([{"a": 1}], [{"a": True}], True),
        ({"a": 1}, 1, True),
    ],
)
def test_what_counts_as_different(reported: Any, desired: Any, differs: bool) -> None:
    shadow = after({"reported": {"x": reported}, "desired": {"x": desired}})
    found = documents.delta(shadow)
    assert (found is not None) is differs
    if found is not None:
        assert found[0] == {"x": desired}


def test_nothing_desired_is_no_delta_and_everything_is_if_nothing_was_reported() -> None:
    assert documents.delta(after({"reported": {"a": 1}})) is None
    assert documents.delta(after({"desired": {"a": 1}})) == (
        {"a": 1},
        {"a": {"timestamp": NOW}},
    )


def test_a_version_must_be_the_current_one() -> None:
    shadow = after({"reported": {"a": 1}})
    assert documents.update(shadow, Request({}, 1), NOW).version == 2
    with pytest.raises(ShadowError, match="Version conflict") as caught:
        documents.update(shadow, Request({}, 2, "mine"), NOW)
    assert documents.rejected(caught.value, NOW) == {
        "code": 409,
        "message": "Version conflict",
        "clientToken": "mine",
    }


def test_what_the_messages_say() -> None:
    request = requests.read_request(
        b'{"state":{"desired":{"engine":null,"color":{"r":10}}},"clientToken":"t","hello":"world"}'
    )
    before = after({"reported": {"engine": "OFF"}})
    shadow = documents.update(before, request, NOW + 5)
    mark = {"timestamp": NOW + 5}
    assert documents.accepted(request, shadow.version, NOW + 6) == {
        "state": {"desired": {"engine": None, "color": {"r": 10}}},
        "metadata": {
            "desired": {
                "engine": {"timestamp": NOW + 6},
                "color": {"r": {"timestamp": NOW + 6}},
            }
        },
        "version": 2,
        "timestamp": NOW + 6,
        "clientToken": "t",
    }
    assert documents.delta_message(shadow, NOW + 6, "t") == {
        "version": 2,
        "timestamp": NOW + 6,
        "state": {"color": {"r": 10}},
        "metadata": {"color": {"r": mark}},
        "clientToken": "t",
    }
    reported = {"engine": "OFF"}, {"engine": {"timestamp": NOW}}
    previous = {
        "state": {"reported": reported[0]},
        "metadata": {"reported": reported[1]},
        "version": 1,
    }
    current = {
        "state": {"desired": {"color": {"r": 10}}, "reported": reported[0]},
        "metadata": {"desired": {"color": {"r": mark}}, "reported": reported[1]},
        "version": 2,
    }
    assert documents.documents_message(before, shadow, NOW + 6, None) == {
        "previous": previous,
        "current": current,
        "timestamp": NOW + 6,
    }
    assert documents.documents_message(None, shadow, NOW + 6, "t") == {
        "current": current,
        "timestamp": NOW + 6,
        "clientToken": "t",
    }
    whole = documents.whole_document(shadow, NOW + 7)
    assert whole["state"]["delta"] == {"color": {"r": 10}}
    assert whole["metadata"]["delta"] == {"color": {"r": mark}}
    assert (whole["version"], whole["timestamp"]) == (2, NOW + 7)
    assert documents.deleted(2, NOW, "t") == {"version": 2, "timestamp": NOW, "clientToken": "t"}


def test_clearing_a_shadow_is_answered_with_one_timestamp() -> None:
    assert documents.accepted(Request(None), 3, NOW) == {
        "state": None,
        "metadata": {"timestamp": NOW},
        "version": 3,
        "timestamp": NOW,
    }


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        (b"", 400, "Invalid JSON"),
        (b"[1]", 400, "Invalid JSON"),
        (b"[" * 5000, 400, "Invalid JSON"),
        (b'{"state":{"desired":{"a":NaN}}}', 400, "Invalid JSON"),
        (b'{"state":"\xff"}', 415, "Unsupported documented encoding; supported encoding is UTF-8"),
        ({}, 400, "Missing required node: state"),
        ({"state": 1}, 400, "State node must be an object"),
        ({"state": {"desired": 1}}, 400, "Desired node must be an object"),
        ({"state": {"reported": []}}, 400, "Reported node must be an object"),
        ({"state": {"foo": {}}}, 400, "State contains an invalid node: 'foo'"),
        ({"state": {"reported": {"a": [None]}}}, 400, "State contains an invalid node"),
        ({"state": {}, "version": "1"}, 400, "Invalid version"),
        ({"state": {}, "version": -1}, 400, "Invalid version"),
        ({"state": {}, "version": True}, 400, "Invalid version"),
        ({"state": {}, "clientToken": 5}, 400, "Invalid clientToken"),
        ({"state": {}, "clientToken": "ä" * 33}, 400, "Invalid clientToken"),
        (
            {"state": {"desired": nested(9)}},
            400,
            "JSON contains too many levels of nesting; maximum is 8",
        ),
    ],
)
def test_requests_that_are_not_valid(document: Any, code: int, message: str) -> None:
    assert refused(document) == (code, message)


def test_requests_that_just_are_valid() -> None:
    for document in (
        {"state": {}},
        {"state": None},
        {"state": {"desired": None}},
        {"state": {"desired": nested(8)}, "version": 0, "clientToken": "ä" * 32},
    ):
        requests.read_request(json.dumps(document).encode())


def test_errors_carry_the_token_and_those_of_400_the_time() -> None:
    with pytest.raises(ShadowError) as caught:
        requests.read_request(b'{"clientToken":"mine"}')
    assert documents.rejected(caught.value, NOW) == {
        "code": 400,
        "message": "Missing required node: state",
        "timestamp": NOW,
        "clientToken": "mine",
    }


def test_a_shadow_that_is_not_there_is_called_by_its_thing_and_name() -> None:
    classic, named = requests.not_found("lamp", None, "t"), requests.not_found("lamp", "limits")
    assert documents.rejected(classic, NOW) == {
        "code": 404,
        "message": "No shadow exists with name: 'lamp'",
        "clientToken": "t",
    }
    assert named.message == "No shadow exists with name: 'lamp~limits'"


def test_eight_kilobytes_of_state_are_the_most() -> None:
    around = len('{"a":""}')
    fits = {
        "reported": {"a": "x" * (4096 - around)},
        "desired": {"a": "é" * ((4096 - around) // 2)},
    }
    shadow = after(fits)
    with pytest.raises(ShadowError, match="exceeds the maximum size") as caught:
        after({"reported": {"b": 1}}, start=shadow)
    assert caught.value.code == 413


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.lists(inner.filter(lambda value: value is not None), max_size=2)
    ),
    max_leaves=6,
)
sections = st.none() | st.dictionaries(st.sampled_from("abc"), values, max_size=3)
updates = st.none() | st.fixed_dictionaries(
    {}, optional={"desired": sections, "reported": sections}
)


def paths(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The leaves of a tree: values, arrays, and objects that are empty."""
    if isinstance(value, dict) and value:
        found = {}
        for name, item in value.items():
            found |= paths(item, (*path, name))
        return found
    return {path: value}


def put(leaves: dict[tuple[str, ...], Any], path: tuple[str, ...], value: Any) -> None:
    """Set a leaf in the naive model: nothing above it or below it stays a leaf."""
    for other in list(leaves):
        if other[: len(path)] == path or path[: len(other)] == other:
            del leaves[other]
    leaves[path] = value


@given(st.lists(updates, max_size=6))
def test_merging_agrees_with_a_model_of_leaves(states: list[Any]) -> None:
    """Leaves that updates set or remove one by one give the same values.

    The model knows no empty objects, and so they are left out of the comparison.
    """
    shadow = Shadow()
    leaves: dict[tuple[str, ...], Any] = {}
    for second, state in enumerate(states):
        shadow = documents.update(shadow, Request(state), second)
        if state is None:
            leaves.clear()
            continue
        for section, patch in state.items():
            if patch is None:
                leaves = {path: leaf for path, leaf in leaves.items() if path[0] != section}
                continue
            for path, value in paths(patch, (section,)).items():
                if value is None:
                    leaves = {
                        other: leaf
                        for other, leaf in leaves.items()
                        if other[: len(path)] != path and path[: len(other)] != other
                    }
                elif value == {} and isinstance(value, dict):
                    leaves = {
                        other: leaf for other, leaf in leaves.items() if path[: len(other)] != other
                    }
                else:
                    put(leaves, path, value)
    kept = {
        path: value for path, value in paths(dict(shadow.state)).items() if path and value != {}
    }
    assert kept == leaves
    assert shadow.version == len(states)


@given(st.lists(updates, max_size=6))
def test_metadata_is_the_tree_of_the_state(states: list[Any]) -> None:
    shadow = after(*states)

    def check(value: Any, mark: Any) -> None:
        if isinstance(value, dict):
            assert value.keys() == mark.keys()
            for name in value:
                check(value[name], mark[name])
        elif isinstance(value, list):
            assert len(value) == len(mark)
            for item, its_mark in zip(value, mark, strict=True):
                check(item, its_mark)
        else:
            assert mark.keys() == {"timestamp"}
            assert NOW <= mark["timestamp"] < NOW + len(states)

    check(dict(shadow.state), dict(shadow.metadata))


@given(st.lists(updates, max_size=4))
def test_reporting_the_delta_leaves_none(states: list[Any]) -> None:
    shadow = after(*states)
    found = documents.delta(shadow)
    if found is not None:
        done = documents.update(shadow, Request({"reported": found[0]}), NOW)
        assert documents.delta(done) is None
        assert json.loads(json.dumps(found[1])) == found[1]
