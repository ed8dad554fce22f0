"""Files that say a thing twice must say it alike: Binder, versions, the built extension."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import lambda_nb

ROOT = Path(__file__).resolve().parent.parent


def project_table() -> str:
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def dependencies() -> dict[str, Requirement]:
    block = re.search(r"^dependencies = \[\n(.*?)^\]", project_table(), re.M | re.S)
    assert block
    found = [Requirement(text) for text in re.findall(r'^\s*"(.+)",$', block.group(1), re.M)]
    return {requirement.name: requirement for requirement in found}


def test_binder_installs_what_the_project_needs() -> None:
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    binder = {r.name: r for r in map(Requirement, (x for x in lines if x and x[0] != "#"))}
    for name, requirement in dependencies().items():
        if name == "ipython":  # ipykernel brings it
            continue
        assert name in binder, f"binder/requirements.txt lacks {name}"
        assert binder[name].specifier == requirement.specifier
        assert binder[name].extras == requirement.extras


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binder_scripts_can_run(name: str) -> None:
    path = ROOT / "binder" / name
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", str(path)], check=True)
    if name == "start":
        assert path.read_text().rstrip().endswith('exec "$@"')


def test_versions_agree() -> None:
    version = re.search(r'^version = "(.+)"$', project_table(), re.M)
    assert version
    extension = json.loads((ROOT / "labextension" / "package.json").read_text())
    assert lambda_nb.__version__ == version.group(1) == extension["version"]


def test_the_built_extension_is_installed_and_is_the_committed_one() -> None:
    committed = json.loads((ROOT / "labextension" / "prebuilt" / "package.json").read_text())
    installed = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "lambda-nb"
    if not installed.exists():
        pytest.skip("lambda_nb was not installed with its shared data: run `make test`")
    load = json.loads((installed / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert load == committed["jupyterlab"]["_build"]["load"]
    assert (installed / load).exists()


def test_the_built_extension_names_no_host_and_no_path_of_a_builder() -> None:
    for path in (ROOT / "labextension" / "prebuilt").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert "/root/" not in text
        assert not re.search(r"://[^\s\"']*registry|registry\.(npmjs|yarnpkg)", text)


def test_hooks_are_the_linters_of_make_lint_and_fetch_nothing() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    entries = [hook["entry"].split() for hook in config["repos"][0]["hooks"]]
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert lint
    wanted = [line.split("$(RUN)")[1].split() for line in lint[1].splitlines()]
    for tool, *options in wanted:
        assert any(
            entry[0] == f".venv/bin/{tool}" and set(options) - {"."} <= set(entry[1:])
            for entry in entries
        ), f"no hook runs {tool} {options}"


def test_ci_runs_the_linters_the_docs_and_the_tests() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"make ([a-z ]+?) <", text) == ["lint", "test", "docs"]


def test_shell_scripts_parse() -> None:
    for path in [*ROOT.glob("scripts/*.sh"), ROOT / ".ci" / "run"]:
        subprocess.run(["bash", "-n", str(path)], check=True)
        assert os.access(path, os.X_OK), path
