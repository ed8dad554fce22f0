"""Patches that wait for a module."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from lambda_nb.engine.neighbours.services.late_patches import when_loaded


def test_a_module_is_patched_when_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_to_load.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    patched: list[int] = []

    def patch() -> None:
        patched.append(importlib.import_module("slow_to_load").value)

    when_loaded("slow_to_load", patch)
    assert patched == []
    importlib.import_module("slow_to_load")
    assert patched == [1]
    when_loaded("slow_to_load", patch)
    assert patched == [1, 1]
    del sys.modules["slow_to_load"]


def test_services_that_take_long_to_load_are_not_loaded_at_the_start() -> None:
    code = (
        "import sys\n"
        "from lambda_nb.engine.neighbours.services import file_systems, load_balancing\n"
        "file_systems.install()\n"
        "load_balancing.install('http://127.0.0.1:1')\n"
        "print([name for name in ('moto.ec2', 'jsonschema', 'lark') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
