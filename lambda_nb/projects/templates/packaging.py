"""Replace the local paths of a template by locations in S3, after building what they hold."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lambda_nb.projects.building.archives import pack
from lambda_nb.projects.building.build import as_it_is, build
from lambda_nb.projects.building.job import Job
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.templates import reading, source_maps
from lambda_nb.projects.templates.places import PLACES, Place, as_url, is_local
from lambda_nb.projects.templates.reading import Template
from lambda_nb.projects.templates.walking import includes, known, resources_of, text_of

_BUILDS_AT_ONCE = 4
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_LAYERS = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")


class Store(Protocol):
    """Takes artifacts and says where they are."""

    def put(self, data: bytes, ending: str) -> tuple[str, str]:
        """Keep an artifact; its bucket and key."""

    def template_url(self, bucket: str, key: str) -> str:
        """The address of a template there, as CloudFormation takes it."""


@dataclass(frozen=True)
class Archive:
    """A function's archive in S3. ``sha256`` is in base64, as Lambda's ``CodeSha256``."""

    bucket: str
    key: str
    sha256: str


@dataclass
class Packaged:
    """A template that is ready to deploy, and what it was made from.

    ``functions`` has the source of each function by logical id, ``archives`` what was built from
    it; ``others`` the further files and folders: a change of theirs needs a deployment of the
    stack.
    """

    template: Template
    functions: dict[str, Job] = field(default_factory=dict)
    archives: dict[str, Archive] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)


class Packaging:
    """Packages templates: one run.

    Parameters
    ----------
    store
        Where artifacts go.
    builds
        Whether code is built, or packed as it is.
    at_aws
        Whether it will run on AWS's machines.
    tell
        Gets one line for each artifact that is built.
    """

    def __init__(
        self, store: Store, *, builds: bool, at_aws: bool, tell: Callable[[str], None]
    ) -> None:
        self._store = store
        self._builds = builds
        self._at_aws = at_aws
        self._tell = tell

    def template(self, path: Path) -> Packaged:
        """Package the template in a file, with all templates that it names."""
        done = self.parsed(reading.read(path), path.parent)
        done.others.insert(0, path)
        return done

    def parsed(self, given: Template, folder: Path) -> Packaged:
        """Package a template; paths in it begin in ``folder``."""
        done = Packaged(copy.deepcopy(given))
        steps: list[Callable[[], None]] = []
        for identifier, resource in resources_of(done.template):
            steps += self._resource(done, identifier, resource, folder)
        steps += [self._include(done, include, folder) for include in includes(done.template)]
        with ThreadPoolExecutor(_BUILDS_AT_ONCE) as pool:
            for step in [pool.submit(step) for step in steps]:
                step.result()
        return done

    def archive(self, job: Job) -> bytes:
        """Build, or pack as it is, the code of a function or a layer."""
        skipped = str(job.properties.get("SkipBuild", "")).lower() == "true"
        if self._builds and not skipped:
            return build(job)
        return build(job) if job.folder.is_file() else pack(as_it_is(job))

    def _resource(
        self, done: Packaged, identifier: str, resource: dict[str, Any], folder: Path
    ) -> Iterator[Callable[[], None]]:
        kind = resource.get("Type", "")
        properties = resource.setdefault("Properties", {})
        for place in PLACES.get(kind, ()):
            holder, name = _holder(properties, place), place.path[-1]
            value = None if holder is None else holder.get(name)
            if value is None and place.default and holder is not None:
                value = _global_code(done.template, kind) or place.default
                value = value if _needs_code(properties) else None
            if holder is None or not isinstance(value, str) or not is_local(value):
                continue
            local = (folder / value).resolve()
            if "${" in value:
                raise ProjectError(
                    f"{identifier}: {name} {value!r} depends on Fn::ForEach; give the resources of "
                    "the loop one folder, with a handler each"
                )
            if place.kind == "code":
                job = self._job(done.template, identifier, resource, local)
                if kind in _FUNCTIONS:
                    done.functions[identifier] = job
                else:
                    done.others.append(local)
                yield self._code(done, identifier, job, place, holder, name)
            else:
                done.others.append(local)
                yield self._other(done, place, holder, name, local, identifier)

    def _job(
        self, template: Template, identifier: str, resource: dict[str, Any], folder: Path
    ) -> Job:
        kind, properties = resource["Type"], resource["Properties"]
        globals_ = template.get("Globals", {}).get("Function", {}) if "Serverless" in kind else {}
        if self._builds and kind in _FUNCTIONS:
            source_maps.agree(resource, globals_)
        metadata = resource.get("Metadata") or {}
        told = {**globals_, **properties}
        runtime = told.get("Runtime", "")
        if kind in _LAYERS:
            runtimes = properties.get("CompatibleRuntimes") or []
            method = str(metadata.get("BuildMethod", ""))
            runtime = method if method[-1:].isdigit() else next(iter(runtimes), "")
        machines = told.get("Architectures") or properties.get("CompatibleArchitectures")
        settings = dict(metadata.get("BuildProperties") or {})
        if "SkipBuild" in metadata:
            settings["SkipBuild"] = metadata["SkipBuild"]
        return Job(
            identifier=str(metadata.get("SamResourceId", identifier)),
            folder=folder,
            runtime=known(runtime, template),
            architecture=_architecture(machines, template),
            handler=known(told.get("Handler", ""), template),
            method=str(metadata.get("BuildMethod", "")),
            properties=settings,
            layer=kind in _LAYERS,
            at_aws=self._at_aws,
        )

    def _code(
        self,
        done: Packaged,
        identifier: str,
        job: Job,
        place: Place,
        holder: dict[str, Any],
        name: str,
    ) -> Callable[[], None]:
        def step() -> None:
            self._tell(f"{'building' if self._builds else 'packing'} {job.identifier}")
            data = self.archive(job)
            bucket, key = self._store.put(data, ".zip")
            holder[name] = place.form(bucket, key)
            if not job.layer:
                digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
                done.archives[identifier] = Archive(bucket, key, digest)

        return step

    def _other(
        self,
        done: Packaged,
        place: Place,
        holder: dict[str, Any],
        name: str,
        local: Path,
        identifier: str,
    ) -> Callable[[], None]:
        def step() -> None:
            if not local.exists():
                raise ProjectError(f"{identifier}: {name} names {local}, which is not there")
            if place.kind == "template":
                inner = self.template(local)
                done.others += [*inner.others, *(job.folder for job in inner.functions.values())]
                bucket, key = self._store.put(text_of(inner.template), ".template")
                holder[name] = self._store.template_url(bucket, key)
            elif place.kind == "zip" and local.is_dir():
                job = Job(identifier, local)
                holder[name] = place.form(*self._store.put(pack(as_it_is(job)), ".zip"))
            else:
                holder[name] = place.form(*self._store.put(local.read_bytes(), local.suffix))

        return step

    def _include(self, done: Packaged, include: dict[str, Any], folder: Path) -> Callable[[], None]:
        local = (folder / include["Location"]).resolve()
        done.others.append(local)

        def step() -> None:
            if not local.is_file():
                raise ProjectError(f"AWS::Include: Location names {local}, which is not there")
            include["Location"] = as_url(*self._store.put(local.read_bytes(), local.suffix))

        return step


def _holder(properties: dict[str, Any], place: Place) -> dict[str, Any] | None:
    """The mapping that has a place's last name."""
    found: Any = properties
    for name in place.path[:-1]:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _architecture(machines: Any, template: Template) -> str:
    """The first machine that a template names, as far as it can be read here."""
    first = next(iter(machines), "") if isinstance(machines, list) else machines
    found = known(first, template)
    return found if found in ("x86_64", "arm64") else "x86_64"


def _needs_code(properties: dict[str, Any]) -> bool:
    """Whether a function without a path has its code in a folder at all."""
    return not (
        {"InlineCode", "ImageUri"} & set(properties) or properties.get("PackageType") == "Image"
    )


def _global_code(template: Template, kind: str) -> Any:
    globals_ = template.get("Globals", {}).get("Function", {})
    return globals_.get("CodeUri") if "Serverless" in kind else None
