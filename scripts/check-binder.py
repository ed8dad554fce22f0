#!/usr/bin/env python
"""Do what mybinder.org does with ``binder/``, without Docker, and time the first result.

The steps run as an ordinary user without user namespaces, on one CPU, with the versions of Binder's
base image. Needs root (to become that user), /usr/bin/python3, uv and taskset.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE_IMAGE = ("jupyterlab==4.4.9", "ipykernel==7.0.1", "ipywidgets==8.1.7")
"""What repo2docker 2026.4.0 puts into each image, by its own list of packages."""
USER = 65534
MEMORY_MB = 2048
"""What mybinder.org gives, as far as its users report."""
FIRST_RESULT_S = 60.0
LESSON = "notebooks/01-first-function.ipynb"
_NEW_USER_NAMESPACE = 0x10000000
_PACKAGE_SETTINGS = ("PIP_", "SSL_CERT_", "REQUESTS_CA_")
# Opens JupyterLab, starts a kernel and runs the first lesson's cells up to its first result.
_VISIT = """
import json, sys, time, urllib.request, uuid
import nbformat, websockets.sync.client as websockets
port, notebook = sys.argv[1], sys.argv[2]
def call(path, data=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api{path}", data=data, headers={
        "Authorization": "token binder", "Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))
while True:
    try:
        call("")
        break
    except OSError:
        time.sleep(0.1)
lab = urllib.request.urlopen(f"http://127.0.0.1:{port}/lab?token=binder").read()
assert b"jupyter-config-data" in lab
kernel = call("/kernels", b"{}")["id"]
url = f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?token=binder"
with websockets.connect(url, max_size=None) as channel:
    def run(code):
        asked = uuid.uuid4().hex
        header = {"msg_id": asked, "msg_type": "execute_request", "session": "binder",
                  "username": "", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True}
        channel.send(json.dumps({"header": header, "parent_header": {}, "metadata": {},
                                 "content": content, "channel": "shell", "buffers": []}))
        shown = None
        while True:
            message = json.loads(channel.recv(timeout=60))
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "error":
                sys.exit("".join(message["content"]["traceback"]))
            if message["msg_type"] == "execute_result":
                shown = message["content"]["data"]["text/plain"]
            if message["msg_type"] == "execute_reply":
                return shown
    cells = [c.source for c in nbformat.read(notebook, 4).cells if c.cell_type == "code"]
    results = [run(source) for source in cells[:3]]
    print(json.dumps({"result": results[2], "status": run("%lambda status")}))
"""


class Unhappy(Exception):  # noqa: N818  # what it says is for people
    """A step of Binder's failed; says which."""


def as_ordinary_user() -> None:
    """Make this process an ordinary user's who cannot make namespaces; called after a fork."""
    libc = ctypes.CDLL(None, use_errno=True)
    told, tell = os.pipe()
    own = os.getpid()
    helper = os.fork()  # maps the ids: only a process outside can
    if helper == 0:
        os.read(told, 1)
        with contextlib.suppress(OSError):
            for kind in ("uid", "gid"):
                Path(f"/proc/{own}/{kind}_map").write_text("0 0 70000")
        os._exit(0)
    # In a chroot nobody can make any, this process included: then there is nothing to forbid.
    if libc.unshare(_NEW_USER_NAMESPACE) == 0:
        os.write(tell, b"x")
        os.waitpid(helper, 0)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
    else:
        os.write(tell, b"x")
        os.waitpid(helper, 0)
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)


def step(name: str, command: list[str], environment: dict[str, str], place: Path) -> None:
    """Run one step of the image's build as the ordinary user."""
    done = subprocess.run(
        command,
        cwd=place / "src",
        env=environment,
        preexec_fn=as_ordinary_user,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Unhappy(f"{name} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def furnish(place: Path) -> dict[str, str]:
    """Copy the project, install the base image's versions and binder/requirements.txt."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / "src" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / "src" / name)
    venv = place / "venv"
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    requirements = str(ROOT / "binder" / "requirements.txt")
    install = [uv, "pip", "install", "--quiet", "--python", str(venv)]
    for command in (
        [uv, "venv", "--quiet", "--seed", "--python", "/usr/bin/python3", str(venv)],
        [*install, *BASE_IMAGE],
        [*install, "--requirement", requirements],
    ):
        subprocess.run(command, check=True)
    (place / "home").mkdir()
    settings = Path.home() / ".config" / "pip"
    if settings.is_dir():  # where this machine's package index is
        shutil.copytree(settings, place / "home" / ".config" / "pip")
    subprocess.run(["chown", "-R", f"{USER}:{USER}", str(place)], check=True)
    return {
        "PATH": f"{venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(place / "home"),
        "LANG": "C.UTF-8",
        **{key: value for key, value in os.environ.items() if key.startswith(_PACKAGE_SETTINGS)},
    }


def used_mb() -> float:
    """The memory of all processes of the ordinary user (MB, shared pages counted once)."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nUid:\t{USER}\t" in status.read_text():
                told = (status.parent / "smaps_rollup").read_text()
                total += int(told.split("\nPss:")[1].split()[0])
    return total / 1024


def visit(place: Path, environment: dict[str, str]) -> dict[str, object]:
    """Start JupyterLab as Binder does; returns seconds, memory and the first result."""
    port = str(20000 + os.getpid() % 10000)
    one_cpu = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))]
    lab = ["jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    lab += ["--IdentityProvider.token=binder"]
    visitor = [str(place / "venv" / "bin" / "python"), "-c", _VISIT, port, LESSON]
    began, most, ended = time.monotonic(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.2):
            most = max(most, used_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    with (place / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            [*one_cpu, "./binder/start", *lab],
            cwd=place / "src",
            env=environment,
            preexec_fn=as_ordinary_user,
            stdout=log,
            stderr=log,
        )
        try:
            seen = subprocess.run(
                visitor,
                cwd=place / "src",
                capture_output=True,
                text=True,
                timeout=2 * FIRST_RESULT_S,
            )
            took = time.monotonic() - began
        finally:
            ended.set()
            watcher.join()
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    if seen.returncode:
        raise Unhappy(f"the first lesson failed:\n{seen.stdout}{seen.stderr[-4000:]}")
    return {"seconds": took, "memory_mb": most, **json.loads(seen.stdout)}


def main() -> None:
    """Do all steps; the last line says how long a visitor waits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-limits", action="store_true", help="only say the figures")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="lambda-nb-binder-"))
    place.chmod(0o755)
    try:
        environment = furnish(place)
        step(
            "making namespaces is forbidden", ["sh", "-c", "! unshare -U true"], environment, place
        )
        step("binder/postBuild", ["./binder/postBuild"], environment, place)
        told = visit(place, environment)
    except Unhappy as unhappy:
        sys.exit(str(unhappy))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(told["status"])
    print(
        f"first result after {told['seconds']:.1f} s (limit {FIRST_RESULT_S:.0f}), "
        f"at most {told['memory_mb']:.0f} MB (limit {MEMORY_MB}): {told['result']}"
    )
    if options.no_limits:
        return
    if told["seconds"] > FIRST_RESULT_S or told["memory_mb"] > MEMORY_MB:
        sys.exit("Binder's visitors would wait too long, or run out of memory")


if __name__ == "__main__":
    main()
