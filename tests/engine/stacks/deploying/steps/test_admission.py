"""Before a resource is made: the name that its template gives is recorded, if nothing has it."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event as Flag

import pytest

from lambda_nb.engine.stacks.deploying.steps.admission import admit
from lambda_nb.engine.stacks.deploying.steps.context import StepContext
from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.records.rows import Held, Revision, Stack
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType

KIND = "AWS::CloudWatch::Dashboard"
NAMED = {"DashboardName": "mine", "DashboardBody": "{}"}


class Dashboard(ResourceType):
    """Dashboards that are files."""

    name = KIND

    def __init__(self, directory: Path, *, overwrites: bool) -> None:
        self.directory = directory
        self.overwrites = overwrites  # type: ignore[misc]

    def create(self, context: Context, properties: Properties) -> Made:
        path = self.directory / str(properties["DashboardName"])
        path.write_text(json.dumps(dict(properties)))
        return Made(path.name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        raise NotImplementedError

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        (self.directory / made.physical_id).unlink()

    def taken(self, context: Context, properties: Properties) -> str | None:
        path = self.directory / str(properties["DashboardName"])
        return path.name if path.exists() else None

    def check_snapshot(self, properties: Properties) -> None:
        raise Refused("There can be none.")


@pytest.fixture
def recorded() -> list[tuple[str, str]]:
    """Fields that were recorded, with their values."""
    return []


@pytest.fixture
def context(recorded: list[tuple[str, str]]) -> StepContext:
    return StepContext(
        Stack("arn", "shop", "CREATE_IN_PROGRESS", Revision("{}", "{}"), 0.0),
        "A",
        "token",
        ("000000000000", "us-east-1", "aws"),
        lambda service, region: None,
        lambda field, value: recorded.append((field, value)),
        Flag(),
    )


def test_a_free_name_is_recorded_and_a_taken_one_refused(
    tmp_path: Path, context: StepContext, recorded: list[tuple[str, str]]
) -> None:
    of_type = Dashboard(tmp_path, overwrites=True)
    admit(context, of_type, Held(KIND, NAMED))
    assert recorded == [("name", "mine")]
    recorded.clear()
    of_type.create(context, NAMED)
    with pytest.raises(Refused, match="with identifier 'mine' already exists") as raised:
        admit(context, of_type, Held(KIND, NAMED))
    assert raised.value.code == "AlreadyExists"
    assert recorded == []


def test_a_service_that_refuses_itself_says_so_in_its_own_words(
    tmp_path: Path, context: StepContext, recorded: list[tuple[str, str]]
) -> None:
    of_type = Dashboard(tmp_path, overwrites=False)
    of_type.create(context, NAMED)
    admit(context, of_type, Held(KIND, NAMED))
    assert recorded == []  # what is there is not this stack's


def test_without_a_name_nothing_is_looked_for(
    tmp_path: Path, context: StepContext, recorded: list[tuple[str, str]]
) -> None:
    admit(context, Dashboard(tmp_path, overwrites=True), Held(KIND, {"DashboardBody": "{}"}))
    assert recorded == []


def test_a_policy_that_is_impossible_is_refused(tmp_path: Path, context: StepContext) -> None:
    held = Held(KIND, NAMED, deletion_policy="Snapshot")
    with pytest.raises(Refused, match="There can be none"):
        admit(context, Dashboard(tmp_path, overwrites=True), held)
