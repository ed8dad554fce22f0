"""`make demo`: run demo.ipynb in a real kernel, with its progress in the terminal.

The notebook does the work, as it would in JupyterLab. This script runs it, copies its printed
output to the terminal, and saves the executed notebook beside the charts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent


class Terminal:
    """Writes text to a stream; if that is no terminal, without overwritten text."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._line = ""

    def write(self, text: str) -> None:
        """Write text at once (to a terminal) or line by line (to a file, in CI)."""
        if self._live:
            self._stream.write(text)
        else:
            *lines, self._line = (self._line + text).split("\n")
            for line in lines:
                kept = [part for part in line.split("\r") if part.strip()]
                self._stream.write((kept[-1] if kept else "") + "\n")
        self._stream.flush()


class DemoClient(NotebookClient):  # type: ignore[misc]
    """Executes a notebook and shows titles and printed output in the terminal at once."""

    terminal: Terminal

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Show what the running cell prints."""
        if msg["msg_type"] == "stream":
            self.terminal.write(msg["content"]["text"])
        return super().process_message(msg, cell, cell_index)

    async def async_execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:
        """Print the title of each section before its cells run."""
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            self.terminal.write("\n" + cell.source.splitlines()[0].lstrip("# ") + "\n")
        return await super().async_execute_cell(cell, cell_index, **options)


def main() -> int:
    """Run the notebook; return 0 if every cell and its checks succeeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    output: Path = parser.parse_args().output.resolve()
    output.mkdir(parents=True, exist_ok=True)

    traces = HERE.parent.parent / "shared" / "traces"
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    environment.setdefault("LAMBDA_NB_TRACES", str(traces))
    notebook = nbformat.read(HERE / "demo.ipynb", as_version=4)
    # Log level ERROR hides ipykernel's warning, on each start, of unencrypted loopback sockets.
    client = DemoClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": str(output)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    client.terminal = Terminal(sys.stdout)
    start = time.monotonic()
    try:
        client.execute(env=environment)
    except CellExecutionError as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        nbformat.write(notebook, output / "demo.ipynb")
    print(f"\nDone in {time.monotonic() - start:.0f} s. Saved:")
    for path in sorted(output.iterdir()):
        print(f"  {os.path.relpath(path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
