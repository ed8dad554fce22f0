"""Any request that the service model can express is answered, or refused as AWS refuses."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from control_harness import ACCOUNT, ARN, REGION, ROLE, Harness, archive, fits_the_model, minimal

from lambda_nb.engine import service_model
from lambda_nb.engine.durable import Durable
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Caller, Invocation, InvocationResult, Resolved
from lambda_nb.rules.settings import constraints

REQUESTS = 6000

SIGNER = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/v"

# Words that are valid values, so that requests get past the first check.
WORDS = [
    "f", "g", "live", "1", "2", "$LATEST", "$LATEST.PUBLISHED", "", " ", "é\u2028", "x" * 300, "0",
    "-1", "nobody", "f:live", "f:1", f"{ARN}f", f"{ARN}f:1", f"{ARN}nobody", "lib", "all", "*",
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:lib:1", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
    f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s",
    f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
    f"arn:aws:lambda:{REGION}:999999999999:function:f", ROLE, "s3.amazonaws.com", "lambda:Invoke",
    "python3.12", "java21", "m.h", '{"a": ["b"]}', "{", "arn:aws:s3:::b", "cG9zaXRpb246MQ==",
    f"{ARN}f:$LATEST/durable-execution/n/n", "2026-11-23T00:00:00.000+0000",
    SIGNER, "subnet-1", "sg-1", "KEY",
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:x", "h1", "a_new_one", "123456789012",
]  # fmt: skip
NUMBERS = [-1, 0, 1, 2, 3, 10, 60, 100, 128, 900, 901, 1000, 10240, 10241, 2**31 - 1]


class Requests:
    """Random requests: mostly well formed, now and then at or beyond a boundary.

    What answers contain (identifiers, ARNs, revisions) is used again in later requests.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._seen: dict[str, list[Any]] = {}

    def of(self, operation: str) -> dict[str, Any]:
        shape = service_model.operation(operation).input_shape
        return {} if shape is None else self._structure(shape)

    def learn(self, answer: Any) -> None:
        """Remember the texts of an answer by the names of their members."""
        for name, value in answer.items():
            if isinstance(value, dict):
                self.learn(value)
            elif isinstance(value, str):
                self._seen.setdefault(name, []).append(value)
                if name.endswith("Arn"):
                    self._seen.setdefault("Resource", []).append(value)

    def _structure(self, shape: Any) -> dict[str, Any]:
        needed = set(shape.required_members)
        return {
            name: self._member(name, member)
            for name, member in shape.members.items()
            if name in needed or self.random.random() < 0.2
        }

    def _member(self, name: str, shape: Any) -> Any:
        seen = self._seen.get(name)
        if seen and shape.type_name == "string" and self.random.random() < 0.5:
            return self.random.choice(seen[-20:])
        return self._value(shape)

    def _value(self, shape: Any) -> Any:
        choose = self.random.choice
        match shape.type_name:
            case "structure":
                return self._structure(shape)
            case "list":
                return [self._value(shape.member) for _ in range(choose([0, 1, 1, 1, 2, 6]))]
            case "map":
                count = choose([0, 1, 1, 2, 51])
                return {self._value(shape.key): self._value(shape.value) for _ in range(count)}
            case "integer" | "long":
                return self._likely(shape, NUMBERS)
            case "double" | "float":
                return self._likely(shape, [-0.1, 0.0, 0.5, 1.0, 1.1, 100.0])
            case "boolean":
                return choose([True, False])
            case "blob":
                return choose([b"", b"no zip", archive(), archive("y = 1"), archive("z = 1")])
            case "timestamp":
                return datetime(2026, 1, 1, tzinfo=timezone.utc)
            case _:
                return self._likely(shape, shape.metadata.get("enum") or WORDS)

    def _likely(self, shape: Any, values: list[Any]) -> Any:
        """In nine cases of ten a value that keeps the shape's constraints, if there is one."""
        rules = constraints._rules(shape)
        fitting = [value for value in values if all(rule.holds(value) for rule in rules)]
        if fitting and self.random.random() < 0.9:
            return self.random.choice(fitting)
        return self.random.choice([*values, *WORDS] if shape.type_name == "string" else values)


async def fails(resolved: Resolved, invocation: Invocation) -> InvocationResult:
    version = resolved.function.version
    return InvocationResult(invocation.request_id, b"{}", version, function_error="Unhandled")


async def furnish(harness: Harness, durable: Durable, requests: Requests) -> None:
    """Create resources that later requests may use."""
    for name in ("f", "g"):
        if harness.control.configuration(name, "$LATEST") is None:
            requests.learn(await harness.function(name, Publish=True))
    number = requests.random.randrange(10**9)
    alias = {"FunctionName": "f", "Name": f"a{number}", "FunctionVersion": "$LATEST"}
    requests.learn(await harness("CreateAlias", **alias))
    content = {"LayerName": "lib", "Content": {"ZipFile": archive()}}
    requests.learn(await harness("PublishLayerVersion", **content))
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q{number}"
    mapping = {"FunctionName": "f", "EventSourceArn": queue}
    requests.learn(await harness.settled("CreateEventSourceMapping", **mapping))
    publishers = {"SigningProfileVersionArns": [SIGNER]}
    signing = await harness("CreateCodeSigningConfig", AllowedPublishers=publishers)
    requests.learn(signing)
    name = f"d{number}"
    requests.learn(await harness.function(name, DurableConfig={"ExecutionTimeout": 600}))
    resolved = harness.control.resolve(f"{name}:$LATEST", None)
    arn = durable.begin(resolved, Invocation(str(number), b"{}", resolved.invoked_arn))
    requests.learn({"DurableExecutionArn": arn})


@pytest.mark.parametrize("seed", range(3))
async def test_no_request_breaks_the_control_plane(tmp_path: Path, seed: int) -> None:
    harness = Harness(tmp_path)
    durable = Durable(harness.control, fails)
    handlers = {**harness.control.operations(), **durable.operations()}
    requests = Requests(seed)
    names = sorted(handlers)
    answered: set[str] = set()
    for number in range(REQUESTS):
        if number % 200 == 0:
            await furnish(harness, durable, requests)
        operation = requests.random.choice(names)
        request = requests.of(operation)
        if operation == "CreateFunction" and requests.random.random() < 0.5:
            request = {**request, **minimal(f"n{number}")}
        problem: object = None
        try:
            answer = handlers[operation](request, Caller(ACCOUNT, REGION))
            if not isinstance(answer, dict):
                answer = await answer
        except AWSError as error:
            problem = error.message if error.status >= 500 else None
        except Exception as error:
            problem = repr(error)
        else:
            fits_the_model(operation, answer)
            requests.learn(answer)
            answered.add(operation)
        assert problem is None, (operation, request, problem)
        await asyncio.sleep(0)
    assert len(answered) > len(names) * 0.75, sorted(set(names) - answered)
    await durable.close()
    harness.close()
    again = Harness(tmp_path)  # whatever was stored can be read
    for listing in ("ListFunctions", "ListLayers", "ListEventSourceMappings"):
        await again(listing)
    again.close()
