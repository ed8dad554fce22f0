"""A stack's tags and a resource's own."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.tagging import LISTED, Tagging, tags_of

TAGS = st.dictionaries(st.sampled_from("abcde"), st.text(max_size=3))


class _Stack:
    def __init__(self, tags: dict[str, str], old_tags: dict[str, str]) -> None:
        self.tags = tags
        self.old_tags = old_tags


def _context(tags: dict[str, str], old_tags: dict[str, str] | None = None) -> Context:
    return cast(Context, _Stack(tags, old_tags or {}))


@given(before=TAGS, stack=TAGS, old=TAGS, new=TAGS)
def test_a_change_ends_with_the_stacks_tags_and_the_new_ones(
    before: dict[str, str], stack: dict[str, str], old: dict[str, str], new: dict[str, str]
) -> None:
    context = _context(stack, before)
    kept = {**before, **old}

    def put(tags: list[dict[str, str]]) -> None:
        kept.update({one["Key"]: one["Value"] for one in tags})

    def remove(names: list[str]) -> None:
        for name in names:
            del kept[name]

    LISTED.change(context, {"Tags": _listed(old)}, {"Tags": _listed(new)}, put, remove)
    assert kept == {**stack, **new}


@given(tags=TAGS)
def test_templates_have_lists_and_objects(tags: dict[str, str]) -> None:
    assert tags_of({"Tags": tags}) == tags_of({"Tags": _listed(tags)}) == tags


def test_reserved_names_are_left_out_where_a_service_does_not_take_them() -> None:
    context = _context({"aws:cloudformation:stack-name": "s", "team": "a"})
    assert Tagging(reserved=False).wanted(context, {}) == {"team": "a"}
    assert LISTED.wanted(context, {}) == dict(context.tags)


def _listed(tags: dict[str, str]) -> list[Any]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]
