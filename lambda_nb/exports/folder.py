"""The folder of an export: which of its files an export wrote, and which are the user's."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lambda_nb.exports.errors import ExportError
from lambda_nb.exports.shared import Files

MANIFEST = ".lambda-nb-export.json"
"""Lists the files that an export wrote, each with the SHA-256 of what was written."""


class Folder:
    """Where an export is written, perhaps over an earlier one.

    Parameters
    ----------
    path
        A folder that is not there, is empty, or has an earlier export.

    Raises
    ------
    ExportError
        It is a file, or has something else in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise ExportError(f"{path} is a file; give a folder")
        # A file may have several: an export that was interrupted has written it, or not yet.
        self._earlier = self._listed()

    def _listed(self) -> Mapping[str, list[str]]:
        manifest = self.path / MANIFEST
        if not manifest.is_file():
            if self.path.exists() and any(self.path.iterdir()):
                raise ExportError(
                    f"{self.path} is not empty, and not an earlier export; give another folder, so "
                    "that nothing is overwritten"
                )
            return {}
        try:
            listed = json.loads(manifest.read_text("utf-8"))["files"]
            return {str(name): list(map(str, sums)) for name, sums in listed.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ExportError(
                f"{manifest} cannot be read ({error}), so that it is not known which files are of "
                "the earlier export; give another folder"
            ) from None

    def write(self, files: Files) -> list[str]:
        """Write an export, and remove what is only in the earlier one.

        What the user has changed since is kept if the export has nothing new for it.

        Returns
        -------
        list of str
            What was kept, and why.

        Raises
        ------
        ExportError
            The user has made or changed a file that the export would overwrite. Nothing is
            written then.
        OSError
            The folder cannot be written to.
        """
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        changed = {name for name in {*self._earlier, *files} if self._is_of_user(name)}
        kept = {name for name in changed & sums.keys() if sums[name] in self._earlier.get(name, ())}
        clash = sorted(name for name in changed & sums.keys() - kept if not self._has(name, sums))
        if clash:
            raise ExportError(
                f"{', '.join(clash)} in {self.path} {'was' if len(clash) == 1 else 'were'} made or "
                "changed by you, and this export would overwrite it; move it away, or give another "
                "folder"
            )
        gone = self._earlier.keys() - sums.keys()
        self.path.mkdir(parents=True, exist_ok=True)
        both = {name: set(listed) for name, listed in self._earlier.items()}
        for name, one in sums.items():
            both.setdefault(name, set()).add(one)
        self._list(both)
        for name in gone - changed:
            self._remove(name)
        for name in files.keys() - kept:
            _write(self.path / name, files[name])
        self._list({name: {one} for name, one in sums.items()})
        return [
            *(f"{name}: you have changed it, and it is as you left it" for name in sorted(kept)),
            *(
                f"{name} is of the earlier export only, but you have changed it: it is still there"
                for name in sorted(gone & changed)
            ),
        ]

    def _is_of_user(self, name: str) -> bool:
        """Whether what stands there now is not what an export wrote."""
        path = self.path / name
        if _leads_out(name) or path.is_symlink() or path.is_dir():
            return True
        return path.exists() and _sum(path) not in self._earlier.get(name, ())

    def _has(self, name: str, sums: Mapping[str, str]) -> bool:
        path = self.path / name
        return path.is_file() and _sum(path) == sums[name]

    def _remove(self, name: str) -> None:
        path = self.path / name
        path.unlink(missing_ok=True)
        for above in path.relative_to(self.path).parents:
            with contextlib.suppress(OSError):  # the user has something in it
                if above.parts:
                    (self.path / above).rmdir()

    def _list(self, files: Mapping[str, set[str]]) -> None:
        told = {
            "written by": "lambda_nb: a later export into this folder may replace these files",
            "files": {name: sorted(sums) for name, sums in sorted(files.items())},
        }
        (self.path / MANIFEST).write_text(json.dumps(told, indent=2) + "\n", "utf-8")


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _leads_out(name: str) -> bool:
    """Whether a name in a manifest, which anybody may have edited, is of no file inside."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    if target.suffix == ".sh" or target.name == "bootstrap":
        target.chmod(0o755)
