"""Security schemes of an OpenAPI document: authorizers, signatures and API keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition import authorizers
from lambda_nb.engine.gateways.configuration.rest.openapi.document import (
    EXTENSION,
    Document,
    Json,
    listed,
    mapping,
)

_AUTHORIZER = EXTENSION + "authorizer"
_AUTHTYPE = EXTENSION + "authtype"
_SIGV4 = "awsSigv4"
_KEY_HEADER = "x-api-key"
_HEADER = "method.request.header."
_TEXTS = (
    "authorizerUri",
    "authorizerCredentials",
    "identityValidationExpression",
    "identitySource",
)
_MEMBERS = (*_TEXTS, "authorizerResultTtlInSeconds", "providerARNs")


class Security(NamedTuple):
    """What a method asks of its callers: ``authorizer`` is its name."""

    authorization: str = "NONE"
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    key: bool = False


def read_authorizers(document: Document) -> dict[str, Record]:
    """The authorizers that a document's security schemes describe, by name.

    Raises
    ------
    AWSError
        ``BadRequestException``: one cannot be.
    """
    found: dict[str, Record] = {}
    for name, one in document.security_schemes.items():
        scheme = document.resolved(one)
        described = mapping(scheme.get(_AUTHORIZER))
        if not described:
            continue
        given: dict[str, Any] = {
            "name": name,
            "type": str(described.get("type", "")).upper(),
            "authType": str(scheme.get(_AUTHTYPE) or ""),
        }
        given |= {name: str(described[name]) for name in _TEXTS if described.get(name)}
        given["providerARNs"] = listed(described.get("providerARNs"))
        if described.get("authorizerResultTtlInSeconds") is not None:
            given["authorizerResultTtlInSeconds"] = int(described["authorizerResultTtlInSeconds"])
        if given["type"] != "REQUEST" and scheme.get("name") and scheme.get("in") == "header":
            given.setdefault("identitySource", _HEADER + str(scheme["name"]))
        authorizer = authorizers.new_authorizer(given)
        authorizers.check(authorizer)
        found[name] = authorizer
    return found


def read(document: Document, operation: Json, known: Mapping[str, Record]) -> Security:
    """What an operation asks of its callers.

    Parameters
    ----------
    known
        The authorizers by name.
    """
    security = Security()
    wanted = operation.get("security", document.content.get("security"))
    for requirement in wanted if isinstance(wanted, list) else ():
        for name, scopes in mapping(requirement).items():
            scheme = document.resolved(document.security_schemes.get(name))
            if name in known:
                kind = "COGNITO_USER_POOLS" if _is_cognito(known[name]) else "CUSTOM"
                listed = tuple(str(one) for one in scopes) if isinstance(scopes, list) else ()
                security = security._replace(authorization=kind, authorizer=name, scopes=listed)
            elif str(scheme.get(_AUTHTYPE, "")).lower() == _SIGV4.lower():
                security = security._replace(authorization="AWS_IAM")
            elif scheme.get("type") == "apiKey" and str(scheme.get("name")).lower() == _KEY_HEADER:
                security = security._replace(key=True)
    own = mapping(operation.get(EXTENSION + "auth")).get("type")
    if own and security.authorizer is None:
        security = security._replace(authorization=str(own).upper())
    return security


class Schemes:
    """The security schemes that an exported document needs.

    Parameters
    ----------
    known
        The authorizers by id; they are exported by their names.
    """

    def __init__(self, known: Mapping[str, Record]) -> None:
        self._known = known
        names = {authorizer["name"] for authorizer in known.values()}
        self._key = _unused("api_key", names)
        self._sigv4 = _unused("sigv4", names)
        self.written: Json = {}

    def describe_all(self) -> None:
        """Describe every authorizer, whether a method uses it or not."""
        for authorizer in self._known.values():
            self.written[authorizer["name"]] = _described(authorizer)

    def of(self, method: Record, *, authorizers: bool) -> list[Json]:
        """The ``security`` of a method; its schemes are described."""
        wanted: list[Json] = []
        if authorizers and method["authorizationType"] == "AWS_IAM":
            self.written[self._sigv4] = {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                _AUTHTYPE: _SIGV4,
            }
            wanted.append({self._sigv4: []})
        authorizer = self._known.get(method.get("authorizerId", ""))
        if authorizers and authorizer is not None:
            self.written[authorizer["name"]] = _described(authorizer)
            wanted.append({authorizer["name"]: list(method.get("authorizationScopes", ()))})
        if method["apiKeyRequired"]:
            scheme = {"type": "apiKey", "name": _KEY_HEADER, "in": "header"}
            self.written[self._key] = scheme
            wanted.append({self._key: []})
        return wanted


def _described(authorizer: Record) -> Json:
    source = str(authorizer.get("identitySource", ""))
    described = {name: authorizer[name] for name in _MEMBERS if name in authorizer}
    one_header = source.startswith(_HEADER) and "," not in source
    if authorizer["type"] != "REQUEST" and one_header:
        del described["identitySource"]
    return {
        "type": "apiKey",
        "name": source.removeprefix(_HEADER) if one_header else "Unused",
        "in": "header",
        _AUTHTYPE: authorizer["authType"],
        _AUTHORIZER: {"type": authorizer["type"].lower(), **described},
    }


def _is_cognito(authorizer: Record) -> bool:
    return bool(authorizer["type"] == "COGNITO_USER_POOLS")


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
