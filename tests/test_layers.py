"""The arrows of the architecture point one way, and the package is light to import.

The rules are read off the source with ``ast``, so that an import inside a function counts too.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "lambda_nb"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

# Which rooms of ours a room may import. "" is lambda_nb/__init__.py, the public face.
MAY_IMPORT = {
    "rules": {"rules"},
    "engine": {"engine", "rules"},
    # charts is a leaf: data in, Axes out. Trace.plot() and a result's plot() draw with it.
    "traces": {"traces", "rules", "charts"},
    "simulator": {"simulator", "rules", "traces", "charts"},
    "charts": {"charts"},
    # rules is pure, so whoever reads a REPORT line or a price may: never the engine itself.
    "notebook": {"notebook", "simulator", "traces", "charts", "rules"},
}

# `rules` decides from what it is told: no clock, I/O, thread, random number or outside library.
RULES_MAY_IMPORT = {
    "__future__", "array", "ast", "base64", "bisect", "calendar", "collections", "dataclasses",
    "datetime", "decimal", "enum", "functools", "hashlib", "heapq", "ipaddress", "itertools",
    "json", "math", "numbers", "operator", "re", "string", "types", "typing", "uuid", "zlib",
}  # fmt: skip
# Names that read a clock or draw random numbers although their module is allowed.
RULES_MUST_NOT_CALL = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("uuid", "uuid1"), ("uuid", "uuid4"),
}  # fmt: skip
RULES_MUST_NOT_USE = {"open", "print", "input", "exec", "eval", "__import__"}

HEAVY = [
    "IPython", "boto3", "botocore", "ipywidgets", "matplotlib", "moto", "numba", "numpy", "pandas",
    "pyarrow", "simpy",
]  # fmt: skip


def room(path: Path) -> str:
    """The room a module stands in, '' for the package itself."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each absolute dotted name that a module imports, with its line."""
    package = ["lambda_nb", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            yield node.lineno, module
            if module == "lambda_nb":
                for alias in node.names:
                    yield node.lineno, f"lambda_nb.{alias.name}"


def room_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each room of ours that a module imports, with its line."""
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "lambda_nb" and len(parts) > 1:
            yield line, parts[1]


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(PACKAGE.parent)}:{line}"


def test_every_room_is_covered() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(MAY_IMPORT), "a new room needs its rule in MAY_IMPORT"


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_arrows_point_one_way(name: str) -> None:
    rooms = set(MAY_IMPORT)
    wrong = [
        f"{where(path, line)} imports lambda_nb.{imported}"
        for path in MODULES
        if room(path) == name
        for line, imported in room_imports(path)
        if imported in rooms - MAY_IMPORT[name]
    ]
    assert not wrong, f"{name} may import only {sorted(MAY_IMPORT[name])} of ours:\n" + "\n".join(
        wrong
    )


def test_nothing_imports_the_notebook() -> None:
    wrong = [
        where(path, line)
        for path in MODULES
        if room(path) not in {"notebook", ""}
        for line, imported in room_imports(path)
        if imported == "notebook"
    ]
    assert not wrong, wrong


def test_rules_import_only_pure_modules() -> None:
    wrong = [
        f"{where(path, line)} imports {name}"
        for path in MODULES
        if room(path) == "rules"
        for line, name in imports(path)
        if name.split(".")[0] not in RULES_MAY_IMPORT | {"lambda_nb"}
    ]
    assert not wrong, "\n".join(wrong)


def test_rules_touch_no_clock_no_file_and_no_chance() -> None:
    wrong = []
    for path in MODULES:
        if room(path) != "rules":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            if isinstance(function, ast.Name) and function.id in RULES_MUST_NOT_USE:
                wrong.append(f"{where(path, node.lineno)} calls {function.id}()")
            if isinstance(function, ast.Attribute) and isinstance(
                function.value, (ast.Name, ast.Attribute)
            ):
                owner = function.value
                owner_name = owner.id if isinstance(owner, ast.Name) else owner.attr
                if (owner_name, function.attr) in RULES_MUST_NOT_CALL:
                    wrong.append(f"{where(path, node.lineno)} calls {owner_name}.{function.attr}()")
    assert not wrong, "\n".join(wrong)


def loaded_by(statement: str) -> set[str]:
    """The heavy modules that a statement leaves loaded in a fresh interpreter."""
    code = f"{statement}\nimport sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import lambda_nb",
        "import lambda_nb.rules.scheduling.scheduler",
        "import lambda_nb.engine.model",
    ],
)
def test_import_stays_light(statement: str) -> None:
    assert loaded_by(statement) == set()


def test_the_check_of_lightness_can_fail() -> None:
    assert loaded_by("import pandas") >= {"pandas", "numpy"}


def test_notebook_room_speaks_to_the_engine_only_through_its_door() -> None:
    wrong = [
        where(path, line)
        for path in MODULES
        if room(path) == "notebook"
        for line, imported in room_imports(path)
        if imported == "engine"
    ]
    assert not wrong, f"the notebook talks to the engine through the AWS API only: {wrong}"
