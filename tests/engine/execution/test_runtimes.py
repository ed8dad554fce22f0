"""Languages other than our own Python: real interpreters and compilers, real handlers."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from engine_fixtures import needs_program
from execution_lab import Lab, MakeLab, error, lab, make_lab, report, task_root

from lambda_nb.engine.execution.runtimes import interpreters

__all__ = ["lab", "make_lab"]


BOOTSTRAP = """#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/invocation/next")
  id=$(grep -i Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '\\r' | cut -d' ' -f2)
  echo "handling $_HANDLER"
  curl -sS -X POST "$api/invocation/$id/response" -d "{\\"got\\": $event}" > /dev/null
done
"""


@needs_program("curl")
async def test_a_shell_script_as_custom_runtime(lab: Lab) -> None:
    function = lab.function(
        runtime="provided.al2023", files={"bootstrap": BOOTSTRAP}, handler="anything", timeout_s=20
    )
    first, second = await lab.invoke(function, 1), await lab.invoke(function, 2)
    assert (first.payload, second.payload) == (b'{"got": 1}', b'{"got": 2}')
    assert (first.start, second.start) == ("cold", "warm")
    assert b"handling anything\n" in second.log_tail


async def test_a_custom_runtime_without_bootstrap(lab: Lab) -> None:
    function = lab.function(runtime="provided.al2023", files={"readme": ""})
    result = await lab.invoke(function)
    assert error(result) == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: {result.request_id} Error: "
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
    }
    assert report(result).error_type == "Runtime.InvalidEntrypoint"


async def test_awss_own_python_client_as_bootstrap(lab: Lab) -> None:
    pytest.importorskip("awslambdaric")
    site = Path(sys.modules["awslambdaric"].__file__ or "").parent.parent
    function = lab.function(
        runtime="provided.al2023",
        files={
            "bootstrap": f"#!/bin/sh\nPYTHONPATH={site} exec {interpreters.own_python()} "
            '-m awslambdaric "$_HANDLER"\n',
            "app.py": "def handler(event, context):\n"
            "    print('printed')\n"
            "    if event == 'fail': raise ValueError('bad')\n"
            "    if event == 'exit': raise SystemExit(4)\n"
            "    if event == 'large': return 'x' * (7 << 20)\n"
            "    return [event, context.aws_request_id, context.memory_limit_in_mb]\n",
        },
        timeout_s=30,
    )
    result = await lab.invoke(function, {"a": 1})
    assert json.loads(result.payload) == [{"a": 1}, result.request_id, "128"]
    assert b"printed\n" in result.log_tail
    failed = error(await lab.invoke(function, "fail"))
    assert (failed["errorType"], failed["errorMessage"]) == ("ValueError", "bad")
    assert "exit status 4" in error(await lab.invoke(function, "exit"))["errorMessage"]
    large = error(await lab.invoke(function, "large"))
    assert large["errorType"] == "Function.ResponseSizeTooLarge"
    assert json.loads((await lab.invoke(function, 5)).payload)[0] == 5


NODE_HANDLERS = """
exports.promised = async (event, context) => {
  console.log("hello", {event});
  console.error("two\\nlines");
  return {event, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0};
};
exports.called = (event, context, callback) => setTimeout(() => callback(null, event + 1), 5);
exports.failing = async () => { throw new TypeError("bad"); };
exports.exiting = async () => process.exit(7);
exports.never = () => new Promise(() => {});
"""


@needs_program("node")
async def test_nodejs_commonjs(lab: Lab) -> None:
    def function(name: str) -> object:
        return lab.function(
            runtime="nodejs20.x", files={"index.js": NODE_HANDLERS}, handler=f"index.{name}",
            timeout_s=20, memory_mb=256,
        )  # fmt: skip

    promised = function("promised")
    result = await lab.invoke(promised, 1)  # type: ignore[arg-type]
    assert json.loads(result.payload) == {"event": 1, "id": result.request_id, "left": True}
    messages = [message for *_, message in lab.sink.events]
    head = rf"[\dT:.-]+Z\t{result.request_id}\t"
    assert any(re.fullmatch(head + r"INFO\thello \{ event: 1 \}\n", m) for m in messages)
    assert any(re.fullmatch(head + r"ERROR\ttwo\nlines\n", m) for m in messages)
    assert (await lab.invoke(promised, 2)).start == "warm"  # type: ignore[arg-type]
    assert (await lab.invoke(function("called"), 1)).payload == b"2"  # type: ignore[arg-type]
    failed = error(await lab.invoke(function("failing")))  # type: ignore[arg-type]
    assert (failed["errorType"], failed["errorMessage"]) == ("TypeError", "bad")
    assert failed["trace"][0] == "TypeError: bad"
    exited = error(await lab.invoke(function("exiting")))  # type: ignore[arg-type]
    assert "exit status 7" in exited["errorMessage"]
    never = error(await lab.invoke(function("never")))  # type: ignore[arg-type]
    assert never["errorType"] == "Runtime.NodejsExit"
    missing = error(await lab.invoke(function("missing")))  # type: ignore[arg-type]
    assert missing["errorType"] == "Runtime.HandlerNotFound"


@needs_program("node")
async def test_nodejs_modules_and_streaming(lab: Lab) -> None:
    source = """
    export const handler = async (event) => event.map((n) => n * 2);
    export const stream = awslambda.streamifyResponse(async (event, out) => {
      out.setContentType("text/plain");
      for (const word of event) { out.write(word); await new Promise((r) => setTimeout(r, 20)); }
      out.end();
    });
    """
    settings = {"runtime": "nodejs22.x", "files": {"index.mjs": source}, "memory_mb": 256}
    function = lab.function(handler="index.handler", timeout_s=20, **settings)
    assert (await lab.invoke(function, [1, 2])).payload == b"[2,4]"
    streaming = lab.function(handler="index.stream", timeout_s=20, **settings)
    kinds: list[str] = []
    chunks: list[bytes] = []

    async def on_start(kind: str) -> None:
        kinds.append(kind)

    async def on_chunk(chunk: bytes) -> None:
        chunks.append(chunk)

    result = await lab.invoke(streaming, ["a", "b", "c"], on_start=on_start, on_chunk=on_chunk)
    assert result.function_error is None
    assert (kinds, chunks) == (["text/plain"], [b"a", b"b", b"c"])
    whole = await lab.invoke(streaming, ["a", "b", "c"])
    assert whole.payload == b"abc"
    buffered: list[bytes] = []

    async def collect(chunk: bytes) -> None:
        buffered.append(chunk)

    await lab.invoke(function, [1], on_start=on_start, on_chunk=collect)
    assert buffered == [b"[2]"]


@needs_program("ruby")
async def test_ruby(lab: Lab) -> None:
    source = (
        "def handler(event:, context:)\n"
        "  puts 'printed'\n"
        "  raise ArgumentError, 'bad' if event == 'fail'\n"
        "  { got: event, id: context.aws_request_id }\n"
        "end\n"
    )
    function = lab.function(
        runtime="ruby3.3", files={"function.rb": source}, handler="function.handler", timeout_s=20
    )
    result = await lab.invoke(function, {"a": 1})
    assert json.loads(result.payload) == {"got": {"a": 1}, "id": result.request_id}
    assert b"printed\n" in result.log_tail
    failed = error(await lab.invoke(function, "fail"))
    assert (failed["errorType"], failed["errorMessage"]) == ("Function<ArgumentError>", "bad")


@needs_program("javac")
@pytest.mark.slow
async def test_java_from_source(lab: Lab) -> None:
    source = """
    import com.amazonaws.services.lambda.runtime.*;
    import java.util.Map;
    public class Hello implements RequestHandler<Map<String, Object>, Map<String, Object>> {
        public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
            context.getLogger().log("logged");
            if (event.containsKey("fail")) throw new IllegalStateException("bad");
            return Map.of("got", event, "id", context.getAwsRequestId());
        }
    }
    """
    settings = {"runtime": "java17", "memory_mb": 512, "timeout_s": 60}
    function = lab.function(files={"Hello.java": source}, handler="Hello", **settings)
    result = await lab.invoke(function, {"a": 1})
    assert json.loads(result.payload) == {"got": {"a": 1}, "id": result.request_id}
    assert b"logged" in result.log_tail
    failed = error(await lab.invoke(function, {"fail": True}))
    assert failed["errorType"] == "java.lang.IllegalStateException"
    wrong = lab.function(files={"Hello.java": "class {"}, handler="Hello", **settings)
    assert "javac failed:" in error(await lab.invoke(wrong))["errorMessage"]


@needs_program("go")
@pytest.mark.slow
async def test_go_from_source(lab: Lab) -> None:
    source = """package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func handle(ctx context.Context, event map[string]int) (map[string]interface{}, error) {
	lc, _ := lambdacontext.FromContext(ctx)
	fmt.Println("printed")
	if event["a"] == 0 {
		return nil, errors.New("bad")
	}
	return map[string]interface{}{"got": event["a"], "id": lc.AwsRequestID}, nil
}

