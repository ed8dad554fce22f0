"""The page reads a cell's first line as the kernel does: same name, runtime and kind of cell."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import needs_program
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.magics import function_magic
from lambda_nb.notebook.magics.options import HelpShown, cell_parser, parse_cell, split

EXTENSION = Path(__file__).resolve().parents[2] / "labextension"
TYPESCRIPT = EXTENSION / "node_modules" / "typescript"
pytestmark = [
    needs_program("node"),
    pytest.mark.skipif(
        not TYPESCRIPT.exists(), reason="needs the extension's packages: `make labextension`"
    ),
]

ANSWER = """
const fs = require('fs'), path = require('path'), readline = require('readline');
const [typescript, sources, place] = process.argv.slice(2);
const ts = require(typescript);
for (const name of ['words', 'magic']) {
  const text = fs.readFileSync(path.join(sources, name + '.ts'), 'utf8');
  const options = { module: 'commonjs', target: 'es2021' };
  const made = ts.transpileModule(text, { compilerOptions: options }).outputText;
  fs.writeFileSync(path.join(place, name + '.js'), made);
}
const magic = require(path.join(place, 'magic.js'));
readline.createInterface({ input: process.stdin }).on('line', line => {
  const { call, args } = JSON.parse(line);
  const value = typeof magic[call] === 'function' ? magic[call](...args) : magic[call];
  console.log(JSON.stringify(value));
});
"""


class Page:
    """``labextension/src/cells/magic.ts``, running in Node.js."""

    def __init__(self, place: Path) -> None:
        program = place / "answer.cjs"
        program.write_text(ANSWER)
        sources = EXTENSION / "src" / "cells"
        command = ["node", str(program), str(TYPESCRIPT), str(sources), str(place)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, call: str, *args: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"call": call, "args": args}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    made = Page(tmp_path_factory.mktemp("page"))
    yield made
    made.close()


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
WORDS = st.from_regex(r"[A-Za-z0-9_./*:'\" =-]{1,12}", fullmatch=True).filter(
    lambda word: not word.startswith("-")
)
RUNTIMES = st.sampled_from(["nodejs22.x", "python3.13", "ruby3.4", "java21", "provided.al2023"])


@st.composite
def options(draw: st.DrawFn) -> list[str]:
    """One option with its values, as words before a shell has split them."""
    valued = {
        "--memory": st.integers(1, 9999).map(str),
        "--timeout": st.integers(1, 900).map(str),
        "--handler": WORDS,
        "--description": WORDS,
        "--role": WORDS,
        "--alias": NAMES,
        "--debug": st.integers(2000, 9999).map(str),
        "--runtime": RUNTIMES,
        "--run": RUNTIMES,  # shortened
        "--arch": st.sampled_from(["x86_64", "arm64"]),
    }
    several = {
        "--env": st.builds("A1={}".format, WORDS),
        "--layer": WORDS,
        "--file": WORDS,
        "--requirements": WORDS,
        "--on": WORDS,
        "--event": st.sampled_from(["s3", '{"n": 1} => 2', "[1, 2]", "@file.json"]),
    }
    flag = draw(st.sampled_from([*valued, *several, "--publish", "--url", "--no-test"]))
    if flag in several:
        return [flag, *draw(st.lists(several[flag], min_size=1, max_size=3))]
    if flag in valued:
        value = draw(valued[flag])
        return [f"{flag}={value}"] if draw(st.booleans()) else [flag, value]
    return [flag]


@st.composite
def lines(draw: st.DrawFn) -> str:
    """The words of a first line, the name somewhere among them."""
    parts = draw(st.lists(options(), max_size=4))
    parts.insert(draw(st.integers(0, len(parts))), [draw(NAMES)])
    gap = draw(st.sampled_from([" ", "  ", "\t"]))
    return gap.join(shlex.quote(word) for part in parts for word in part)


@settings(max_examples=300)
@given(lines())
def test_any_line_that_python_takes_is_read_the_same(page: Page, line: str) -> None:
    found = page.ask("parse", f"%%lambda {line}\nbody")
    try:
        taken = parse_cell(line)
    except (UsageError, HelpShown):
        return
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_:.-]*", taken.name):
        assert found is None
        return
    assert found is not None
    assert (found["name"], found["runtime"], found["test"]) == (
        taken.name,
        taken.runtime or "",
        taken.test,
    )
    assert found["body"] == "body"


@given(st.text(max_size=40))
def test_no_text_breaks_it(page: Page, text: str) -> None:
    page.ask("parse", f"%%lambda {text}")
    page.ask("parse", text)


@pytest.mark.parametrize(
    "line",
    [
        "edge --on viewer-response",
        "--on viewer-request edge",
        "edge --path /a /b --distribution site",
        "edge --test event.json --store users",
    ],
)
def test_cloudfront_functions(page: Page, line: str) -> None:
    found = page.ask("parse", f"%%cloudfront_function {line}\nfunction handler(event) {{}}")
    taken = function_magic.parser().parse_args(split(line))
    assert found["name"] == taken.name == "edge"
    assert not found["test"]
    assert page.ask("mimeType", found) == "text/javascript"


@pytest.mark.parametrize(
    ("source", "mime"),
    [
        ("%%lambda f\nx", None),
        ("%%lambda f --runtime python3.13\nx", None),
        ("%%lambda f --runtime nodejs22.x --test\nassert f({})", None),
        ("%%lambda f --runtime nodejs22.x\nexports.handler = async e => e", "text/javascript"),
        ("%%lambda f --runtime nodejs22.x\nexport const handler = async (e: any) => e",
         "text/typescript"),
        ("%%lambda f --runtime=ruby3.4\ndef handler(event:, context:)", "text/x-ruby"),
        ("%%lambda f --runtime java21\nclass A {}", "text/x-java"),
        ("%%lambda f --runtime provided.al2023\npackage main", "text/x-go"),
        ("%%lambda f --runtime provided.al2023\n#!/bin/sh", "text/x-sh"),
        ("%%lambda --help", None),
        ("%%lambda\n", None),
        ("%%lambdas f\nx", None),
        ("x = 1\n%%lambda f", None),
    ],
    ids=["default", "python", "test", "js", "ts", "ruby", "java", "go", "sh", "help", "bare",
         "other", "second"],
)  # fmt: skip
def test_languages(page: Page, source: str, mime: str | None) -> None:
    assert page.ask("mimeType", page.ask("parse", source)) == mime


def test_a_cell_is_edited_if_more_than_spaces_changed(page: Page) -> None:
    deployed = "%%lambda f --memory 256\ndef handler(event, context):\n    pass"
    assert page.ask("same", "\n  %%lambda   f --memory 256 \n" + deployed[24:] + "\n\n", deployed)
    assert not page.ask("same", deployed.replace("pass", "return 1"), deployed)
    assert not page.ask("same", deployed.replace("256", "512"), deployed)
    assert not page.ask("same", deployed.replace("    pass", "   pass"), deployed)


def test_the_page_knows_all_options(page: Page) -> None:
    plain, valued, several = (page.ask(name) for name in ("PLAIN", "VALUED", "SEVERAL"))
    actions = {
        option.removeprefix("--"): action
        for action in cell_parser()._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    assert {*plain, *valued, *several} == set(actions)
    many = (argparse.ONE_OR_MORE, argparse.ZERO_OR_MORE)
    assert set(several) == {name for name, action in actions.items() if action.nargs in many}
    assert set(plain) == {name for name, action in actions.items() if action.nargs in (0, "?")}
