"""The script of a project that packs code where the format's own tool does not."""

from __future__ import annotations

import json

from lambda_nb.exports.picture import Application
from lambda_nb.exports.shared import folder_of

NAME = "build.py"
_SCRIPT = '''"""Packs the functions: installs what they require, and makes their archives."""

import pathlib
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).parent
PACKED = {packed}
"""What each archive below build/ is made of."""


def install(folder):
    """Install the requirements of a function into its folder."""
    if (folder / "requirements.txt").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        subprocess.run([*pip, "-r", str(folder / "requirements.txt")], check=True)
    if (folder / "package.json").exists():
        subprocess.run(["npm", "install", "--omit=dev"], cwd=folder, check=True)
    if (folder / "Gemfile").exists():
        subprocess.run(["bundle", "config", "set", "path", "vendor/bundle"], cwd=folder, check=True)
        subprocess.run(["bundle", "install"], cwd=folder, check=True)


for name, source in PACKED.items():
    folder = ROOT / "build" / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / source, folder)
    install(folder)
    with zipfile.ZipFile(ROOT / "build" / f"{{name}}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                # One date for all files: what has not changed is not deployed again.
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (2020, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
                entry.external_attr = (0o100000 | mode) << 16
                archive.writestr(entry, file.read_bytes())
    print(f"build/{{name}}.zip")
'''


def script(application: Application) -> bytes:
    """The script, for all functions and layers of an application."""
    packed = {function.name: folder_of(function) for function in application.functions}
    packed |= {f"layer-{one.name}": f"layers/{one.name}" for one in application.layers()}
    return _SCRIPT.format(packed=json.dumps(packed, indent=4)).encode()
