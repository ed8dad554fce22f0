"""The arrows of the architecture point one way, and the package is light to import.

The rules are read off the source with ``ast``, so that an import inside a function counts too.
"""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
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
    "notebook": {
        "notebook",
        "exports",
        "projects",
        "simulator",
        "traces",
        "charts",
        "rules",
    },
    # Clients of the API, as a user's own program is.
    "projects": {"projects", "rules"},
    "testing": {"testing", "projects"},
    "exports": {"exports", "projects"},
}

# Inside a room: which of its folders and modules each folder may import. What is not named here
# may import what it likes of its own room; a folder always may import itself.
EVERYBODY = {
    # Modules of the engine that stand on their own and that each of its folders may use.
    "databases", "errors", "identifiers", "json_schema", "machine", "model", "notices",
    "service_model", "steady_clock",
}  # fmt: skip
FOLDERS_MAY_IMPORT = {
    "engine": {
        "process": {
            "app", "region", "options", "api", "aws_calls", "control", "execution", "iot",
            *EVERYBODY,
        },
        "gateways": {"api", "aws_calls", "control", "permissions", *EVERYBODY},
        "stacks": {"api", *EVERYBODY},
        "iot": {"api", "aws_calls", "control", "permissions", *EVERYBODY},
        "edge": {
            "api", "aws_calls", "execution", "gateways", "permissions", "telemetry", *EVERYBODY,
        },
        "permissions": EVERYBODY,
        "api": {"aws_calls", *EVERYBODY},
        "events": {"control", "aws_calls", "permissions", *EVERYBODY},
        "durable": {"control", *EVERYBODY},
        "telemetry": {"aws_calls", *EVERYBODY},
        "neighbours": {"aws_calls", "permissions", *EVERYBODY},
        "control": EVERYBODY,
        "execution": EVERYBODY,
        "aws_calls": EVERYBODY,
    },
    "engine.api": {
        "wire": set(),
        "admission": {"wire"},
        "lambda_api": {"admission", "wire"},
        "neighbours": {"admission", "wire"},
        "function_calls": {"admission", "lambda_api", "wire"},
        "resetting": set(),
        "faults": {"wire"},
    },
    "engine.gateways": {
        "shared": set(),
        "function_urls": {"shared"},
        "website": {"shared"},
        "configuration": {"shared"},
        "http_api": {"configuration", "shared"},
        "rest_api": {"configuration", "mapping", "shared"},
        "websocket_api": {"configuration", "mapping", "shared"},
        "load_balancer": {"shared"},
        "mapping": set(),
    },
    "engine.edge": {
        "locations": {"headers", "model"},
        "cache": {"headers", "model", "settings"},
        "viewer": {"headers", "model", "settings"},
        "configuration": {"headers", "model", "settings"},
        "origins": {"headers", "model", "settings"},
        "triggers": {"headers", "model", "settings"},
        "functions": {"figures", "headers", "model", "settings", "triggers"},
        "logs": {"figures", "headers", "model", "settings"},
        "delivery": {
            "cache", "configuration", "functions", "headers", "locations", "logs", "model",
            "origins", "settings", "triggers", "viewer",
        },
    },
    "engine.events": {"asynchronous": set(), "polled": {"asynchronous"}, "pushed": set()},
    "engine.execution": {
        "environment": {
            "clock", "debugging", "logs", "preparation", "runtime_api", "runtimes", "sandbox",
        },
        "debugging": {"runtime_api", "runtimes", "sandbox"},
        "runtime_api": {"clock", "logs"},
        "logs": {"clock"},
        "runtimes": {"sandbox"},
        "sandbox": {"runtimes"},
    },
    "engine.neighbours": {"storage": set()},
    "engine.stacks": {
        "api": set(),
        "cloud_control": {"deploying", "model", "records", "types"},
        "inline_modules": set(),
        "types": {"inline_modules", "model"},
        "templates": {"model", "types"},
        "records": {"model"},
        "deploying": {"model", "records", "templates", "types"},
        "operations": {"deploying", "model", "records", "templates", "types"},
        "custom": {"model", "records", "types"},
    },
    "engine.stacks.templates": {
        "structure": {"document", "functions", "quotas", "references", "texts"},
        "resolution": {
            "functions", "quotas", "references", "structure", "template", "texts", "values",
        },
    },
    "engine.stacks.types": {
        family: {
            "absence", "by_calls", "context", "reading", "resource_type", "schemas", "shapes",
            "tagging", "values",
        }
        for family in (
            "functions", "identity", "web", "network", "messaging", "devices", "data", "databases",
            "monitoring",
        )
    },
    "projects": {
        "building": {"errors"},
        "templates": {"building", "errors"},
        "kinds": {"building", "errors", "templates"},
        "stacks": {"endpoint", "errors", "reporting"},
        "watching": {"building", "deployment", "errors", "stacks"},
    },
    "notebook": {
        "kept": {"display", "errors"},
        "connection": {"errors", "kept"},
        "web": {"connection", "display", "errors"},
        "events": {"errors"},
        "devices": {"connection", "display", "errors", "functions"},
        "edge": {"connection", "display", "errors", "functions", "web"},
        "debugging": {"connection", "display", "errors", "functions", "threads"},
        "functions": {
            "connection", "debugging", "display", "errors", "events", "progress", "web",
        },
        "trials": {"display", "errors", "events", "functions"},
        "views": {
            "connection", "display", "errors", "functions", "static_form", "threads", "web",
        },
        "experiments": {"connection", "display", "errors", "functions"},
        "explore": {"display", "errors", "page_files", "static_form", "threads"},
        "lab": {"connection", "display", "errors", "experiments", "page_files"},
        "workbench": {
            "connection", "edge", "errors", "events", "experiments", "functions", "threads", "web",
        },
    },
    "notebook.debugging": {"live": set()},
    "notebook.magics": {"editing": {"function_magic", "line_magic", "options"}},
    "notebook.workbench": {
        "picture": {"calls", "clients", "faults"},
        "actions": {"clients", "faults", "hub", "picture"},
        "copying": {"actions", "faults"},
        "watches": {"actions", "hub"},
    },
    "rules": {
        "scheduling": set(),
        "keepalive": set(),
        "events": set(),
        "alarms": set(),
        "iot": set(),
        "loglines": set(),
        "settings": {"quotas", "refusal"},
        "durable": {"refusal"},
        "pricing": set(),
        "edge": {"pricing", "quotas"},
    },
    "simulator": {
        "assumptions": set(),
        "replay": {"assumptions"},
        "system": {"assumptions", "replay"},
        "results": {"assumptions", "replay", "system"},
        "questions": {"assumptions", "results", "simulate"},
    },
    "traces": {
        "datasets": {"csvfile", "generators", "schema", "tabular", "times", "trace"},
        "generators": {"schema", "times", "trace"},
        "logs": {"schema", "times", "trace"},
        "trace": {"reshape", "schema", "summary", "times", "writing"},
    },
}  # fmt: skip
FOLDERS_MAY_IMPORT["engine"] |= dict.fromkeys(EVERYBODY, EVERYBODY)
MOST_MODULES = 15
"""In one folder; with more it is two folders."""

