"""An OpenAPI document becomes, or changes, a REST API's definition."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.definition import (
    documentation,
    gateway_responses,
    models,
    resources,
)
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition, Named
from lambda_nb.engine.gateways.configuration.rest.definition.validators import new_validator
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request
from lambda_nb.engine.gateways.configuration.rest.openapi import api_members, integrations, security
from lambda_nb.engine.gateways.configuration.rest.openapi.document import (
    EXTENSION,
    Document,
    Json,
    mapping,
    texts,
)
from lambda_nb.engine.gateways.configuration.rest.openapi.operations import Operations
from lambda_nb.engine.gateways.configuration.rest.openapi.schemas import schema_text
from lambda_nb.engine.gateways.configuration.rest.openapi.tree import Tree

BASE_PATHS = ("ignore", "prepend", "split")
_EXTENSIONS = {
    EXTENSION + name
    for name in (
        "api-key-source",
        "binary-media-types",
        "documentation",
        "endpoint-configuration",
        "gateway-responses",
        "importexport-version",
        "minimum-compression-size",
        "policy",
        "request-validator",
        "request-validators",
    )
}
"""Those at a document's root."""

_MODEL_NAME = re.compile(r"[a-zA-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Options:
    """How a document is imported.

    Attributes
    ----------
    base_path
        What becomes of the document's base path: one of :data:`BASE_PATHS`.
    ignore
        What is left out: ``documentation``, if anything.
    fail_on_warnings
        Whether a warning is an error.
    """

    base_path: str = "ignore"
    ignore: str = ""
    fail_on_warnings: bool = False


@dataclass(slots=True)
class Import:
    """Imports one document.

    Parameters
    ----------
    document
        The document.
    definition
        What it changes; its collections are.
    options
        How it is imported.

    Attributes
    ----------
    warnings, errors : list of str
        What was left out, and what cannot be.
    """

    document: Document
    definition: Definition
    options: Options
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def overwrite(self) -> None:
        """Make the definition what the document says; ids stay for what is in both."""
        before = self.definition
        root = before.resources[before.api["rootResourceId"]]
        bare = {key: value for key, value in root.items() if key != "resourceMethods"}
        self.definition = Definition(before.api, {root["id"]: bare}, models.defaults())
        api_members.forget(self.definition.api)
        self._run(before)

    def merge(self) -> None:
        """Add to the definition what the document says, in place of what it has the same of."""
        self._run(self.definition.copy())

    def _run(self, before: Definition) -> None:
        document, definition = self.document, self.definition
        operations = Operations(document, {}, self.warnings)
        self._guard("Unable to read the API's own members", api_members.read, document, definition)
        self._take_models(document.schemas, before)
        self._take_validators(before)
        self._guard("Unable to create authorizers", self._take_authorizers, before)
        tree = Tree(definition.resources, before.resources)
        for path in document.paths:
            if path.startswith(EXTENSION[:2]):
                continue
            resource = self._guard(
                f"Unable to create resource at path '{path}'", self._resource, path, tree
            )
            for name, operation in operations.of(path):
                if resource is not None:
                    self._take_method(operations, path, resource["id"], name, operation)
        self._warn_of_unknown()
        for name, model in operations.models.items():
            definition.models[name] = before.models.get(name, model)
        self._check_models()
        self._guard("Unable to put gateway responses", self._take_gateway_responses)
        if self.options.ignore != "documentation":
            self._guard("Unable to create documentation parts", self._take_documentation, before)
        self._refuse()

    def _warn_of_unknown(self) -> None:
        """Note each extension of API Gateway's that REST APIs do not have."""
        for name in self.document.content:
            if name.startswith(EXTENSION) and name not in _EXTENSIONS:
                self.warnings.append(f"Extension '{name}' is not supported, ignoring it")

    def _refuse(self) -> None:
        """Refuse the document if something in it cannot be."""
        told = ""
        if self.errors:
            told = "Errors found during import:" + "".join(f"\n\t{one}" for one in self.errors)
        if self.warnings and (self.errors or self.options.fail_on_warnings):
            head = (
                "\nAdditionally, these warnings were found:"
                if told
                else ("Warnings found during import:")
            )
            told += head + "".join(f"\n\t{one}" for one in self.warnings)
        if told:
            raise bad_request(told)

    def _guard(self, what: str, step: Any, *arguments: Any) -> Any:
        """The result of a step; an error of it is noted, and gives ``None``."""
        try:
            return step(*arguments)
        except AWSError as error:
            self.errors.append(f"{what}: {error.message}")
        except (TypeError, ValueError) as error:
            self.errors.append(f"{what}: {error}")
        return None

    def _take_models(self, schemas: Json, before: Definition) -> None:
        for name, schema in schemas.items():
            if not _MODEL_NAME.fullmatch(name):
                self.errors.append(
                    f"Unable to create model '{name}': Model name must be alphanumeric: {name}"
                )
                continue
            text = schema_text(schema, before.api["id"])
            old = self.definition.models.get(name) or before.models.get(name)
            if old is not None and _same(old["schema"], text):
                self.definition.models[name] = old
                continue
            new = models.new_model(name, "application/json", text, None)
            self.definition.models[name] = {**old, "schema": text} if old else new

    def _check_models(self) -> None:
        """Note each model that something refers to and that is not there."""
        known = self.definition.models
        for resource, method in self.definition.methods():
            for name in sorted(models.models_of(method) - known.keys()):
                self.errors.append(
                    f"Unable to put method '{method['httpMethod']}' on resource at path "
                    f"'{resource['path']}': Invalid model identifier specified: {name}"
                )

    def _take_validators(self, before: Definition) -> None:
        for name, one in mapping(self.document.extension("request-validators")).items():
            described = mapping(one)
            new = new_validator(
                name,
                body=described.get("validateRequestBody") is True,
                parameters=described.get("validateRequestParameters") is True,
            )
            new["id"] = _id_of(before.validators, name) or new["id"]
            self.definition.validators[new["id"]] = new

    def _take_authorizers(self, before: Definition) -> None:
        for name, new in security.read_authorizers(self.document).items():
            new["id"] = _id_of(before.authorizers, name) or new["id"]
            self.definition.authorizers[new["id"]] = new

    def _resource(self, path: str, tree: Tree) -> Record:
        """The resource of a document's path, made with its parents if need be."""
        found = tree.by_path["/"]
        for part in self._whole(path).strip("/").split("/"):
            if part:
                found = tree.by_path.get(resources.child_path(found, part)) or tree.add(found, part)
        return found

    def _whole(self, path: str) -> str:
        """A path with what the options want of the base path before it."""
        if self.options.base_path == "ignore":
            return path
        parts = self.document.base_path.strip("/").split("/")
        if self.options.base_path == "split":
            parts = parts[1:]
        return "/".join([*parts, path.strip("/")])

    def _take_method(
        self, operations: Operations, path: str, resource_id: str, name: str, operation: Json
    ) -> None:
        resource = self.definition.resources[resource_id]
        at = f"on '{name}' for resource at path '{resource['path']}'"
        method = self._guard(f"Unable to put method {at}", operations.method, path, name, operation)
        if method is None:
            return
        self._secure(method, operation, at)
        described = mapping(operation.get(EXTENSION + "integration"))
        if described:
            integration = self._guard(
                f"Unable to put integration {at}", integrations.read, described, resource_id
            )
            responses = self._guard(
                f"Unable to put integration response {at}",
                integrations.read_responses,
                described,
                method,
            )
            if integration is not None:
                method["methodIntegration"] = integration
                if responses:
                    integration["integrationResponses"] = responses
        methods = {**resource.get("resourceMethods", {}), name: method}
        self.definition.resources[resource_id] = {**resource, "resourceMethods": methods}

    def _secure(self, method: Record, operation: Json, at: str) -> None:
        """Add what a method asks of its callers, and how it validates requests."""
        known = {one["name"]: one for one in self.definition.authorizers.values()}
        wanted = security.read(self.document, operation, known)
        method["authorizationType"] = wanted.authorization
        method["apiKeyRequired"] = wanted.key
        if wanted.authorizer is not None:
            method["authorizerId"] = known[wanted.authorizer]["id"]
        if wanted.scopes:
            method["authorizationScopes"] = list(wanted.scopes)
        member = "request-validator"
        name = operation.get(EXTENSION + member, self.document.extension(member))
        if name is None:
            return
        validator = _id_of(self.definition.validators, name)
        if validator is None:
            self.errors.append(
                f"Unable to put method {at}: Invalid Request Validator identifier specified"
            )
        else:
            method["requestValidatorId"] = validator

    def _take_gateway_responses(self) -> None:
        for kind, described in mapping(self.document.extension("gateway-responses")).items():
            gateway_responses.check_type(kind)
            given = mapping(described)
            members = {
                "statusCode": str(given.get("statusCode") or ""),
                "responseParameters": texts(given.get("responseParameters")),
                "responseTemplates": texts(given.get("responseTemplates")),
            }
            response = gateway_responses.customised(kind, members)
            gateway_responses.check(response)
            self.definition.gateway_responses[kind] = response

    def _take_documentation(self, before: Definition) -> None:
        parts = read_parts(mapping(self.document.extension("documentation")))
        old = {documentation.place(part): part for part in before.documentation_parts.values()}
        for part in parts:
            part["id"] = old.get(documentation.place(part), part)["id"]
        self.definition.documentation_parts = documentation.merged(
            self.definition.documentation_parts, parts
        )


def read_parts(described: Json) -> list[Record]:
    """The documentation parts that ``x-amazon-apigateway-documentation`` lists.

    Raises
    ------
    AWSError
        ``BadRequestException``: one cannot be.
    """
    listed = described.get("documentationParts")
    found = []
    for one in listed if isinstance(listed, list) else ():
        part = mapping(one)
        properties = part.get("properties")
        text = properties if isinstance(properties, str) else json.dumps(properties)
        found.append(documentation.new_part(texts(part.get("location")), text))
    return found


def _id_of(named: Named, name: Any) -> str | None:
    """The id of the record that has a name."""
    return next((str(one["id"]) for one in named.values() if one.get("name") == name), None)


def _same(schema: str, other: str) -> bool:
    try:
        return bool(json.loads(schema) == json.loads(other))
    except ValueError:
        return False


def options_of(parameters: Mapping[str, str], *, fail_on_warnings: bool) -> Options:
    """How a call wants its document imported.

    Parameters
    ----------
    parameters
        Those of its query.

    Raises
    ------
    AWSError
        ``BadRequestException``: there is no such way.
    """
    base_path = parameters.get("basepath", parameters.get("basePath", "ignore"))
    if base_path not in BASE_PATHS:
        raise bad_request(
            f"Invalid basepath specified: {base_path}. Valid values are [{', '.join(BASE_PATHS)}]"
        )
    return Options(base_path, parameters.get("ignore", ""), fail_on_warnings)
