"""An export for SAM has no complaint of cfn-lint, and deploys as the same application."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_fixtures import Engine
from exports_lab import At, Sample, check_same
from project_reports import Heard

from lambda_nb.exports.export import export
from lambda_nb.projects.deployment import Deployment, Wishes

LINT = "import cfnlint.runner; cfnlint.runner.main()"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("exports")]


def test_it_deploys_as_the_same_application(
    sample: Sample, start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    export(At(sample.engine), "sam", [sample.worker, sample.other], folder)
    template = folder / "template.yaml"
    lint = subprocess.run(
        [sys.executable, "-c", LINT, "-t", str(template)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (lint.returncode, lint.stdout) == (0, ""), lint.stdout + lint.stderr
    assert sample.engine.account not in template.read_text()
    assert "very-secret" not in template.read_text()

    there, heard = start_engine(), Heard()
    wishes = Wishes(stack_name="app", parameters=sample.parameters)
    try:
        Deployment(folder, wishes, At(there), heard).deploy()
    except Exception as error:
        raise AssertionError(heard.failed) from error
    check_same(sample, there)
    config = there.client().get_function_configuration(FunctionName=sample.worker)
    variables = config["Environment"]["Variables"]
    assert variables["API_TOKEN"] == "new-secret"
    assert variables["GREETING"] == "hello ${you}"
    assert variables["TABLE"] != sample.table


def test_rights_become_policy_templates(sample: Sample, tmp_path: Path) -> None:
    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        pass

    Loader.add_multi_constructor("!", lambda _, tag, node: f"{tag} {node.value}")
    export(At(sample.engine), "sam", [sample.worker], tmp_path / "app")
    template: dict[str, Any] = yaml.load((tmp_path / "app/template.yaml").read_text(), Loader)
    (worker,) = [
        one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Serverless::Function"
    ]
    *templates, written = worker["Policies"]
    names = [name for one in templates for name in one]
    assert names == ["DynamoDBReadPolicy", "DynamoDBWritePolicy", "SNSPublishMessagePolicy"]
    # The other function is not exported, so that it is named by its ARN.
    invoking, putting = written["Statement"]
    assert invoking["Action"] == ["lambda:InvokeFunction"]
    assert invoking["Resource"].endswith(f":function:{sample.other}")
    # No template is only for writing objects.
    assert putting["Action"] == ["s3:PutObject"]
    readme = (tmp_path / "app/README.md").read_text()
    assert "`DynamoDBWritePolicy` allows also `dynamodb:BatchWriteItem`" in readme
    assert "`dynamodb:DeleteItem`" not in readme
