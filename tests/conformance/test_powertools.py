"""Packages that people run inside functions, unmodified: Powertools, OpenTelemetry."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine

pytestmark = pytest.mark.slow

PACKAGES = {
    "powertools": ["aws-lambda-powertools>=3,<4"],
    "opentelemetry": [
        "opentelemetry-sdk>=1.27",
        "opentelemetry-instrumentation-aws-lambda>=0.48b0",
    ],
}

LOGGER = """
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="payment")
metrics = Metrics(namespace="Shop", service="payment")


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(correlation_id_path="requestContext.requestId", log_event=True)
def handler(event, context):
    logger.info("collecting", extra={"order": event["order"]})
    metrics.add_metric(name="Orders", unit=MetricUnit.Count, value=1)
    try:
        raise ValueError("no card")
    except ValueError:
        logger.exception("refused")
    return {"ok": True}
"""

RESOLVER = """
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

app = APIGatewayHttpResolver()


@app.get("/todos/<number>")
def todo(number):
    if number == "0":
        raise NotFoundError("no such todo")
    return {"todo": int(number)}


def handler(event, context):
    return app.resolve(event, context)
"""

TELEMETRY = """
from opentelemetry import trace
from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider()
exporter = ConsoleSpanExporter(formatter=lambda span: span.to_json(indent=None) + "\\n")
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("test")


def handler(event, context):
    with tracer.start_as_current_span("work"):
        return event["n"] + 1


AwsLambdaInstrumentor().instrument(tracer_provider=provider)
"""


def layer_of(name: str) -> bytes:
    """A layer archive of packages from pip; kept beside the virtual environment."""
    folder = Path(sys.prefix) / "share" / "lambda-nb-tests" / name
    target = folder / "python"
    if not target.exists():
        building = folder / f"building-{os.getpid()}"  # another worker may build the same
        shutil.rmtree(building, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(building)]
        done = subprocess.run(
            [*command, *PACKAGES[name]], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"pip could not install {PACKAGES[name]}: {done.stderr[-300:]}")
        with contextlib.suppress(OSError):
            building.rename(target)
        shutil.rmtree(building, ignore_errors=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(target.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(folder))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def layers(engine: Engine) -> dict[str, str]:
    """ARNs of layer versions with the packages."""
    return {
        name: engine.client().publish_layer_version(
            LayerName=engine.name(name), Content={"ZipFile": layer_of(name)}
        )["LayerVersionArn"]
        for name in PACKAGES
    }


def invoke(engine: Engine, name: str, event: Any) -> tuple[Any, list[str]]:
    import base64

    answer = engine.client().invoke(
        FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail"
    )
    log = base64.b64decode(answer["LogResult"]).decode()
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, (payload, log)
    return payload, log.splitlines()


def test_powertools_logger_and_metrics(engine: Engine, layers: dict[str, str]) -> None:
    name = engine.create(LOGGER, Layers=[layers["powertools"]], Timeout=20, MemorySize=256)
    event = {"order": 7, "requestContext": {"requestId": "abc"}}
    payload, log = invoke(engine, name, event)
    assert payload == {"ok": True}
    told = [json.loads(line) for line in log if line.startswith("{")]
    collecting = next(line for line in told if line.get("message") == "collecting")
    assert collecting["order"] == 7
    assert collecting["correlation_id"] == "abc"
    assert collecting["cold_start"] is True
    assert collecting["function_name"] == name
    refused = next(line for line in told if line.get("message") == "refused")
    assert refused["exception_name"] == "ValueError"
    emf = [line for line in told if "_aws" in line]
    assert {m for line in emf for m in ("Orders", "ColdStart") if m in line} == {
        "Orders",
        "ColdStart",
    }


def test_powertools_event_handler(engine: Engine, layers: dict[str, str]) -> None:
    name = engine.create(RESOLVER, Layers=[layers["powertools"]], Timeout=20, MemorySize=256)

    def get(path: str) -> Any:
        context = {"http": {"method": "GET", "path": path}, "stage": "$default"}
        event = {"version": "2.0", "rawPath": path, "requestContext": context, "headers": {}}
        return invoke(engine, name, event)[0]

    found = get("/todos/4")
    assert found["statusCode"] == 200
    assert json.loads(found["body"]) == {"todo": 4}
    assert get("/todos/0")["statusCode"] == 404


def test_opentelemetry(engine: Engine, layers: dict[str, str]) -> None:
    name = engine.create(TELEMETRY, Layers=[layers["opentelemetry"]], Timeout=20, MemorySize=256)
    payload, log = invoke(engine, name, {"n": 1})
    assert payload == 2
    spans = [json.loads(line) for line in log if line.startswith("{")]
    work = next(span for span in spans if span["name"] == "work")
    outer = next(span for span in spans if span["name"] != "work")
    assert work["parent_id"] == outer["context"]["span_id"]
    assert outer["attributes"]["faas.invocation_id"]
    assert any(name in str(value) for value in outer["attributes"].values())