func main() { lambda.Start(handle) }
"""
    settings = {"runtime": "provided.al2023", "handler": "bootstrap", "timeout_s": 20}
    function = lab.function(files={"main.go": source}, **settings)
    result = await lab.invoke(function, {"a": 1})
    assert json.loads(result.payload) == {"got": 1, "id": result.request_id}
    assert b"printed\n" in result.log_tail
    assert error(await lab.invoke(function, {}))["errorMessage"] == "bad"
    wrong = lab.function(files={"main.go": "package main\nfunc main() { nothing }"}, **settings)
    assert "go failed:" in error(await lab.invoke(wrong))["errorMessage"]


@pytest.mark.parametrize("version", list(interpreters.pythons()))
async def test_every_python_of_this_machine(lab: Lab, version: str) -> None:
    function = lab.function(
        "import sys\ndef handler(event, context):\n    return list(sys.version_info[:2])",
        runtime=f"python{version}",
        timeout_s=20,
    )
    result = await lab.invoke(function)
    assert json.loads(result.payload) == [int(n) for n in version.split(".")]
    assert (await lab.invoke(function)).start == "warm"
    broken = lab.function(
        "def handler(event, context):\n    raise ValueError('bad')",
        runtime=f"python{version}",
        timeout_s=20,
    )
    # The error object of Python 3.8 has no requestId (recorded.md 15).
    keys = ["errorMessage", "errorType", *(["requestId"] * (version != "3.8")), "stackTrace"]
    assert list(error(await lab.invoke(broken))) == keys


USES_SETUPTOOLS = """
import sys, warnings
def handler(event, context):
    with warnings.catch_warnings(record=True) as seen:
        import pkg_resources
    parsed = str(pkg_resources.parse_version("1.10"))
    return [parsed, [str(one.message) for one in seen], pkg_resources.__file__ in event]
