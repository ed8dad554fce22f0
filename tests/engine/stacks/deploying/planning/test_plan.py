"""What an update is going to do: rules that hold for every stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.stacks.deploying.planning.plan import (
    UNKNOWN,
    Change,
    compared,
    in_order,
    planned,
    same,
)
from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.records.rows import Held

NAMES = "ABCDEF"
scalars = st.one_of(st.integers(-3, 3), st.booleans(), st.text("ab5", max_size=2))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=8,
)
properties = st.dictionaries(st.sampled_from(["Kind", "X", "Y", "Tags"]), values, max_size=4)


def replacing(type_name: str, old: Properties, new: Properties) -> set[str]:
    return {"Kind"} if not same(old.get("Kind"), new.get("Kind")) else set()


def held(given: Mapping[str, Any], physical_id: str = "", **more: Any) -> Held:
    return Held("T", given, physical_id, **more)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return {
        name: draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        for place, name in enumerate(names)
    }


@given(properties)
def test_what_is_the_same_does_not_change(one: dict[str, Any]) -> None:
    assert compared("A", held(one, "a"), held(one), replacing) is None


def as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(properties)
def test_texts_of_numbers_and_booleans_are_the_same(one: dict[str, Any]) -> None:
    assert same(one, as_text(one))
    assert compared("A", held(one, "a"), held(as_text(one)), replacing) is None


@given(properties, properties)
def test_a_change_names_exactly_what_differs(old: dict[str, Any], new: dict[str, Any]) -> None:
    change = compared("A", held(old, "a"), held(new), replacing)
    differing = {name for name in {*old, *new} if not same(old.get(name), new.get(name))}
    if not differing:
        assert change is None
        return
    assert change is not None
    assert change.properties == differing
    assert change.replaces == ("Kind" in differing)
    assert ("Tags" in change.scope) == ("Tags" in differing)
    assert ("Properties" in change.scope) == bool(differing - {"Tags"})


@given(values, values, values)
def test_sameness_is_an_equivalence(one: Any, two: Any, three: Any) -> None:
    assert same(one, one)
    assert same(one, two) == same(two, one)
    if same(one, two) and same(two, three):
        assert same(one, three)


@given(graphs())
def test_dependencies_come_first(graph: dict[str, list[str]]) -> None:
    order = list(in_order(graph))
    assert sorted(order) == sorted(graph)
    for name, needs in graph.items():
        assert all(order.index(one) < order.index(name) for one in needs)


@given(graphs(), st.dictionaries(st.sampled_from(NAMES), properties), st.data())
def test_every_resource_gets_what_it_needs(
    graph: dict[str, list[str]], there: dict[str, dict[str, Any]], data: st.DataObject
) -> None:
    wanted = {name: data.draw(properties) for name in graph}
    old = {name: held(one, f"id-{name}") for name, one in there.items()}

    def evaluate(name: str, made: Mapping[str, Made], unknown: frozenset[str]) -> Held:
        assert set(graph[name]) <= set(made) | unknown
        return held(wanted[name])

    changes = {change.logical_id: change for change in planned(old, graph, evaluate, replacing)}
    for name in {*graph, *there}:
        action = changes[name].action if name in changes else None
        if name not in graph:
            assert action == "Remove"
        elif name not in there:
            assert action == "Add"
        else:
            assert (action == "Modify") == any(
                not same(there[name].get(key), wanted[name].get(key))
                for key in {*there[name], *wanted[name]}
            )


def changes_of(
    old: Mapping[str, Held], new: Mapping[str, Mapping[str, Any]], needs: Mapping[str, list[str]]
) -> dict[str, Change]:
    def evaluate(name: str, made: Mapping[str, Made], unknown: frozenset[str]) -> Held:
        resolved = {
            key: UNKNOWN
            if value in unknown
            else made[value].physical_id
            if value in made
            else value
            for key, value in new[name].items()
        }
        return held(resolved)

    graph = {name: needs.get(name, []) for name in new}
    return {change.logical_id: change for change in planned(old, graph, evaluate, replacing)}


def test_who_needs_a_replaced_resource_may_be_replaced() -> None:
    old = {
        "A": held({"Kind": 1}, "a"),
        "B": held({"Kind": "a"}, "b"),
        "C": held({"X": "a"}, "c"),
        "D": held({"X": "b"}, "d"),
    }
    new = {"A": {"Kind": 2}, "B": {"Kind": "A"}, "C": {"X": "A"}, "D": {"X": "B"}}
    changes = changes_of(old, new, {"B": ["A"], "C": ["A"], "D": ["B"]})
    replacements = {name: change.replacement for name, change in changes.items()}
    assert replacements == {"A": "True", "B": "Conditional", "C": "False", "D": "False"}


def test_policies_and_metadata_are_changes_of_their_own() -> None:
    old = held({}, "a", deletion_policy="Delete")
    new = held({}, deletion_policy="Retain", metadata={"a": 1})
    change = compared("A", old, new, replacing)
    assert change is not None
    assert change.scope == ("Metadata", "DeletionPolicy")
    assert not change.touches
