"""Make the zip archive for Lambda from a cell."""

from __future__ import annotations

import ast
import base64
import hashlib
import inspect
import json
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.functions import unbound_names
from lambda_nb.projects.building.archives import zip_of
from lambda_nb.projects.building.packages import default_runtime

IGNORED = {"__pycache__", ".git", ".ipynb_checkpoints", "node_modules/.cache"}
_PACKAGE = Path(__file__).resolve().parents[2]
_ENGINE = _PACKAGE / "engine" / "execution" / "runtimes" / "bootstraps"


@dataclass(frozen=True)
class Package:
    """A packaged cell, with what CreateFunction needs.

    With ``source`` (the whole cell) and ``module`` (its file), an error can show the line of the
    cell: ``offset`` plus the line number in the file. ``left_behind`` has the names that the cell
    uses but only the notebook has (``unbound_names``).
    """

    archive: bytes
    handler: str
    runtime: str
    module: str
    source: str
    offset: int
    left_behind: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """SHA-256 of the archive in base64, as Lambda's ``CodeSha256``."""
        return base64.b64encode(hashlib.sha256(self.archive).digest()).decode()


def build(
    source: str,
    line: str,
    *,
    runtime: str | None,
    handler: str | None,
    files: Sequence[str],
    include: Sequence[str],
    namespace: Mapping[str, Any],
    requirements: Sequence[str] = (),
) -> Package:
    """Package a cell.

    Parameters
    ----------
    source
        The cell without its first line.
    line
        That first line. It is kept as a comment, so line numbers match the cell.
    runtime, handler
        Default: found from the notebook and the cell.
    files
        Paths of files and folders to add, under their own names.
    include
        Functions and classes in ``namespace``; their source goes before the cell.
    namespace
        The notebook's variables.
    requirements
        Go modules, ``module@version`` or a ``go.mod``. Other languages use a layer
        (``requirements.layer``); a language without layers refuses them.

    Raises
    ------
    NotebookError
        Something is missing or does not compile.
    """
    runtime = runtime or default_runtime()
    family = re.match(r"[a-z]+", runtime)
    builder = _BUILDERS.get(family[0] if family else "")
    if builder is None:
        raise NotebookError(
            f"cells cannot be packaged for the runtime {runtime!r}; there are "
            f"{', '.join(sorted(_BUILDERS))}"
        )
    cell = _Cell(source, line, handler, include, namespace, requirements)
    contents, found, module, offset = builder(cell)
    for path in files:
        contents.update(_read(path))
    whole = f"%%lambda {line}".rstrip() + "\n" + source
    lacking: Mapping[str, str] = {}
    if builder is _python:
        lacking = unbound_names.left_behind(contents[module].decode(), namespace)
    return Package(zip_of(contents), handler or found, runtime, module, whole, offset, lacking)


_Built = tuple[dict[str, bytes], str, str, int]
"""Files, handler, the cell's file, and the offset from its line numbers to the cell's."""


@dataclass(frozen=True)
class _Cell:
    """The input of a language's builder."""

    source: str
    line: str
    handler: str | None
    include: Sequence[str]
    namespace: Mapping[str, Any]
    requirements: Sequence[str]


def _python(cell: _Cell) -> _Built:
    tree = _parsed(cell.source)
    included = "\n".join(_included(name, cell.namespace) for name in cell.include)
    heading = f"# %%lambda {cell.line}".rstrip() + "\n"
    before = included + "\n" if included else ""
    text = before + heading + cell.source
    offset = -before.count("\n")
    module = "lambda_function"
    if cell.handler and "." in cell.handler:
        module = cell.handler.rsplit(".", 1)[0].replace("/", ".")
    name = _python_handler(tree)
    path = module.replace(".", "/") + ".py"
    return {path: text.encode()}, f"{module}.{name}", path, offset


