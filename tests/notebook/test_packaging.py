"""From a cell to an archive: files, handlers, line numbers, and error messages."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions import package
from lambda_nb.notebook.magics.names import identifier
from lambda_nb.notebook.magics.options import HelpShown, parse_cell

HANDLER = "def handler(event, context):\n    return 1\n"


def build(source: str, line: str = "f", **options: Any) -> package.Package:
    arguments = {"runtime": None, "handler": None, "files": [], "include": [], "namespace": {}}
    return package.build(source, line, **{**arguments, **options})


def files(built: package.Package) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(built.archive)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_lines_of_the_file_are_those_of_the_cell() -> None:
    built = build(HANDLER, "f --memory 256")
    text = files(built)["lambda_function.py"]
    assert text.splitlines()[1] == "def handler(event, context):"
    assert built.source.splitlines() == ["%%lambda f --memory 256", *HANDLER.splitlines()]
    assert built.offset == 0


def test_the_same_cell_gives_the_same_archive() -> None:
    assert build(HANDLER).sha256 == build(HANDLER).sha256
    assert build(HANDLER).sha256 != build(HANDLER.replace("1", "2")).sha256


@pytest.mark.parametrize(
    ("source", "handler"),
    [
        (HANDLER, "lambda_function.handler"),
        ("def lambda_handler(e, c): pass", "lambda_function.lambda_handler"),
        ("def helper(): pass\ndef handler(e, c): pass", "lambda_function.handler"),
        ("def resize(event, context): pass", "lambda_function.resize"),
        ("app = object()\nhandler = app", "lambda_function.handler"),
    ],
)
def test_finds_the_handler(source: str, handler: str) -> None:
    assert build(source).handler == handler


def test_a_handler_that_is_named_names_the_file() -> None:
    built = build("def run(e, c): pass", handler="src/app.run")
    assert list(files(built)) == ["src/app.py"]
    assert built.handler == "src/app.run"


def test_a_syntax_error_is_told_with_its_line_of_the_cell() -> None:
    with pytest.raises(NotebookError, match=r"line 3 of the cell[^\n]*\n    return \(\n"):
        build("def handler(e, c):\n  return (\n")


def test_included_functions_come_first_and_shift_the_lines() -> None:
    built = build(HANDLER, include=["identifier"], namespace={"identifier": identifier})
    text = files(built)["lambda_function.py"].splitlines()
    line = text.index("def handler(event, context):") + 1
    assert text[0].startswith("def identifier")
    assert line + built.offset == 2


def test_what_cannot_be_included_is_named() -> None:
    with pytest.raises(NotebookError, match="no missing; run its cell"):
        build(HANDLER, include=["missing"])
    with pytest.raises(NotebookError, match="it is a int"):
        build(HANDLER, include=["number"], namespace={"number": 3})


def test_packs_files_and_folders_under_their_own_names(tmp_path: Path) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "a.txt").write_text("a")
    (tmp_path / "one.csv").write_text("1")
    built = build(HANDLER, files=[str(tmp_path / "data"), str(tmp_path / "one.csv")])
    assert set(files(built)) == {"data/deep/a.txt", "lambda_function.py", "one.csv"}
    with pytest.raises(NotebookError, match="no such file"):
        build(HANDLER, files=[str(tmp_path / "none")])


@pytest.mark.parametrize(
    ("runtime", "source", "file", "handler"),
    [
        ("nodejs22.x", "exports.handler = async () => 1;", "index.js", "index.handler"),
        ("nodejs22.x", "export const handler = async () => 1;", "index.mjs", "index.handler"),
        (
            "ruby3.3",
            "def lambda_handler(event:, context:)\nend",
            "lambda_function.rb",
            "lambda_function.lambda_handler",
        ),
        ("provided.al2023", "#!/bin/sh\nexit 0\n", "bootstrap", "bootstrap"),
    ],
)
def test_cells_of_other_languages(runtime: str, source: str, file: str, handler: str) -> None:
    built = build(source, runtime=runtime)
    assert list(files(built)) == [file]
    assert built.handler == handler


def test_an_unknown_family_lists_those_there_are() -> None:
    with pytest.raises(NotebookError, match=r"'cobol85'; there are go, java, nodejs"):
        build(HANDLER, runtime="cobol85")


def test_settings_have_lambda_s_names_and_defaults() -> None:
    plain = parse_cell("f")
    assert (plain.memory, plain.timeout, plain.ephemeral_storage) == (128, 3, 512)
    told = parse_cell("f --memory 256 --env AB=1 --env CD='x y' --layer arn:1 --layer arn:2")
    assert told.env == [("AB", "1"), ("CD", "x y")]
    assert told.layer == ["arn:1", "arn:2"]
    together = parse_cell("f --env AB=1 CD=2 --file a b --include c d --memory 256")
    assert together.env == [("AB", "1"), ("CD", "2")]
    assert (together.file, together.include, together.memory) == (["a", "b"], ["c", "d"], 256)
    last = parse_cell("--env AB=1 --memory 256 --layer arn:1 f")
    assert (last.name, last.layer) == ("f", ["arn:1"])
    assert parse_cell("f").env == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("f --memroy 3", "did you mean --memory"),
        ("f --memory much", "invalid int value: 'much'"),
        ("f --env nothing", "'nothing' is not KEY=VALUE"),
        ("f --env A=1", "'A' is no name that Lambda takes"),
        ("", "needs a name"),
        ("f --env 'open", "No closing quotation"),
    ],
)
def test_mistakes_are_told_with_what_was_meant(line: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_cell(line)


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpShown):
        parse_cell("--help")
    assert "--ephemeral-storage MB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("my-func", "my_func"),
        ("plain", "plain"),
        ("2fast", "_2fast"),
        ("class", "class_"),
        ("arn:aws:lambda:us-east-1:000000000000:function:a-b:live", "a_b"),
    ],
)
def test_a_handle_has_a_python_name(name: str, bound: str) -> None:
    assert identifier(name) == bound
