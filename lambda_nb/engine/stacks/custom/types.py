"""Finds the types of this folder by their names."""

from __future__ import annotations

from lambda_nb.engine.stacks.custom.answers import Answers
from lambda_nb.engine.stacks.custom.custom_resource import NAME, PREFIX, CustomResource
from lambda_nb.engine.stacks.custom.macros import Macro, function_of
from lambda_nb.engine.stacks.custom.nothing import Nothing
from lambda_nb.engine.stacks.custom.wait_condition import WaitCondition, WaitConditionHandle
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class CustomTypes:
    """The types of this folder.

    Parameters
    ----------
    answers
        The addresses at which answers come.
    store
        The records, where macros are found.
    """

    def __init__(self, answers: Answers, store: Store) -> None:
        self._answers = answers
        types: tuple[ResourceType, ...] = (
            WaitConditionHandle(answers),
            WaitCondition(answers),
            Macro(lambda name: function_of(store, name)),
            Nothing(),
        )
        self._types = {one.name: one for one in types}

    def find(self, type_name: str) -> ResourceType | None:
        """The type of a name; ``None`` if it is not of this folder.

        Every name that begins with ``Custom::`` is.
        """
        if type_name in self._types:
            return self._types[type_name]
        if type_name != NAME and not type_name.startswith(PREFIX):
            return None
        named = type("CustomResource", (CustomResource,), {"name": type_name})
        made: ResourceType = named(self._answers)
        return self._types.setdefault(type_name, made)
