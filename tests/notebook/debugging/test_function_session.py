"""One debugged function, as a notebook sees it: what is refused is not open."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from dap_client import DapClient
from execution_lab import Lab, lab, make_lab

from lambda_nb.notebook.debugging.live import launch
from lambda_nb.notebook.debugging.live.dap_stream import RefusedError
from lambda_nb.notebook.debugging.live.function_cells import Deployed
from lambda_nb.notebook.debugging.live.function_session import FunctionSession
from lambda_nb.notebook.errors import NotebookError

__all__ = ["lab", "make_lab"]


async def test_after_a_refusal_it_can_be_opened_again(lab: Lab) -> None:
    source = "def handler(event, context):\n    return 1\n"
    function = lab.function(source, environment={"LAMBDA_NB_DEBUG": "1"})
    await lab.executor.debuggers.prepare(function)
    (row,) = lab.executor.debuggers.status()
    other = await DapClient.connect(row["port"])
    await other.attach(row["token"])
    cell = Deployed(function.name, "/tmp/cell.py", "/var/task/app.py", 0, source)
    session = FunctionSession(cell, lambda who, name, body: None)
    with pytest.raises(RefusedError, match="another debugger attached"):
        await session.open(row, [], {"filters": []})
    assert not session.is_open
    await other.ask("disconnect")
    await session.open(row, [], {"filters": []})
    assert session.is_open
    assert await session.set_breakpoints([{"line": 2}])
    await session.close()
    await other.close()


class Client:
    """Knows where a function's package is."""

    def __init__(self, package: Path) -> None:
        self.package = package

    def get_function(self, **arguments: Any) -> dict[str, Any]:
        return {"Code": {"Location": self.package.as_uri()}}


def test_a_link_in_the_way_of_the_editors_folder_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("app.py", "new")
    own = tmp_path / "own"
    (own / "orders").mkdir(parents=True)
    (own / "orders" / "thesis.txt").write_text("precious")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    link = tmp_path / f"lambda_nb-debug-{os.getuid()}"
    link.symlink_to(own)
    with pytest.raises(NotebookError, match="is no folder of yours"):
        launch._unpacked(Client(package), "orders")
    assert (own / "orders" / "thesis.txt").read_text() == "precious"
    link.unlink()
    folder = launch._unpacked(Client(package), "orders")
    assert (folder / "app.py").read_text() == "new"
    assert link.stat().st_mode & 0o777 == 0o700