def _python_handler(tree: ast.Module) -> str:
    """``handler`` or ``lambda_handler`` if the cell defines it, else the cell's only function."""
    bound = set()
    functions = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
            functions += [node.name] if isinstance(node, ast.FunctionDef) else []
        elif isinstance(node, ast.Assign):
            bound |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for name in ("handler", "lambda_handler"):
        if name in bound:
            return name
    if len(functions) == 1:
        return functions[0]
    return "handler"


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        at = error.lineno or 1
        lines = source.splitlines()
        text = lines[at - 1] if at <= len(lines) else ""
        mark = " " * max(0, (error.offset or 1) - 1) + "^"
        raise NotebookError(
            f"SyntaxError in line {at + 1} of the cell: {error.msg}\n  {text}\n  {mark}"
        ) from None


def _included(name: str, namespace: Mapping[str, Any]) -> str:
    if name not in namespace:
        raise NotebookError(f"--include {name}: this notebook has no {name}; run its cell first")
    try:
        return textwrap.dedent(inspect.getsource(namespace[name]))
    except (TypeError, OSError):
        raise NotebookError(
            f"--include {name}: it is a {type(namespace[name]).__name__}, and only functions and "
            "classes defined in a cell have source to include"
        ) from None


def _nodejs(cell: _Cell) -> _Built:
    _no_include(cell, "Node.js")
    module = re.search(r"^\s*(export|import)\b", cell.source, re.MULTILINE) is not None
    path = "index.mjs" if module else "index.js"
    if cell.handler and "." in cell.handler:
        path = cell.handler.rsplit(".", 1)[0] + Path(path).suffix
    return {path: f"// %%lambda {cell.line}\n{cell.source}".encode()}, "index.handler", path, 0


def _ruby(cell: _Cell) -> _Built:
    _no_include(cell, "Ruby")
    found = re.search(r"^def (handler|lambda_handler)\b", cell.source, re.MULTILINE)
    name = found[1] if found else "handler"
    text = f"# %%lambda {cell.line}\n{cell.source}"
    return {"lambda_function.rb": text.encode()}, f"lambda_function.{name}", "lambda_function.rb", 0


def _java(cell: _Cell) -> _Built:
    _no_include(cell, "Java")
    _no_requirements(cell, "Java; add jar files with --file lib")
    named = re.search(r"\bpublic\s+(?:final\s+)?class\s+(\w+)", cell.source)
    if named is None:
        raise NotebookError("a Java cell needs a public class: public class Hello implements ...")
    javac = _tool("javac", "a JDK", "default-jdk-headless")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / f"{named[1]}.java"
        file.write_text(f"// %%lambda {cell.line}\n{cell.source}")
        interfaces = sorted((_ENGINE / "java" / "com").rglob("*.java"))
        classes = Path(place) / "classes"
        command = [javac, "-d", str(classes), "-implicit:none", str(file), *map(str, interfaces)]
        _compile(command, Path(place))
        contents = {
            str(found.relative_to(classes)): found.read_bytes()
            for found in sorted(classes.rglob("*.class"))
            if not str(found.relative_to(classes)).startswith("com/amazonaws/")
        }
    typed = re.search(r"\bimplements\s+Request(Stream)?Handler\b", cell.source)
    method = re.search(r"\bpublic\s+(?:static\s+)?[\w<>,\[\]. ]+?\s+(\w+)\s*\(", cell.source)
    name = named[1] if typed or method is None else f"{named[1]}::{method[1]}"
    return contents, name, f"{named[1]}.java", 0


def _go(cell: _Cell) -> _Built:
    go = _tool("go", "Go", "golang-go")
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "main.go").write_text(f"// %%lambda {cell.line}\n{cell.source}")
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOOS": "linux"}
        _go_modules(go, Path(place), cell.requirements, environment)
        command = [go, "build", "-trimpath", "-ldflags=-s -w", "-o", "bootstrap", "."]
        _compile(command, Path(place), environment)
        binary = (Path(place) / "bootstrap").read_bytes()
    return {"bootstrap": binary}, "bootstrap", "main.go", 0


