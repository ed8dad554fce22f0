"""Read CloudFormation templates (YAML with its short forms, or JSON)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from lambda_nb.projects.errors import ProjectError

Template = dict[str, Any]
NAMES = ("template.yaml", "template.yml", "template.json", "sam.yaml", "sam.yml")
"""Names by which a template is found in a directory."""


def read(path: Path) -> Template:
    """A template, its short forms (``!Ref X``) written out (``{"Ref": "X"}``).

    Raises
    ------
    ProjectError
        It is not there, or is no template.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"cannot read the template {path}: {error}") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> Template:
    """The text of a template; ``name`` is for messages."""
    import yaml  # late: only a command that deploys needs it

    try:
        if text.lstrip().startswith("{"):
            found = json.loads(text)
        else:
            found = yaml.load(text, Loader=_loader())  # noqa: S506  (a safe loader with tags)
    except (ValueError, yaml.YAMLError) as error:
        raise ProjectError(f"{name} is neither YAML nor JSON: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise ProjectError(f"{name} is no template: it has no Resources")
    return found


def is_template(path: Path) -> bool:
    """Whether a file looks like a template: it has Resources at its top."""
    try:
        read(path)
    except ProjectError:
        return False
    return True


@cache
def _loader() -> Any:
    """A safe loader that keeps dates as text and reads the short forms of functions."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """A class of its own: what is registered below must not change other readers."""

    Loader.yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_multi_constructor("!", _short_form)
    return Loader


def _short_form(loader: Any, tag: str, node: Any) -> Any:
    import yaml

    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}
