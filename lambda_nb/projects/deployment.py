"""Deploy a project: build, upload, bring its stacks up to date, and say what came of it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambda_nb.projects.endpoint import Regions, is_aws
from lambda_nb.projects.errors import ProjectError, aws_errors
from lambda_nb.projects.kinds import assembly
from lambda_nb.projects.kinds.project import Project, StackSource, find, stacks_of
from lambda_nb.projects.publishing import publish
from lambda_nb.projects.reporting import Reporter
from lambda_nb.projects.stacks import changes, outcome
from lambda_nb.projects.stacks.code import replace
from lambda_nb.projects.stacks.outcome import Outcome
from lambda_nb.projects.stacks.places import Place, Places
from lambda_nb.projects.templates import reading, samconfig
from lambda_nb.projects.templates.packaging import Packaged, Packaging
from lambda_nb.projects.templates.walking import text_of


@dataclass(frozen=True)
class Wishes:
    """What the user asked for, beside the project itself.

    ``stack_name`` names the stack, or chooses one of several; ``parameters`` and ``tags`` go before
    those of samconfig.toml. Without ``builds``, code is packed as it is.
    """

    stack_name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    bucket: str = ""
    prefix: str = ""
    config_env: str = "default"
    config_file: Path | None = None
    builds: bool = True


@dataclass
class Deployed:
    """One deployed stack: what was done, what it has, and what it was made from.

    ``elsewhere`` is its Region, if that is not the one that requests go to.
    """

    what: str
    outcome: Outcome
    packaged: Packaged | None = None
    elsewhere: str = ""


class Deployment:
    """A project and where it goes; may be deployed again and again.

    Parameters
    ----------
    path
        A template, a folder, a ``cdk.out``.

    Attributes
    ----------
    began_ns
        When the latest deployment began to read the project's files, ns since the epoch.

    Raises
    ------
    ProjectError
        There is no project at the path, or its configuration cannot be read.
    """

    def __init__(self, path: Path, wishes: Wishes, clients: Regions, tell: Reporter) -> None:
        folder = samconfig.folder_of(path)
        self._config = samconfig.read(folder, wishes.config_env, wishes.config_file)
        self.project: Project = find(path, self._config.template)
        self.clients = clients
        self.tell = tell
        self.began_ns = 0
        self._wishes = wishes
        self._places = Places(
            clients,
            wishes.bucket or self._config.bucket,
            wishes.prefix or self._config.prefix,
        )
        self.uploads = self._places.home.uploads
        at_aws = is_aws(clients.client("cloudformation"))
        self.packaging = Packaging(
            self.uploads,
            builds=wishes.builds,
            at_aws=at_aws,
            tell=lambda text: self.tell.note(text),
        )

    def deploy(self) -> list[Deployed]:
        """Deploy all stacks, in order.

        Raises
        ------
        ProjectError
            Something cannot be built, or a stack failed.
        """
        with stacks_of(self.project) as sources:
            # Not before: `cdk synth` writes files of its own into the project.
            self.began_ns = time.time_ns()
            chosen = self._chosen(sources)
            self._say_what_is_ignored()
            self._check_parameters(chosen)
            return [self._stack(source, alone=len(chosen) == 1) for source in chosen]

    def delete(self) -> list[changes.Done]:
        """Delete all stacks, the last first."""
        if self.project.kind in ("template", "chalice"):
            name = self._name(StackSource(self.project.root), alone=True)
            return [changes.delete(self.clients, name, self.tell)]
        with stacks_of(self.project) as sources:
            chosen = self._chosen(sources)
            return [
                changes.delete(
                    self._places.of(one.region).clients,
                    self._name(one, alone=len(chosen) == 1),
                    self.tell,
                )
                for one in reversed(chosen)
            ]

    def _say_what_is_ignored(self) -> None:
        """What samconfig.toml asks for and does not get."""
        config, region, said = self._config, self._places.home.region, []
        if config.region not in ("", region):
            said.append(f"samconfig.toml is for the Region {config.region}; this goes to {region}")
        ignored = list(config.ignored)
        if config.profile and not is_aws(self.clients.client("cloudformation")):
            ignored.append("profile")  # of an account of AWS; the engine has its own keys
        if ignored:
            said.append(f"not followed of samconfig.toml: {', '.join(ignored)}")
        for text in said:
            self.tell.note(text)

    def _chosen(self, sources: list[StackSource]) -> list[StackSource]:
        """The stacks that are meant: by ``stack_name`` if the project has several."""
        if not sources:
            raise ProjectError(f"{self.project.root} has no stacks")
        wanted = self._wishes.stack_name
        if not wanted or len(sources) == 1:
            return sources
        chosen = [source for source in sources if source.name == wanted]
        if not chosen:
            named = ", ".join(source.name for source in sources)
            raise ProjectError(f"--stack-name {wanted}: {self.project.root} has {named}")
        return chosen

    def _check_parameters(self, chosen: list[StackSource]) -> None:
        """Refuse a parameter that no stack has, before anything is built."""
        declared = {
            name for one in chosen for name in reading.read(one.template).get("Parameters") or ()
        }
        unknown = set(self._wishes.parameters) - declared
        if unknown:
            told = "the template has" if len(chosen) == 1 else "the stacks have"
            raise ProjectError(
                f"--parameter {', '.join(sorted(unknown))}: {told} no such parameter; "
                f"there are {', '.join(sorted(declared)) or 'none'}"
            )

    def _name(self, source: StackSource, *, alone: bool) -> str:
        wanted = self._wishes.stack_name if alone else ""
        if wanted:
            return wanted
        return source.name or self._config.stack_name or _from_folder(self.project.folder)

    def _stack(self, source: StackSource, *, alone: bool) -> Deployed:
        name = self._name(source, alone=alone)
        place = self._places.of(source.region)
        elsewhere = "" if place is self._places.home else place.region
        packaged = self._packaged(source, place)
        self.tell.note(f"deploying the stack {name}{f' in {elsewhere}' if elsewhere else ''}")
        bucket, key = place.uploads.put(text_of(packaged.template), ".template")
        declared = frozenset(packaged.template.get("Parameters") or ())
        given = {**self._config.parameters, **source.parameters, **self._wishes.parameters}
        done = changes.deploy(
            place.clients,
            changes.Stack(
                name,
                place.uploads.template_url(bucket, key),
                {k: v for k, v in given.items() if k in declared},
                declared,
                {**self._config.tags, **source.tags, **self._wishes.tags},
                role=self._config.role,
                notifications=self._config.notifications,
                disable_rollback=self._config.disable_rollback,
            ),
            self.tell,
        )
        read = outcome.read(place.clients, name, done.description)
        what = done.what
        if what != "created" and self._bring_back(packaged, read):
            what = "updated"
        return Deployed(what, read, packaged, elsewhere)

    def _bring_back(self, packaged: Packaged, read: Outcome) -> list[str]:
        """Give functions the template's code that a watch has since replaced; their names.

        CloudFormation does not see that: for it the template has not changed.
        """
        client = self.clients.client("lambda")
        changed = []
        with aws_errors():
            for identifier, code in packaged.archives.items():
                name = read.functions.get(identifier)
                if name is None:
                    continue
                there = client.get_function_configuration(FunctionName=name)["CodeSha256"]
                if there != code.sha256:
                    replace(client, name, S3Bucket=code.bucket, S3Key=code.key)
                    changed.append(name)
        return changed

    def _packaged(self, source: StackSource, place: Place) -> Packaged:
        if self.project.kind in ("template", "chalice"):
            return self.packaging.template(source.template)
        publish(source.assets, place, self._places)
        template = assembly.without_bootstrap(reading.read(source.template))
        return Packaged(template, others=[source.template])


def _from_folder(folder: Path) -> str:
    """A stack's name from that of a folder."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", folder.name).strip("-")
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")