"""


@pytest.mark.parametrize("fork", [True, False])
@pytest.mark.parametrize("version", list(interpreters.pythons()))
async def test_pkg_resources_is_there_up_to_3_11(
    make_lab: MakeLab, version: str, fork: bool
) -> None:
    lab = await make_lab(fork=fork)
    function = lab.function(USES_SETUPTOOLS, runtime=f"python{version}", timeout_s=30)
    result = await lab.invoke(function, [])
    if tuple(map(int, version.split("."))) > (3, 11):
        assert "No module named 'pkg_resources'" in error(result)["errorMessage"]
        return
    assert json.loads(result.payload) == ["1.10", [], False]
    own = {"app.py": USES_SETUPTOOLS, "pkg_resources.py": "parse_version = str\n"}
    mine = lab.function(files=own, runtime=f"python{version}", timeout_s=30)
    path = f"{task_root(lab, mine)}/pkg_resources.py"
    assert json.loads((await lab.invoke(mine, [path])).payload) == ["1.10", [], True]


async def test_a_wrapper_script_starts_the_runtime(make_lab: MakeLab) -> None:
    lab = await make_lab()
    layer = lab.folder / "layer"
    layer.mkdir()
    (layer / "wrap").write_text('#!/bin/sh\nWRAPPED=yes exec "$@"\n')
    (layer / "wrap").chmod(0o755)
    function = lab.function(
        "import os\ndef handler(event, context):\n    return os.environ['WRAPPED']",
        environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"},
        layer_dirs=(layer,),
    )
    assert (await lab.invoke(function)).payload == b'"yes"'


async def test_an_sdk_of_a_layer_that_cannot_be_imported_is_its_functions_error(lab: Lab) -> None:
    layer = lab.folder / "layer"
    for name, text in (("boto3", "import botocore"), ("botocore", "raise TypeError('too new')")):
        (layer / "python" / name).mkdir(parents=True)
        (layer / "python" / name / "__init__.py").write_text(text)
    function = lab.function(
        "def handler(event, context):\n"
        "    try:\n        import boto3\n"
        "    except TypeError as error:\n        return str(error)\n"
        "    boto3.client('sqs')\n",
        layer_dirs=(layer,),
    )
    assert (await lab.invoke(function)).payload == b'"too new"'


async def test_layers_merge_in_order(lab: Lab) -> None:
    layers = []
    for number in (1, 2):
        packages = lab.folder / f"layer{number}" / "python"
        packages.mkdir(parents=True)
        (packages / f"only{number}.py").write_text(f"value = {number}")
        (packages / "both.py").write_text(f"value = {number}")
        layers.append(packages.parent)
    function = lab.function(
        "import only1, only2, both\n"
        "def handler(event, context):\n    return [only1.value, only2.value, both.value]",
        layer_dirs=tuple(layers),
    )
    assert json.loads((await lab.invoke(function)).payload) == [1, 2, 2]
