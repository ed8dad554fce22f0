"""Bring what was saved into the functions that are deployed, as ``sam sync --watch`` does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from lambda_nb.projects.building.job import Job
from lambda_nb.projects.building.trees import IGNORED, stamps
from lambda_nb.projects.deployment import Deployed, Deployment
from lambda_nb.projects.errors import ProjectError, aws_errors
from lambda_nb.projects.stacks.code import replace

_EVERY_S = 0.2
_SHARE = 10
"""A look at many files is followed by a pause so many times as long: at most a tenth of a core."""
_MOST_S = 0.8
_DIRECT_BYTES = 50 << 20
"""Larger archives go through the bucket (AWS, "Lambda quotas": 50 MB in a request)."""
_IGNORED = IGNORED | {"node_modules", "target", "build", ".gradle"}


class Watch:
    """Looks at a project's files and updates its functions, until it is told to stop.

    A file in a function's folder updates that function's code alone; any other deploys the stack.

    Parameters
    ----------
    deployed
        What the first deployment gave.
    """

    def __init__(self, deployment: Deployment, deployed: list[Deployed]) -> None:
        self._deployment = deployment
        self._stop = threading.Event()
        self._seen: dict[str, tuple[int, int]] = {}
        self._take(deployed)

    def stop(self) -> None:
        """End :meth:`run` soon, from another thread."""
        self._stop.set()

    def run(self) -> None:
        """Watch until :meth:`stop`; what fails is told, and the next save tries again."""
        pause = _EVERY_S
        while not self._stop.wait(pause):
            began = time.monotonic()
            now = self._look()
            pause = min(_MOST_S, max(_EVERY_S, _SHARE * (time.monotonic() - began)))
            changed = _differences(self._seen, now)
            if changed:
                self._seen = now
                self._act(changed)

    def _take(self, deployed: list[Deployed]) -> None:
        """Remember what is deployed, and how its files are now."""
        self._jobs: dict[str, tuple[Job, str]] = {}
        self._others: set[Path] = set()
        roots: set[Path] = set()
        for one in deployed:
            if one.packaged is None:
                continue
            self._others |= {path for path in one.packaged.others if path.exists()}
            roots |= self._others
            for identifier, job in one.packaged.functions.items():
                if name := one.outcome.functions.get(identifier):
                    self._jobs[f"{one.outcome.name}/{identifier}"] = job, name
                roots.add(job.folder)
        if self._deployment.project.kind in ("cdk", "chalice", "assembly"):
            roots = {self._deployment.project.folder}
        self._roots = _outermost(roots)
        # What was saved while it was being deployed may not be in it: the first look finds it new.
        began, found, now = self._deployment.began_ns, self._look(), time.time_ns()
        self._seen = {path: told for path, told in found.items() if not began <= told[0] <= now}

    def _look(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for root in self._roots:
            try:
                if root.is_dir():
                    found |= stamps(root, _IGNORED)
                else:
                    told = root.stat()
                    found[str(root)] = told.st_mtime_ns, told.st_size
            except FileNotFoundError:  # an editor is just replacing it
                continue
        return {path: told for path, told in found.items() if not _is_editors(path)}

    def _act(self, changed: list[str]) -> None:
        tell = self._deployment.tell
        named = _shortest(changed, self._deployment.project.folder)
        began = time.monotonic()
        try:
            functions = self._functions_of(changed)
            if functions is None:
                deployed = self._deployment.deploy()
                self._take(deployed)
                done = ", ".join(f"{one.outcome.name} {one.what}" for one in deployed)
            else:
                for job, name in functions:
                    self._update(job, name)
                done = f"{', '.join(name for _, name in functions)} updated"
        except ProjectError as error:
            tell.note(f"{named}: {error}")
        except Exception as error:  # the next save must still be seen
            tell.note(f"{named}: {type(error).__name__}: {error}")
        else:
            tell.note(f"{named}: {done} in {time.monotonic() - began:.2f} s")

    def _functions_of(self, changed: list[str]) -> list[tuple[Job, str]] | None:
        """The functions that changed files belong to; ``None`` if the stack has to be deployed."""
        if self._deployment.project.kind != "template":
            return None
        wanted: dict[str, tuple[Job, str]] = {}
        for path in map(Path, changed):
            around = {path, *path.parents}
            mine = {key: one for key, one in self._jobs.items() if one[0].folder in around}
            if not mine or around & self._others:
                return None
            wanted |= mine
        return list(wanted.values())

    def _update(self, job: Job, name: str) -> None:
        data = self._deployment.packaging.archive(job)
        client = self._deployment.clients.client("lambda")
        with aws_errors():
            if len(data) <= _DIRECT_BYTES:
                replace(client, name, ZipFile=data)
            else:
                bucket, key = self._deployment.uploads.put(data, ".zip")
                replace(client, name, S3Bucket=bucket, S3Key=key)


def _differences(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> list[str]:
    """Files that are new, changed or gone."""
    return sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


def _outermost(roots: Iterable[Path]) -> list[Path]:
    """The roots without those that lie in another."""
    given = sorted(set(roots))
    return [root for root in given if not any(other in root.parents for other in given)]


def _is_editors(path: str) -> bool:
    """Whether a file is one that editors make beside the file that is saved."""
    name = path.rpartition("/")[2]
    return name.endswith(("~", ".swp", ".swx", ".tmp")) or name.startswith((".#", "4913"))


def _shortest(changed: list[str], folder: Path) -> str:
    first = Path(changed[0])
    named = str(first.relative_to(folder)) if folder in first.parents else str(first)
    return named if len(changed) == 1 else f"{named} and {len(changed) - 1} more"