# `rules` decides from what it is told: no clock, I/O, thread, random number or outside library.
RULES_MAY_IMPORT = {
    "__future__", "array", "ast", "base64", "binascii", "bisect", "calendar", "collections",
    "dataclasses", "datetime", "decimal", "enum", "functools", "hashlib", "heapq", "ipaddress",
    "itertools", "json", "math", "numbers", "operator", "re", "string", "types", "typing", "uuid",
    "zlib",
}  # fmt: skip
# Names that read a clock or draw random numbers although their module is allowed.
RULES_MUST_NOT_CALL = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("uuid", "uuid1"), ("uuid", "uuid4"),
}  # fmt: skip
RULES_MUST_NOT_USE = {"open", "print", "input", "exec", "eval", "__import__"}

HEAVY = [
    "IPython", "boto3", "botocore", "ipywidgets", "matplotlib", "moto", "numba", "numpy", "pandas",
    "pyarrow", "simpy", "lark", "paho", "aiokafka", "regex",
]  # fmt: skip


def room(path: Path) -> str:
    """The room a module stands in, '' for the package itself."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def module_of(path: Path) -> str:
    """The dotted name of a module, without ``lambda_nb``: ``engine.app``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# The file of each module. The programs of runtimes run elsewhere and are left out.
OURS = {
    f"lambda_nb.{module_of(path)}".rstrip("."): path
    for path in MODULES
    if "bootstraps" not in path.parts
}


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
            # `from package import name` imports the module of that name if there is one.
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield node.lineno, inner if inner in OURS else module


