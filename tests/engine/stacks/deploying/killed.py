"""A program that begins an operation on a stack and waits at a gate until it is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main(conftest: Any, directory: Path, asked: dict[str, Any]) -> None:
    """Bring a stack to the gate, then end as ``kill -9`` ends a process."""
    room = conftest.room_in(directory)
    room.texts.update(asked.get("texts", {}))
    stack = None
    if asked["first"]:
        stack = room.create("shop", asked["first"])
        assert stack.status == "CREATE_COMPLETE", stack
    room.gates.close(asked["gate"])
    if asked["then"] is None:
        room.stacks.delete(stack)
    elif stack is None:
        room.create("shop", asked["then"], wait=False)
    else:
        room.update(stack, asked["then"], wait=False)
    assert room.gates.reached[asked["gate"]].wait(30)
    if asked.get("unrecorded"):  # as if made() had not been reached
        row = room.store.resource(room.store.find_stack("shop").id, asked["unrecorded"])
        conftest.forget(room.store, row)
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


if __name__ == "__main__":
    import importlib.util

    spec = importlib.util.spec_from_file_location("conftest", Path(__file__).parent / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["conftest"] = module
    spec.loader.exec_module(module)
    main(module, Path(sys.argv[1]), json.loads(sys.argv[2]))
