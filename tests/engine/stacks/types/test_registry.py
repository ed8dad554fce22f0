"""Which resource types have a class, and whether the classes are what AWS's schemas say."""

from __future__ import annotations

import pytest

from lambda_nb.engine.stacks.types import registry, schemas

SUPPORTED = tuple(registry.supported())


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_type_is_found_by_its_name_and_aws_has_it(name: str) -> None:
    found = registry.find(name)
    assert found is not None
    assert found.name == name
    assert schemas.known(name)


@pytest.mark.parametrize("name", SUPPORTED)
def test_nothing_changed_replaces_nothing(name: str) -> None:
    found = registry.find(name)
    assert found is not None
    assert found.replacing({}, {}) == set()


@pytest.mark.parametrize(
    "name", ["AWS::SQS::Nothing", "AWS::Nobody::Knows", "Custom::Thing", "AWS::SQS", "", "::"]
)
def test_others_are_not_found(name: str) -> None:
    assert registry.find(name) is None