def room_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each room of ours that a module imports, with its line."""
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "lambda_nb" and len(parts) > 1:
            yield line, parts[1]


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(PACKAGE.parent)}:{line}"


@cache
def graph() -> dict[str, set[str]]:
    """The modules of ours that each module imports, wherever in the file it does so."""
    return {
        module.removeprefix("lambda_nb."): {
            name.removeprefix("lambda_nb.")
            for _, name in imports(path)
            if name in OURS and name != "lambda_nb"
        }
        for module, path in OURS.items()
    }


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        list(graphlib.TopologicalSorter(graph()).static_order())
    except graphlib.CycleError as error:
        pytest.fail("these modules import each other: " + " -> ".join(error.args[1]))


def test_a_circle_would_be_found() -> None:
    with pytest.raises(graphlib.CycleError):
        list(graphlib.TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).static_order())


@pytest.mark.parametrize(
    ("room", "folder"),
    [(room, folder) for room, folders in FOLDERS_MAY_IMPORT.items() for folder in sorted(folders)],
)
def test_arrows_inside_a_room_point_one_way(room: str, folder: str) -> None:
    allowed = FOLDERS_MAY_IMPORT[room][folder] | {folder}
    inside = f"{room}."
    assert any(
        module == inside + folder or module.startswith(f"{inside}{folder}.") for module in graph()
    ), f"there is no {room}/{folder}"
    wrong = [
        f"{module} imports {imported}"
        for module, all_imported in graph().items()
        if module == inside + folder or module.startswith(f"{inside}{folder}.")
        for imported in all_imported
        if imported.startswith(inside)
        and imported.removeprefix(inside).split(".")[0] not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_no_class_is_one_class_in_several_files() -> None:
    """A class has its parts; from other files it inherits protocols, errors, abstract classes."""
    classes = {
        (module_of(path), node.name): [ast.unparse(base) for base in node.bases]
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    wrong = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        homes = {
            alias.asname or alias.name: ((node.module or "").removeprefix("lambda_nb."), alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lambda_nb.")
            for alias in node.names
        }
        for node in ast.walk(tree):
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                home = homes.get(ast.unparse(base))
                if home is None or home not in classes or home[1].endswith("Error"):
                    continue
                if not any(name.startswith(("Protocol", "ABC")) for name in classes[home]):
                    wrong.append(f"{module_of(path)}.{node.name} inherits {'.'.join(home)}")
    assert not wrong, "\n".join(wrong)


def test_a_folder_is_small_enough_to_see_what_is_in_it() -> None:
    sizes = {
        folder: sum(path.name != "__init__.py" for path in folder.glob("*.py"))
        for folder in {path.parent for path in MODULES}
    }
    large = {str(folder.relative_to(PACKAGE)): n for folder, n in sizes.items() if n > MOST_MODULES}
    assert not large, f"more than {MOST_MODULES} modules: {large}"


def test_every_folder_says_what_is_in_it() -> None:
    silent = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent, silent


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
