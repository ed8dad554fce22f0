"""An OpenAPI document, version 2 (Swagger) or 3, as JSON or YAML."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.engine.gateways.configuration.rest.definition.schemas import MOST_DEEP, too_deep
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request

Json = dict[str, Any]

EXTENSION = "x-amazon-apigateway-"
MOST_BYTES = 6 << 20
"""The largest definition that API Gateway imports (API Gateway's quotas, 2026)."""


class Document:
    """An OpenAPI document.

    Parameters
    ----------
    content
        The whole document.

    Attributes
    ----------
    content : dict
        The whole document.
    three : bool
        Whether its version is 3.

    Raises
    ------
    AWSError
        ``BadRequestException``: it has no version that API Gateway reads.
    """

    def __init__(self, content: Json) -> None:
        self.content = content
        self.three = str(content.get("openapi", "")).startswith("3.")
        if not self.three and str(content.get("swagger", "")) not in ("2.0", "2"):
            raise bad_request("Invalid OpenAPI input. It must be of version 2.0 or 3.x")

    @classmethod
    def of(cls, body: bytes) -> Document:
        """Read a document.

        Raises
        ------
        AWSError
            ``BadRequestException``: it is neither JSON nor YAML, or no OpenAPI document.
        """
        return cls(read_object(body))

    def extension(self, name: str) -> Any:
        """A member of API Gateway's own at the root; ``None`` if it is not there."""
        return self.content.get(EXTENSION + name)

    @property
    def schemas(self) -> Json:
        """Its schemas, by name."""
        return self._named("schemas", "definitions")

    @property
    def security_schemes(self) -> Json:
        """Its security schemes, by name."""
        return self._named("securitySchemes", "securityDefinitions")

    @property
    def paths(self) -> Json:
        """Its paths."""
        return mapping(self.content.get("paths"))

    @property
    def base_path(self) -> str:
        """Its base path: ``/`` if it has none."""
        if not self.three:
            return str(self.content.get("basePath") or "/")
        servers = self.content.get("servers")
        server = mapping(servers[0]) if isinstance(servers, list) and servers else {}
        variables = mapping(server.get("variables"))
        url = re.sub(
            r"\{([^}]+)\}",
            lambda found: str(mapping(variables.get(found[1])).get("default", "")),
            str(server.get("url", "")),
        )
        return "/" + urlsplit(url).path.strip("/")

    def resolved(self, value: Any) -> Json:
        """An object, or what it refers to elsewhere in the document."""
        for _ in range(20):
            reference = mapping(value).get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                break
            value = self.content
            for part in reference[2:].split("/"):
                value = mapping(value).get(part.replace("~1", "/").replace("~0", "~"))
        return mapping(value)

    def _named(self, three: str, two: str) -> Json:
        if self.three:
            return mapping(mapping(self.content.get("components")).get(three))
        return mapping(self.content.get(two))


def read_object(body: bytes) -> Json:
    """A JSON or YAML text that is an object.

    Raises
    ------
    AWSError
        ``BadRequestException``: it is not.
    """
    if len(body) > MOST_BYTES:
        raise bad_request(f"Invalid OpenAPI input. It may have at most {MOST_BYTES} bytes")
    try:
        content = _read(body.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())[:200]
        raise bad_request(f"Invalid OpenAPI input. {told}") from None
    if not isinstance(content, dict):
        raise bad_request("Invalid OpenAPI input. It must be an object")
    if too_deep(content):
        raise bad_request(f"Invalid OpenAPI input. It is nested deeper than {MOST_DEEP} levels")
    return content


def texts(value: Any) -> dict[str, str]:
    """The value as a map of texts, empty if it is no object. A ``null`` is an empty text."""
    return {name: _text(one) for name, one in mapping(value).items()}


def listed(value: Any) -> list[str]:
    """The value as a list of texts, empty if it is no list."""
    return [_text(one) for one in value] if isinstance(value, list) else []


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def mapping(value: Any) -> Json:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def write(content: Json, media_type: str) -> bytes:
    """A document as text, JSON unless the media type says YAML."""
    if "yaml" in media_type:
        from lambda_nb.engine.gateways.configuration.rest.openapi import yaml_text

        return yaml_text.write(content)
    return json.dumps(content, indent=2).encode()


def _read(text: str) -> Any:
    if text.lstrip().startswith("{"):
        with contextlib.suppress(ValueError):  # YAML may begin so as well
            return json.loads(text)
    # Imported late, here and above: most engines never see YAML.
    from lambda_nb.engine.gateways.configuration.rest.openapi import yaml_text

    return yaml_text.read(text)
