"""Drives the control plane directly with dicts, without HTTP: what its tests share."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.validate import ParamValidator

from lambda_nb.engine import service_model
from lambda_nb.engine.control import Control
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Caller, FetchFailed, FunctionVersion, ProvisionedStatus

ACCOUNT = "000000000000"
REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


class Hooks:
    """Stands for execution and lists the calls it gets; everything provisioned is ready at once."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.init_error = self.provisioning_error = ""
        self.environments: dict[tuple[str, str], int] = {}

    def code_changed(self, function_name: str, version: str) -> None:
        self.told.append(("code_changed", function_name, version))

    def deleted(self, function_name: str, version: str | None) -> None:
        self.told.append(("deleted", function_name, version))

    def reserved(self, function_name: str, concurrency: int | None) -> None:
        self.told.append(("reserved", function_name, concurrency))

    def provisioned(self, function_name: str, version: str, environments: int) -> None:
        self.told.append(("provisioned", function_name, version, environments))
        self.environments[function_name, version] = environments

    def prepare(self, function: FunctionVersion) -> None:
        pass

    def snapshot(self, function: FunctionVersion, taken: Callable[[str], None]) -> None:
        self.told.append(("snapshot", function.name, function.version))
        taken(self.init_error)

    def provisioned_status(self, function_name: str, version: str) -> ProvisionedStatus:
        environments = self.environments.get((function_name, version), 0)
        ready = 0 if self.provisioning_error else environments
        return ProvisionedStatus(ready, ready, self.provisioning_error)


class Bucket:
    """S3 as the control plane sees it."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    async def __call__(self, bucket: str, key: str, version: str | None) -> bytes:
        if (bucket, key) not in self.objects:
            raise FetchFailed("NoSuchKey", "The specified key does not exist.")
        return self.objects[bucket, key]


class Harness:
    """A control plane on a directory; ``await harness("CreateFunction", ...)`` calls it."""

    def __init__(self, directory: Path, **options: Any) -> None:
        self.directory = directory
        self.hooks = Hooks()
        self.bucket = Bucket()
        self.control = Control(
            directory / "control.db",
            directory / "files",
            account=ACCOUNT,
            region=REGION,
            endpoint=lambda: "http://127.0.0.1:9000",
            address=lambda identifier: f"http://{identifier}.lambda-url.localhost:9000",
            fetch=self.bucket,
            executor_hooks=self.hooks,
            **options,
        )
        self._operations = self.control.operations()

    async def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """The answer as given, before the event loop's next turn."""
        answer = self._operations[operation](request, Caller(ACCOUNT, REGION))
        made = answer if isinstance(answer, dict) else await answer
        fits_the_model(operation, made)
        return made

    async def settled(self, operation: str, **request: Any) -> dict[str, Any]:
        """The answer, after everything that it started is done."""
        answer = await self(operation, **request)
        await asyncio.sleep(0)
        return answer

    async def function(self, name: str = "f", **settings: Any) -> dict[str, Any]:
        """A new active function."""
        return await self.settled("CreateFunction", **minimal(name, **settings))

    def close(self) -> None:
        self.control.close()


def fits_the_model(operation: str, answer: dict[str, Any]) -> None:
    """An answer has only members of the service model, each of the model's type."""
    shape = service_model.operation(operation).output_shape
    if shape is None:
        assert answer == {}
        return
    unknown = answer.keys() - shape.members.keys()
    assert not unknown, f"{operation} answers {unknown}"
    if operation == "GetFunctionCodeSigningConfig":  # AWS leaves the ARN out if there is none
        answer = {"CodeSigningConfigArn": "", **answer}
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), f"{operation}: {report.generate_report()}"


def minimal(name: str = "f", **settings: Any) -> dict[str, Any]:
    """What CreateFunction needs, changed by ``settings`` (``None`` leaves a member out)."""
    request = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "m.handler",
        "Code": {"ZipFile": archive()},
        **settings,
    }
    return {key: value for key, value in request.items() if value is not None}


def archive(text: str = "def handler(event, context): return event\n", name: str = "m.py") -> bytes:
    """A zip archive of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), text)
    return buffer.getvalue()


@contextmanager
def refused(code: str, message: str | None = None, status: int | None = None) -> Iterator[None]:
    """The block must end in this error."""
    with pytest.raises(AWSError) as caught:
        yield
    assert caught.value.code == code
    if message is not None:
        assert caught.value.message == message
    if status is not None:
        assert caught.value.status == status


INVALID = "InvalidParameterValueException"
NOT_FOUND = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
VALIDATION = "ValidationException"
PRECONDITION = "PreconditionFailedException"


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    """A new control plane for each test."""
    made = Harness(tmp_path)
    yield made
    made.close()