def _go_modules(
    go: str, place: Path, requirements: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Write go.mod: the user's own, or a new one with the named modules.

    Use our own aws-lambda-go, which needs no network, unless the user requires AWS's.
    """
    files = [Path(item) for item in requirements if Path(item).is_file()]
    names = [item for item in requirements if not Path(item).is_file()]
    if len(files) > 1 or any(file.name != "go.mod" for file in files):
        raise NotebookError(
            f"--requirements {' '.join(requirements)}: for Go give one go.mod, or modules by name"
        )
    edits = []
    if files:
        shutil.copy2(files[0], place / "go.mod")
        sums = files[0].with_name("go.sum")
        if sums.is_file():
            shutil.copy2(sums, place / "go.sum")
        edits += _absolute_replacements(go, files[0].resolve().parent, place)
    else:
        (place / "go.mod").write_text("module function\n\ngo 1.18\n")
    aws = "github.com/aws/aws-lambda-go"
    if aws not in (place / "go.mod").read_text() + " ".join(names):
        edits += [f"-require={aws}@v1.0.0"]
        edits += [f"-replace={aws}={_ENGINE / 'go' / 'aws-lambda-go'}"]
    steps = [[go, "mod", "edit", *edits]] if edits else []
    steps += [[go, "get", name] for name in names]
    for step in steps:
        done = subprocess.run(
            step, cwd=place, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise NotebookError(f"--requirements {' '.join(requirements)}: cannot install:\n{said}")


def _absolute_replacements(go: str, folder: Path, place: Path) -> list[str]:
    """Edits that make relative replacements absolute, so that a copied go.mod still works."""
    told = subprocess.run(
        [go, "mod", "edit", "-json"], cwd=place, capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise NotebookError(f"--requirements {folder / 'go.mod'}: {told.stderr.strip()}")
    edits = []
    for one in json.loads(told.stdout).get("Replace") or []:
        old, new = one["Old"], one["New"]["Path"]
        if new.startswith("."):
            version = f"@{old['Version']}" if old.get("Version") else ""
            edits.append(f"-replace={old['Path']}{version}={(folder / new).resolve()}")
    return edits


def _provided(cell: _Cell) -> _Built:
    if re.search(r"^package main\b", cell.source, re.MULTILINE):
        return _go(cell)
    _no_include(cell, "custom runtimes")
    _no_requirements(cell, "custom runtimes, except in Go")
    if not cell.source.startswith("#!"):
        raise NotebookError(
            "a cell for a custom runtime is its bootstrap: begin it with #!/bin/sh, or write Go "
            "(package main)"
        )
    return {"bootstrap": cell.source.encode()}, "bootstrap", "bootstrap", 1


_BUILDERS: dict[str, Callable[..., _Built]] = {
    "python": _python,
    "nodejs": _nodejs,
    "ruby": _ruby,
    "java": _java,
    "go": _go,
    "provided": _provided,
}


def _no_include(cell: _Cell, language: str) -> None:
    if cell.include:
        raise NotebookError(f"--include is for Python; {language} files are added with --file")


def _no_requirements(cell: _Cell, language: str) -> None:
    if cell.requirements:
        raise NotebookError(f"--requirements is not for {language}")


def _tool(program: str, what: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise NotebookError(
            f"{program} is not on this machine; install {what} (Debian: apt-get install {package})"
        )
    return found


def _compile(command: list[str], place: Path, environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).replace(f"{place}/", "").strip()
        raise NotebookError(f"the cell does not compile:\n{said}")


def _read(path: str) -> dict[str, bytes]:
    source = Path(path).expanduser()
    if not source.exists():
        raise NotebookError(f"--file {path}: there is no such file (looked in {Path.cwd()})")
    if source.is_file():
        return {source.name: source.read_bytes()}
    return {
        str(Path(source.name) / file.relative_to(source)): file.read_bytes()
        for file in sorted(source.rglob("*"))
        if file.is_file() and not IGNORED & set(file.parts)
    }
