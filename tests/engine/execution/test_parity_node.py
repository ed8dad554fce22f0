"""Our Node.js runtime beside AWS's own client, ``aws-lambda-ric`` from npm: same answers."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from execution_lab import Lab, lab, make_lab, task_root

from lambda_nb.engine.model import FunctionVersion

__all__ = ["lab", "make_lab"]

CLIENT = "aws-lambda-ric@3"
BUILT = "node_modules/aws-lambda-ric/dist/rapid-client.node"
NEEDED = ("npm", "node", "cmake", "make", "g++", "autoreconf", "libtoolize")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.xdist_group("javascript"),
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in NEEDED),
        reason=f"AWS's Node.js client is built with {', '.join(NEEDED)}",
    ),
]

BODY = """
class Custom extends Error {
  constructor(message) { super(message); this.name = "Custom"; this.code = 7; }
}
const later = (value) => new Promise((resolve) => setTimeout(() => resolve(value), 5));
const deep = (n) => { if (n === 0) throw new Custom("deep"); deep(n - 1); };
exports.handler = async (event, context) => eval(event.code);
exports.callback = (event, context, callback) => eval(event.code);
"""

CODES = [
    "1",
    "null",
    "undefined",
    "'grüße ☃ 😀'",
    "({a: [1, 2.5, true, null], b: {c: undefined, d: () => 1}})",
    "[NaN, Infinity, -Infinity, undefined]",
    "new Date(0)",
    "new Map([[1, 2]])",
    "Buffer.from('raw')",
    "later({slow: true})",
    "({toJSON: () => 'own'})",
    "BigInt(7)",
    "(() => { const loop = {}; loop.self = loop; return loop; })()",
    "(() => { throw new Error('plain') })()",
    "(() => { throw new TypeError('first\\nsecond') })()",
    "(() => { throw 'a string' })()",
    "(() => { throw {not: 'an error'} })()",
    "(() => { throw null })()",
    "deep(3)",
    "Promise.reject(new Custom('rejected'))",
    "Promise.reject(new Error('outer', {cause: new RangeError('inner')}))",
    "null.nope",
    "nowhere",
    "context.functionName.length > 0 && context.getRemainingTimeInMillis() > 1000",
    "Object.keys(context).sort()",
    "context.callbackWaitsForEmptyEventLoop",
    "process.env._HANDLER",
]

CALLBACKS = [
    "callback(null, {called: 1})",
    "callback(new Custom('through the callback'))",
    "callback('only text')",
    "context.succeed({old: 'way'})",
    "context.fail(new Error('old way'))",
    "context.done(null, 'done')",
    "setTimeout(() => callback(null, 'later'), 5)",
    "Promise.resolve('a promise all the same')",
]


@pytest.fixture(scope="module")
def client() -> Path:
    """AWS's client, built once and kept beside the virtual environment."""
    folder = Path(sys.prefix) / "share" / "lambda-nb-tests" / "node-client"
    built = folder / BUILT
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers need it too, and npm builds in place
        if not built.exists():
            _build(folder)
    if not built.exists():
        said = (folder / "npm.log").read_text().strip()[-400:]
        pytest.skip(f"npm could not build {CLIENT}: see {folder / 'npm.log'}, which ends: {said}")
    return built.parent.parent


def _build(folder: Path) -> None:
    """Takes minutes (curl and C++). Runs the build again where npm is set up to run no scripts."""
    npm = ["npm", "--no-audit", "--no-fund", "--prefix", str(folder)]
    parallel = {**os.environ, "MAKEFLAGS": f"-j{os.cpu_count() or 1}"}
    with (folder / "npm.log").open("w") as log:
        for command in (["install", CLIENT], ["rebuild", "aws-lambda-ric"]):
            done = subprocess.run(
                [*npm, *command], stdout=log, stderr=log, cwd=folder, env=parallel
            )
            if done.returncode or (folder / BUILT).exists():
                return


def pair(lab: Lab, client: Path, handler: str, **files: str) -> list[FunctionVersion]:
    """The same function on our runtime and, as a custom runtime, on AWS's client."""
    code = {"index.js": BODY, **files}
    bootstrap = '#!/bin/sh\nexec node "$LAMBDA_TASK_ROOT/client/bin/index.mjs" "$_HANDLER"\n'
    ours = lab.function(
        name="same", runtime="nodejs20.x", handler=handler, files=code, timeout_s=30
    )
    theirs = lab.function(
        name="same-theirs", runtime="provided.al2023", handler=handler, timeout_s=30,
        files={"bootstrap": bootstrap, **code},
    )  # fmt: skip
    for part in ("bin", "dist"):
        shutil.copytree(client / part, theirs.code_dir / "client" / part)
    return [ours, theirs]


async def answers(lab: Lab, functions: list[FunctionVersion], event: Any) -> list[Any]:
    seen = []
    for function in functions:
        result = await lab.invoke(function, event)
        text = result.payload.decode().replace(result.request_id, "ID")
        text = text.replace(task_root(lab, function), "TASK").replace("same-theirs", "same")
        # Each client has its own path.
        text = re.sub(r"(file://)?(TASK/client/dist|/var/runtime)/index.mjs", "RUNTIME", text)
        answer = json.loads(text) if text else None
        if result.function_error and isinstance(answer, dict):
            called = "    at Runtime.handleOnceNonStreaming (RUNTIME"
            answer["trace"] = [
                re.sub(r"RUNTIME:\d+:\d+|eval at .*?\)", "", line)
                for line in answer.get("trace", [])
                if line.startswith(called) or "RUNTIME" not in line
            ]
        seen.append((result.function_error, answer))
    return seen


@pytest.mark.parametrize(
    ("handler", "codes"), [("index.handler", CODES), ("index.callback", CALLBACKS)]
)
async def test_answers_are_the_same(lab: Lab, client: Path, handler: str, codes: list[str]) -> None:
    functions = pair(lab, client, handler)
    differences = []
    for code in codes:
        ours, theirs = await answers(lab, functions, {"code": code})
        if ours != theirs:
            differences.append(f"{code}\n  ours   {ours}\n  theirs {theirs}")
    assert not differences, "\n\n".join(differences)


@pytest.mark.parametrize(
    ("source", "handler"),
    [
        ("throw new Error('no database')", "index.handler"),
        ("exports.handler = (", "index.handler"),
        ("require('nowhere')", "index.handler"),
        ("exports.other = 1", "index.handler"),
        ("exports.handler = 1", "index.handler"),
        ("", "nodot"),
        ("", "missing.handler"),
    ],
)
async def test_init_errors_are_the_same(lab: Lab, client: Path, source: str, handler: str) -> None:
    functions = pair(lab, client, handler, **{"index.js": source})
    ours, theirs = await answers(lab, functions, {})
    # Ours keeps the frames that lead to the failing line; AWS's replaces them by its own.
    told = [(kind, answer["errorType"], answer["errorMessage"]) for kind, answer in (ours, theirs)]
    assert told[0] == told[1]
