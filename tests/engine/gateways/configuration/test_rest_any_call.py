"""Every operation of REST APIs, with whatever its model lets a caller send."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_configuration_lab import Lab, made

from lambda_nb.engine import service_model
from lambda_nb.engine.errors import AWSError

ELSEWHERE = ("DomainName", "BasePathMapping", "VpcLink", "TestInvoke")
OURS = sorted(
    operation.name
    for operation in service_model.operations("apigateway")
    if not any(word in operation.name for word in ELSEWHERE)
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from made(tmp_path_factory.mktemp("rest") / "apis.sqlite")


def test_every_operation_has_a_handler(lab: Lab) -> None:
    assert set(lab.configuration.operations()) == set(OURS)


def arguments(shape: Shape | None) -> st.SearchStrategy[Any]:
    """Whatever the model of the service lets a caller send."""
    if isinstance(shape, StructureShape):
        needed = {name: arguments(shape.members[name]) for name in shape.required_members}
        other = {name: arguments(s) for name, s in shape.members.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=other)
    if isinstance(shape, ListShape):
        return st.lists(arguments(shape.member), max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.text(max_size=4), arguments(shape.value), max_size=2)
    match shape.type_name if shape else "":
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(-5, 5)
        case "float" | "double":
            return st.floats(-5, 5)
        case "blob":
            return st.binary(max_size=20)
    if getattr(shape, "enum", None):
        return st.sampled_from([*shape.enum, "x"])  # type: ignore[union-attr]
    pointers = ["/", "/variables/a", "/a~1b", "/apiStages", "/*/*/throttling/rateLimit", "/quota"]
    return st.sampled_from(["API", "ROOT", "GET", "live", "1", "200", *pointers, "{", "é/ ", ""])


def an_api(lab: Lab) -> Any:
    """An API with a method and a stage, made if there is none."""
    for api in lab("GetRestApis")["items"]:
        if lab("GetStages", restApiId=api["id"])["item"]:
            return api
    api = lab.new_api()
    lab.add_method(api)
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    return api


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_no_call_crashes(lab: Lab, name: str, data: st.DataObject) -> None:
    request = data.draw(arguments(service_model.operation(name, "apigateway").input_shape)) or {}
    api = an_api(lab)
    names = {"API": api["id"], "ROOT": api["rootResourceId"]}
    known = {
        key: names.get(value, value) if isinstance(value, str) else value
        for key, value in request.items()
    }
    with contextlib.suppress(AWSError):
        lab(name, **known)
