"""What lets callers of an API in: JWT and Lambda authorizers, user pools, IAM, API keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.exports.picture import Authorizer, Text
from lambda_nb.exports.reading.asking import pages
from lambda_nb.exports.reading.identifiers import Identifiers
from lambda_nb.exports.reading.texts import Texts
from lambda_nb.projects.endpoint import Clients, is_aws

_TTL_S = 300
"""How long a result is kept by default (API Gateway API references, CreateAuthorizer)."""


class Unprotected(Exception):  # noqa: N818
    """A route cannot be exported with what protects it; the text says why."""


class Authorizers:
    """Reads each authorizer once.

    Parameters
    ----------
    clients
        Of the endpoint.
    texts, identifiers
        Of the application.
    functions
        The ids of its functions, by name.
    """

    def __init__(
        self,
        clients: Clients,
        texts: Texts,
        identifiers: Identifiers,
        functions: Mapping[str, str],
    ) -> None:
        self._clients = clients
        self._texts = texts
        self._identifiers = identifiers
        self._functions = functions
        self._known: dict[tuple[str, str], Authorizer] = {}

    def of_route(
        self, api: Mapping[str, Any], route: Mapping[str, Any]
    ) -> tuple[Authorizer | None, dict[str, Any]]:
        """The authorizer of an HTTP API's route, and the settings that go with it.

        Raises
        ------
        Unprotected
            It cannot be exported.
        """
        kind = route.get("AuthorizationType", "NONE")
        if kind in ("NONE", "AWS_IAM"):
            return None, {} if kind == "NONE" else {"AuthorizationType": kind}
        key = (api["ApiId"], route.get("AuthorizerId", ""))
        if key not in self._known:
            gateway = self._clients.client("apigatewayv2")
            for one in pages(gateway, "get_authorizers", "Items", ApiId=api["ApiId"]):
                if one["AuthorizerId"] == key[1]:
                    self._known[key] = self._of_http(api, one)
        return self._found(key), _scopes(route.get("AuthorizationScopes"))

    def of_method(
        self, api: Mapping[str, Any], method: Mapping[str, Any]
    ) -> tuple[Authorizer | None, dict[str, Any]]:
        """The authorizer of a REST API's method, and the settings that go with it.

        Raises
        ------
        Unprotected
            It cannot be exported.
        """
        settings: dict[str, Any] = {"ApiKeyRequired": True} if method.get("apiKeyRequired") else {}
        kind = method.get("authorizationType", "NONE")
        if kind in ("NONE", "AWS_IAM"):
            return None, settings if kind == "NONE" else settings | {"AuthorizationType": kind}
        key = (api["id"], method.get("authorizerId", ""))
        if key not in self._known:
            gateway = self._clients.client("apigateway")
            for one in pages(gateway, "get_authorizers", "items", restApiId=api["id"]):
                if one["id"] == key[1]:
                    self._known[key] = self._of_rest(api, one)
        return self._found(key), settings | _scopes(method.get("authorizationScopes"))

    def _found(self, key: tuple[str, str]) -> Authorizer:
        if key not in self._known:
            raise Unprotected("its authorizer is not there")
        return self._known[key]

    def _of_http(self, api: Mapping[str, Any], told: Mapping[str, Any]) -> Authorizer:
        name, sources = told["Name"], list(told.get("IdentitySource", ()))
        if told["AuthorizerType"] == "JWT":
            jwt = told["JwtConfiguration"]
            return Authorizer(
                self._identifiers.new(f"{api['Name']}-{name}", "Authorizer"),
                name,
                "jwt",
                {"Sources": sources},
                **self._of_issuer(f"{name} of {api['Name']}", jwt),
            )
        version = told.get("AuthorizerPayloadFormatVersion", "2.0")
        settings = {
            "Sources": sources,
            "PayloadFormatVersion": version,
            "SimpleResponses": bool(told.get("EnableSimpleResponses")),
            "TtlSeconds": told.get("AuthorizerResultTtlInSeconds", 0),
        }
        return self._of_lambda(api["Name"], name, told.get("AuthorizerUri", ""), settings)

    def _of_issuer(self, whose: str, jwt: Mapping[str, Any]) -> dict[str, Any]:
        """The issuer and the audience, as parameters where they are only here."""
        issuer, audience = str(jwt["Issuer"]), list(jwt.get("Audience", ()))
        host = str(urlsplit(issuer).hostname)
        is_pool = host.startswith("cognito-idp.") or "." not in host or host == "127.0.0.1"
        if is_aws(self._clients.client()) or not is_pool:
            return {"issuer": Text.of(issuer), "audience": [Text.of(one) for one in audience]}
        return {
            "issuer": self._texts.parameter(
                f"{whose} issuer", f"issuer of {whose}: it was {issuer} here"
            ),
            "audience": [
                self._texts.parameter(
                    f"{whose} audience {number}", f"audience of {whose}: it was {one} here"
                )
                for number, one in enumerate(audience, 1)
            ],
        }

    def _of_rest(self, api: Mapping[str, Any], told: Mapping[str, Any]) -> Authorizer:
        name = told["name"]
        sources = [one.strip() for one in told.get("identitySource", "").split(",") if one.strip()]
        settings: dict[str, Any] = {
            "Sources": sources,
            "TtlSeconds": told.get("authorizerResultTtlInSeconds", _TTL_S),
        }
        if told["type"] != "COGNITO_USER_POOLS":
            settings["Type"] = told["type"]
            if told.get("identityValidationExpression"):
                settings["Validation"] = told["identityValidationExpression"]
            return self._of_lambda(api["name"], name, told.get("authorizerUri", ""), settings)
        at_aws = is_aws(self._clients.client())
        pools = [
            self._texts.of_arn(arn)
            if at_aws
            else self._texts.parameter(
                f"{name} pool {number}",
                f"ARN of {api['name']}: a user pool, in place of {arn.rpartition('/')[2]}",
            )
            for number, arn in enumerate(told.get("providerARNs", ()), 1)
        ]
        identifier = self._identifiers.new(f"{api['name']}-{name}", "Authorizer")
        return Authorizer(identifier, name, "user_pools", settings, pools=pools)

    def _of_lambda(self, api: str, name: str, uri: str, settings: dict[str, Any]) -> Authorizer:
        function = function_of(uri)
        if function not in self._functions:
            raise Unprotected(
                f"its authorizer is the function {function or uri}: export it along with this one"
            )
        identifier = self._identifiers.new(f"{api}-{name}", "Authorizer")
        return Authorizer(identifier, name, "lambda", settings, function=self._functions[function])


def function_of(uri: str) -> str:
    """The name of the function that an integration or an authorizer invokes, or empty."""
    return uri.partition(":function:")[2].split("/")[0].split(":")[0]


def _scopes(told: Any) -> dict[str, Any]:
    return {"Scopes": list(told)} if told else {}
