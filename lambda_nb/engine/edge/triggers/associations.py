"""The functions that a distribution's configuration, as CloudFront's API takes it, names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


class Association(NamedTuple):
    """A function of a cache behaviour. ``pattern`` is ``*`` for the default behaviour."""

    pattern: str
    event: str
    arn: str
    include_body: bool


class BehaviourFunctions(NamedTuple):
    """Functions of one cache behaviour: Lambda@Edge's, and the events of CloudFront Functions."""

    pattern: str
    lambdas: tuple[Association, ...]
    functions: tuple[str, ...]


def in_document(body: bytes) -> list[BehaviourFunctions]:
    """The functions of each behaviour in a DistributionConfig or DistributionConfigWithTags.

    A document that is not well-formed has none: CloudFront's API says what is wrong with it.
    Nor has one with a document type, whose entities could make it grow without bounds.
    """
    from xml.etree import ElementTree  # imported late: few engines see a distribution

    if b"<!DOCTYPE" in body:
        return []
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  (without entities)
    except ElementTree.ParseError:
        return []
    found = []
    for element in root.iter():
        kind = _name(element)
        if kind in ("DefaultCacheBehavior", "CacheBehavior"):
            pattern = "*" if kind == "DefaultCacheBehavior" else _text(element, "PathPattern")
            found.append(_behaviour(pattern, element))
    return found


def _behaviour(pattern: str, element: Any) -> BehaviourFunctions:
    lambdas = tuple(
        Association(
            pattern,
            _text(item, "EventType"),
            _text(item, "LambdaFunctionARN"),
            _text(item, "IncludeBody").lower() == "true",
        )
        for item in _all(element, "LambdaFunctionAssociation")
    )
    functions = tuple(_text(item, "EventType") for item in _all(element, "FunctionAssociation"))
    return BehaviourFunctions(pattern, lambdas, functions)


def _all(element: Any, name: str) -> Iterator[Any]:
    return (inner for inner in element.iter() if _name(inner) == name)


def _text(element: Any, name: str) -> str:
    """The text of the first child of a name."""
    return next((inner.text or "" for inner in element if _name(inner) == name), "").strip()


def _name(element: Any) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
