"""Topics and filters: what matches, and what AWS takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.iot.topic_filters import (
    TopicError,
    TopicTree,
    check_filter,
    check_topic,
    covers,
    matches,
    split_shared,
)

LEVELS = st.sampled_from(["", "a", "b", "$aws", "é"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join)
FILTERS = st.one_of(
    st.lists(st.one_of(LEVELS, st.just("+")), min_size=1, max_size=4).map("/".join),
    st.lists(st.one_of(LEVELS, st.just("+")), max_size=3).map(lambda x: "/".join([*x, "#"])),
)


def naive(wanted: list[str], levels: list[str], first: bool = True) -> bool:
    """The rules once more, as the standard and AWS say them."""
    if not wanted or not levels:
        return not wanted and not levels
    if first and levels[0].startswith("$") and wanted[0] in ("+", "#"):
        return False
    if wanted[0] == "#":
        return True
    return wanted[0] in ("+", levels[0]) and naive(wanted[1:], levels[1:], False)


@given(FILTERS, TOPICS)
def test_matching(topic_filter: str, topic: str) -> None:
    assert matches(topic_filter, topic) == naive(topic_filter.split("/"), topic.split("/"))


@given(st.lists(st.tuples(st.booleans(), FILTERS)), st.lists(TOPICS))
def test_a_tree_finds_what_matches(changes: list[tuple[bool, str]], topics: list[str]) -> None:
    tree: TopicTree[str] = TopicTree()
    inside: list[str] = []
    for add, topic_filter in changes:
        if add:
            tree.add(topic_filter, topic_filter)
            inside.append(topic_filter)
        else:
            assert tree.remove(topic_filter, topic_filter) == (topic_filter in inside)
            if topic_filter in inside:
                inside.remove(topic_filter)
        for topic in topics:
            assert sorted(tree.find(topic)) == sorted(one for one in inside if matches(one, topic))
    assert len(tree) == len(inside)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "right"),
    [
        ("#", "$aws/x", False),
        ("#", "a/b", True),
        ("$aws/#", "$aws/x/y", True),
        ("+", "a", True),
        ("+/+", "/a", True),
        ("+/x", "$aws/x", False),
        ("a/+", "a", False),
        ("a/+/c", "a/b/c", True),
        ("sensor/#", "sensor", False),  # by AWS's rules, not MQTT's
        ("sensor/#", "sensor/", True),
        ("sensor/#", "sensor/a/b", True),
    ],
)
def test_examples(topic_filter: str, topic: str, right: bool) -> None:
    assert matches(topic_filter, topic) is right


@given(FILTERS, FILTERS, TOPICS)
def test_covering(wider: str, narrower: str, topic: str) -> None:
    assert covers(wider, wider)
    if covers(wider, narrower) and matches(narrower, topic):
        assert matches(wider, topic)


def test_a_tree_forgets_what_it_no_longer_needs() -> None:
    tree: TopicTree[int] = TopicTree()
    tree.add("a/b/c", 1)
    tree.add("a/b", 2)
    assert tree.remove("a/b/c", 1)
    assert tree.find("a/b/c") == []
    assert tree.find("a/b") == [2]
    assert not tree.remove("a/b/c", 1)
    assert not tree.remove("a/b", 3)


@pytest.mark.parametrize(
    "topic", ["a", "a/b/c/d/e/f/g/h", "x" * 256, "é" * 128, "$aws/rules/r/a/b/c/d/e/f/g/h"]
)
def test_topics_that_aws_takes(topic: str) -> None:
    check_topic(topic)


@pytest.mark.parametrize(
    "topic",
    ["", "a/#", "a/+", "a\0", "a/b/c/d/e/f/g/h/i", "x" * 257, "é" * 129],
)
def test_topics_that_aws_does_not_take(topic: str) -> None:
    with pytest.raises(TopicError):
        check_topic(topic)


@pytest.mark.parametrize("topic_filter", ["#", "+", "+/a/#", "$share/g/a/+", "$aws/#", "/"])
def test_filters_that_aws_takes(topic_filter: str) -> None:
    check_filter(topic_filter)


@pytest.mark.parametrize(
    "topic_filter",
    ["", "#/a", "a#", "a+", "$share/g", "$share//a", "$share/+/a", "x" * 257, "/" * 8,
     "$share/" + "g" * 129 + "/a"],
)  # fmt: skip
def test_filters_that_aws_does_not_take(topic_filter: str) -> None:
    with pytest.raises(TopicError):
        check_filter(topic_filter)


def test_shared() -> None:
    assert split_shared("$share/g/a/+") == ("g", "a/+")
    assert split_shared("a/+") == (None, "a/+")
