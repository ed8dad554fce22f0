"""REST APIs as OpenAPI definitions: import, export, and the way there and back."""

from __future__ import annotations

import contextlib
import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_configuration_lab import ACCOUNT, REGION, Lab, made

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.openapi import yaml_text

LAMBDA = (
    f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/"
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f/invocations"
)
PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": LAMBDA}
ALL = {"extensions": "apigateway"}
POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_a"

SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "pets", "version": "1.0", "description": "all pets"},
    "basePath": "/a/b/c",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "x-amazon-apigateway-api-key-source": "AUTHORIZER",
    "x-amazon-apigateway-minimum-compression-size": 5,
    "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True},
    "x-amazon-apigateway-policy": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
            }
        ],
    },
    "x-amazon-apigateway-request-validators": {
        "all": {"validateRequestBody": True, "validateRequestParameters": True},
        "none": {"validateRequestBody": False, "validateRequestParameters": False},
    },
    "x-amazon-apigateway-request-validator": "all",
    "x-amazon-apigateway-gateway-responses": {
        "DEFAULT_5XX": {
            "statusCode": 599,
            "responseParameters": {"gatewayresponse.header.x": "'y'"},
            "responseTemplates": {"application/json": "{}"},
        }
    },
    "x-amazon-apigateway-documentation": {
        "version": "1",
        "documentationParts": [
            {"location": {"type": "API"}, "properties": {"description": "all of it"}}
        ],
    },
    "securityDefinitions": {
        "token": {
            "type": "apiKey",
            "name": "X-Token",
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {
                "type": "token",
                "authorizerUri": LAMBDA,
                "authorizerResultTtlInSeconds": 60,
                "identityValidationExpression": "^x-",
            },
        },
        "pool": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": {
                "type": "cognito_user_pools",
                "providerARNs": [POOL],
            },
        },
        "asked": {
            "type": "apiKey",
            "name": "Unused",
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {
                "type": "request",
                "authorizerUri": LAMBDA,
                "identitySource": "method.request.header.a, method.request.querystring.b",
            },
        },
        "sigv4": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    },
    "definitions": {
        "Pet": {"type": "object", "properties": {"owner": {"$ref": "#/definitions/Owner"}}},
        "Owner": {"type": "object"},
    },
    "paths": {
        "/pets": {
            "post": {
                "operationId": "addPet",
                "parameters": [
                    {"in": "body", "name": "pet", "schema": {"$ref": "#/definitions/Pet"}},
                    {"in": "header", "name": "X-Trace", "type": "string"},
                    {"in": "query", "name": "dry", "required": True, "type": "string"},
                ],
                "responses": {
                    "200": {
                        "description": "ok",
                        "schema": {"$ref": "#/definitions/Pet"},
                        "headers": {"Location": {"type": "string"}},
                    },
                    "500": {"description": "bad"},
                },
                "security": [{"token": []}, {"api_key": []}],
                "x-amazon-apigateway-request-validator": "none",
                "x-amazon-apigateway-integration": {
                    "type": "http",
                    "httpMethod": "PUT",
                    "uri": "http://127.0.0.1:9/pets",
                    "timeoutInMillis": 1000,
                    "passthroughBehavior": "when_no_templates",
                    "contentHandling": "CONVERT_TO_TEXT",
                    "cacheKeyParameters": ["method.request.querystring.dry"],
                    "requestParameters": {
                        "integration.request.querystring.d": "method.request.querystring.dry"
                    },
                    "requestTemplates": {"application/json": "$input.json('$')"},
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseParameters": {"method.response.header.Location": "'/pets/1'"},
                        },
                        "5\\d{2}": {
                            "statusCode": 500,
                            "responseTemplates": {"application/json": "{}"},
                        },
                    },
                },
            },
            "get": {
                "security": [{"pool": ["pets/read"]}],
                "responses": {},
                "x-amazon-apigateway-integration": PROXY,
            },
        },
        "/files/{proxy+}": {
            "parameters": [{"in": "path", "name": "proxy", "required": True, "type": "string"}],
            "x-amazon-apigateway-any-method": {
                "security": [{"sigv4": []}],
                "responses": {},
                "x-amazon-apigateway-integration": PROXY,
            },
        },
        "/asked": {
            "delete": {
                "security": [{"asked": []}],
                "responses": {},
                "x-amazon-apigateway-integration": PROXY,
            }
        },
        "/empty": {},
    },
}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    yield from made(tmp_path / "apis.sqlite")


def imported(lab: Lab, document: dict[str, Any], **more: Any) -> Any:
    """The API that a document becomes."""
    return lab("ImportRestApi", body=json.dumps(document).encode(), **more)


def refusal(lab: Lab, operation: str, **request: Any) -> str:
    """The message of the ``BadRequestException`` that a call gets."""
    with pytest.raises(AWSError) as caught:
        lab(operation, **request)
    assert caught.value.code == "BadRequestException"
    return caught.value.message


def by_path(lab: Lab, api: Any) -> dict[str, Any]:
    """The resources of an API, with their methods, by path."""
    items = lab("GetResources", restApiId=api["id"], embed=["methods"], limit=500)["items"]
    return {resource["path"]: resource for resource in items}


def facts(lab: Lab, api_id: str) -> dict[str, Any]:
    """All of an API, with names in place of identifiers."""
    at = {"restApiId": api_id}
    api = dict(lab("GetRestApi", **at))
    authorizers = lab("GetAuthorizers", **at, limit=500)["items"]
    validators = lab("GetRequestValidators", **at, limit=500)["items"]
    models = lab("GetModels", **at, limit=500)["items"]
    responses = lab("GetGatewayResponses", **at)["items"]
    parts = lab("GetDocumentationParts", **at, limit=500)["items"]
    resources = lab("GetResources", **at, embed=["methods"], limit=500)["items"]
    told = {
        "api": {k: v for k, v in api.items() if k not in ("createdDate", "warnings", "version")},
        "resources": {
            one["path"]: {k: v for k, v in one.items() if k != "parentId"} for one in resources
        },
        "authorizers": {one["name"]: one for one in authorizers},
        "validators": {one["name"]: one for one in validators},
        "models": {one["name"]: json.loads(one["schema"]) for one in models},
        "responses": [one for one in responses if not one["defaultResponse"]],
        "parts": sorted(
            (json.dumps(one["location"]), json.loads(one["properties"])) for one in parts
        ),
    }
    text = json.dumps(told)
    for name in (api_id, *(one["id"] for one in resources + authorizers + validators)):
        known = {
            one["id"]: one.get("path") or one["name"]
            for one in resources + authorizers + validators
        }
        text = text.replace(name, f"the id of {known.get(name, 'the API')}")
    found: dict[str, Any] = json.loads(text)
    for group in ("authorizers", "validators", "resources"):
        for one in found[group].values():
            one.pop("id")
    found["api"].pop("id")
    found["api"].pop("rootResourceId")
    return found


def test_a_swagger_document_becomes_an_api(lab: Lab) -> None:
    api = imported(lab, SWAGGER)
    assert (api["name"], api["description"], api["version"]) == ("pets", "all pets", "1.0")
    assert api["binaryMediaTypes"] == ["image/png"]
    assert (api["apiKeySource"], api["minimumCompressionSize"]) == ("AUTHORIZER", 5)
    assert api["disableExecuteApiEndpoint"] is True
    assert f"execute-api:{REGION}:{ACCOUNT}:{api['id']}/*" in api["policy"]
    assert "warnings" not in api
    resources = by_path(lab, api)
    assert sorted(resources) == ["/", "/asked", "/empty", "/files", "/files/{proxy+}", "/pets"]
    names = {one["name"]: one for one in lab("GetAuthorizers", restApiId=api["id"])["items"]}
    assert names["token"]["identitySource"] == "method.request.header.X-Token"
    assert names["pool"]["providerARNs"] == [POOL]
    post = resources["/pets"]["resourceMethods"]["POST"]
    assert post["operationName"] == "addPet"
    assert (post["authorizationType"], post["apiKeyRequired"]) == ("CUSTOM", True)
    assert post["authorizerId"] == names["token"]["id"]
    assert post["requestParameters"] == {
        "method.request.header.X-Trace": False,
        "method.request.querystring.dry": True,
    }
    assert post["requestModels"] == {"application/json": "Pet"}
    assert post["methodResponses"]["200"] == {
        "statusCode": "200",
        "responseModels": {"application/json": "Pet"},
        "responseParameters": {"method.response.header.Location": False},
    }
    integration = post["methodIntegration"]
    assert integration["type"] == "HTTP"
    assert integration["passthroughBehavior"] == "WHEN_NO_TEMPLATES"
    assert integration["integrationResponses"]["500"]["selectionPattern"] == "5\\d{2}"
    assert "selectionPattern" not in integration["integrationResponses"]["200"]
    get = resources["/pets"]["resourceMethods"]["GET"]
    assert (get["authorizationType"], get["authorizationScopes"]) == (
        "COGNITO_USER_POOLS",
        ["pets/read"],
    )
    any_method = resources["/files/{proxy+}"]["resourceMethods"]["ANY"]
    assert any_method["authorizationType"] == "AWS_IAM"
    assert any_method["requestParameters"] == {"method.request.path.proxy": True}
    model = lab("GetModel", restApiId=api["id"], modelName="Pet")
    reference = json.loads(model["schema"])["properties"]["owner"]["$ref"]
    assert reference == f"https://apigateway.amazonaws.com/restapis/{api['id']}/models/Owner"
    answer = lab("GetGatewayResponse", restApiId=api["id"], responseType="DEFAULT_5XX")
    assert answer["statusCode"] == "599"
    validators = {
        v["id"]: v["name"] for v in lab("GetRequestValidators", restApiId=api["id"])["items"]
    }
    assert validators[post["requestValidatorId"]] == "none"
    assert validators[get["requestValidatorId"]] == "all"
    parts = lab("GetDocumentationParts", restApiId=api["id"])["items"]
    assert json.loads(parts[0]["properties"]) == {"description": "all of it"}


@pytest.mark.parametrize(
    ("base_path", "path"),
    [("ignore", "/asked"), ("prepend", "/a/b/c/asked"), ("split", "/b/c/asked")],
)
def test_the_base_path_of_both_versions(lab: Lab, base_path: str, path: str) -> None:
    api = imported(lab, SWAGGER, parameters={"basepath": base_path})
    assert path in by_path(lab, api)
    three = {
        "openapi": "3.0.1",
        "info": {"title": "x"},
        "servers": [
            {"url": "https://x/{basePath}", "variables": {"basePath": {"default": "/a/b/c"}}}
        ],
        "paths": {"/asked": {"get": {"responses": {}, "x-amazon-apigateway-integration": PROXY}}},
    }
    assert path in by_path(lab, imported(lab, three, parameters={"basepath": base_path}))


def test_an_open_api_3_document_in_yaml(lab: Lab) -> None:
    text = """
openapi: 3.0.1
info: {title: greetings, version: 2026-01-01}
security:
  - token: []
paths:
  /greet/{name}:
    parameters:
      - $ref: '#/components/parameters/name'
    post:
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Greeting'}}
          text/plain: {schema: {type: string}}
      responses:
        200:
          description: ok
          headers: {X-A: {schema: {type: string}}}
          content:
            application/json: {schema: {$ref: '#/components/schemas/Greeting'}}
        default: {description: other}
      x-amazon-apigateway-auth: {type: NONE}
      security: []
      x-amazon-apigateway-integration:
        type: MOCK
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: 200}}
    get:
      responses: {}
      x-amazon-apigateway-integration: {type: mock}
components:
  parameters:
    name: {name: name, in: path, required: true, schema: {type: string}}
  schemas:
    Greeting: {type: object}
  securitySchemes:
    token:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authorizer: {type: token, authorizerUri: URI}
""".replace("URI", LAMBDA)
    api = lab("ImportRestApi", body=text.encode())
    assert api["version"] == "2026-01-01"
    assert api["warnings"] == [
        "Response 'default' is not supported, ignoring it for method 'POST' of the resource at "
        "path '/greet/{name}'"
    ]
    methods = by_path(lab, api)["/greet/{name}"]["resourceMethods"]
    assert methods["GET"]["authorizationType"] == "CUSTOM"
    assert methods["POST"]["authorizationType"] == "NONE"
    models = methods["POST"]["requestModels"]
    assert models["application/json"] == "Greeting"
    inline = lab("GetModel", restApiId=api["id"], modelName=models["text/plain"])
    assert json.loads(inline["schema"]) == {"type": "string"}
    assert methods["POST"]["requestParameters"] == {"method.request.path.name": True}
    message = refusal(lab, "ImportRestApi", body=text.encode(), failOnWarnings=True)
    assert message.startswith("Warnings found during import:\n\tResponse 'default'")


def test_what_cannot_be_is_told_and_nothing_is_made(lab: Lab) -> None:
    document: dict[str, Any] = {
        "swagger": "2.0",
        "info": {"title": "x"},
        "definitions": {"a-b": {}},
        "paths": {
            "/a b": {"get": {"responses": {}}},
            "/ok": {
                "get": {
                    "parameters": [{"in": "body", "schema": {"$ref": "#/definitions/No"}}],
                    "responses": {},
                    "x-amazon-apigateway-integration": {**PROXY, "uri": "nowhere"},
                },
                "post": {
                    "responses": {},
                    "x-amazon-apigateway-request-validator": "nope",
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "responses": {"default": {"statusCode": "200"}},
                    },
                },
                "put": {
                    "x-amazon-apigateway-integration": {"type": "mock", "timeoutInMillis": "x"}
                },
            },
        },
    }
    message = refusal(lab, "ImportRestApi", body=json.dumps(document).encode())
    assert message.startswith("Errors found during import:\n\t")
    for told in (
        "Model name must be alphanumeric: a-b",
        "Unable to create resource at path '/a b': Resource's path part only allow",
        "Invalid model identifier specified: No",
        "Unable to put integration on 'GET' for resource at path '/ok': Invalid ARN specified",
        "on 'POST' for resource at path '/ok': No method response exists for method.",
        "Invalid Request Validator identifier specified",
        "Unable to put integration on 'PUT'",
    ):
        assert told in message
    assert lab("GetRestApis")["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe\x00",
        b"{}",
        b'{"swagger": "1.2"}',
        b"swagger: '2.0'\n\tx",
        b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
        + b"".join(
            b"%c: &%c [" % (n, n) + b",".join([b"*%c" % (n - 1)] * 9) + b"]\n"
            for n in range(ord("c"), ord("m"))
        ),
        b"[" * 3_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_document_is_refused(lab: Lab, body: bytes) -> None:
    assert refusal(lab, "ImportRestApi", body=body).startswith("Invalid OpenAPI input.")


def test_odd_values_are_refused_not_crashed_on(lab: Lab) -> None:
    for member in ("paths", "info", "definitions", "securityDefinitions", "security", "servers"):
        for value in (1, "x", [1], {"x": 1}, None):
            document = {"swagger": "2.0", "info": {"title": "x"}, member: value}
            imported(lab, document) if member != "definitions" else None
    wrong = {
        "swagger": "2.0",
        "paths": {"/x": {"get": {"parameters": [1, {"in": 2}], "responses": 3}}},
    }
    assert imported(lab, wrong)["warnings"]
    size = {"swagger": "2.0", "x-amazon-apigateway-minimum-compression-size": "x"}
    assert refusal(lab, "ImportRestApi", body=json.dumps(size).encode())
    assert refusal(lab, "ImportRestApi", body=b'{"swagger":"2.0"}', parameters={"basepath": "x"})


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Each place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] if path else []
    for key, one in inner:
        deeper = isinstance(one, (dict, list))
        found += places(one, (*path, key)) if deeper else [(*path, key)]
    return found


odd = st.sampled_from(
    [None, True, 0, -1, 2.5, "", "x", "{}", [], [None], ["x"], {}, {"x": 1}, [[]]]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(places(SWAGGER)), odd), min_size=1, max_size=2))
def test_a_document_with_odd_values_is_taken_or_refused(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    document: Any = copy.deepcopy(SWAGGER)
    for path, value in changes:
        holder = document
        with contextlib.suppress(KeyError, IndexError, TypeError):
            for part in path[:-1]:
                holder = holder[part]
            holder[path[-1]] = value
    with tempfile.TemporaryDirectory() as directory:
        lab = Lab(Path(directory) / "apis.sqlite")
        with contextlib.suppress(AWSError):
            api = imported(lab, document)
            facts(lab, api["id"])
            exported(lab, api["id"], "oas30", parameters=ALL)
        lab.close()


def test_what_is_nested_too_deeply_is_refused(lab: Lab) -> None:
    schema: Any = {}
    for _ in range(101):
        schema = {"items": schema}
    document = {"swagger": "2.0", "info": {"title": "x"}, "definitions": {"Deep": schema}}
    assert refusal(lab, "ImportRestApi", body=json.dumps(document).encode()).endswith(
        "nested deeper than 100 levels"
    )
    api = lab.new_api()
    for text in (json.dumps(schema), '{"items":' * 5000):
        assert refusal(
            lab,
            "CreateModel",
            restApiId=api["id"],
            name="Deep",
            contentType="application/json",
            schema=text,
        )


def test_an_extension_of_other_apis_gives_a_warning(lab: Lab) -> None:
    document = {"openapi": "3.0.1", "info": {"title": "x"}, "x-amazon-apigateway-cors": {}}
    assert imported(lab, document)["warnings"] == [
        "Extension 'x-amazon-apigateway-cors' is not supported, ignoring it"
    ]


def test_putting_overwrites_or_merges_and_keeps_identifiers(lab: Lab) -> None:
    api = imported(lab, SWAGGER)
    at = {"restApiId": api["id"]}
    before = by_path(lab, api)
    other = {
        "swagger": "2.0",
        "info": {"title": "other"},
        "securityDefinitions": {"token": SWAGGER["securityDefinitions"]["token"]},
        "paths": {
            "/pets": {"patch": {"responses": {}, "x-amazon-apigateway-integration": PROXY}},
            "/new": {"get": {"responses": {}, "x-amazon-apigateway-integration": PROXY}},
        },
    }
    body = json.dumps(other).encode()
    merged = lab("PutRestApi", **at, mode="merge", body=body)
    assert merged["name"] == "other"
    assert merged["binaryMediaTypes"] == ["image/png"]
    after = by_path(lab, api)
    assert set(after) == {*before, "/new"}
    assert sorted(after["/pets"]["resourceMethods"]) == ["GET", "PATCH", "POST"]
    tokens = {one["name"]: one["id"] for one in lab("GetAuthorizers", **at)["items"]}

    over = lab("PutRestApi", **at, mode="overwrite", body=body)
    assert "binaryMediaTypes" not in over
    assert over["rootResourceId"] == api["rootResourceId"]
    last = by_path(lab, api)
    assert set(last) == {"/", "/pets", "/new"}
    assert last["/pets"]["id"] == before["/pets"]["id"]
    assert sorted(last["/pets"]["resourceMethods"]) == ["PATCH"]
    assert {one["name"]: one["id"] for one in lab("GetAuthorizers", **at)["items"]} == {
        "token": tokens["token"]
    }
    assert refusal(lab, "PutRestApi", **at, mode="mix", body=body)
    assert lab("PutRestApi", **at, mode="merge", body=body)["id"] == api["id"]


def exported(lab: Lab, api_id: str, kind: str, **more: Any) -> Any:
    """The export of an API as it is now."""
    lab("CreateDeployment", restApiId=api_id, stageName="out")
    return lab("GetExport", restApiId=api_id, stageName="out", exportType=kind, **more)


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("accepts", ["application/json", "application/yaml"])
def test_what_is_exported_imports_to_the_same(lab: Lab, kind: str, accepts: str) -> None:
    api = imported(lab, SWAGGER)
    export = exported(lab, api["id"], kind, parameters=ALL, accepts=accepts)
    assert export["contentType"] == accepts
    assert export["contentDisposition"].startswith(f'attachment; filename="{kind}_')
    again = lab("ImportRestApi", body=export["body"], failOnWarnings=True)
    assert facts(lab, again["id"]) == facts(lab, api["id"])


def test_an_export_has_only_the_extensions_asked_for(lab: Lab) -> None:
    api = imported(lab, SWAGGER)
    plain = json.loads(exported(lab, api["id"], "oas30")["body"])
    assert "x-amazon" not in json.dumps(plain).replace("x-amazon-apigateway-any-method", "")
    assert plain["servers"][0]["variables"]["basePath"]["default"] == "out"
    assert plain["components"]["securitySchemes"] == {
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}
    }
    only = exported(lab, api["id"], "swagger", parameters={"extensions": "integrations"})["body"]
    assert b"x-amazon-apigateway-integration" in only
    assert b"x-amazon-apigateway-authorizer" not in only
    assert json.loads(only)["basePath"] == "/out"
    for wrong in (
        {"exportType": "raml"},
        {"accepts": "text/html"},
        {"parameters": {"extensions": "postman,x"}},
    ):
        request = {"restApiId": api["id"], "stageName": "out", "exportType": "oas30", **wrong}
        assert refusal(lab, "GetExport", **request)
    loaded = yaml.safe_load(
        exported(lab, api["id"], "oas30", accepts="application/yaml", parameters=ALL)["body"]
    )
    assert loaded["openapi"] == "3.0.1"


words = st.text("abcdefgh", min_size=1, max_size=4)
parts = st.one_of(words, words.map(lambda word: f"{{{word}}}"))
methods = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["MOCK", "HTTP_PROXY", "AWS_PROXY", "HTTP"]),
        "apiKeyRequired": st.booleans(),
        "requestParameters": st.dictionaries(
            st.builds(
                "method.request.{}.{}".format, st.sampled_from(["querystring", "header"]), words
            ),
            st.booleans(),
            max_size=3,
        ),
        "requestTemplates": st.dictionaries(
            st.sampled_from(["application/json", "text/plain", "*/*"]),
            st.text(max_size=20),
            max_size=2,
        ),
        "responses": st.dictionaries(st.sampled_from(["200", "404", "500"]), words, max_size=3),
        "timeoutInMillis": st.integers(50, 29000),
    }
)
apis = st.dictionaries(
    st.tuples(st.lists(parts, max_size=3).map(tuple), st.sampled_from(["GET", "POST", "ANY"])),
    methods,
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("text", ["\x85", "a\u2028b", " x\x85\n y", "é\n", "\ufeff", "\x7f"])
def test_yaml_says_every_text_as_it_was(text: str) -> None:
    assert yaml_text.read(yaml_text.write({"a": {text: text}}).decode()) == {"a": {text: text}}


@settings(max_examples=25, deadline=None)
@given(apis, st.sampled_from(["oas30", "swagger"]), st.sampled_from(["json", "yaml"]))
def test_any_export_imports_to_the_same(
    described: dict[tuple[tuple[str, ...], str], dict[str, Any]], kind: str, text: str
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        lab = Lab(Path(directory) / "apis.sqlite")
        api = lab.new_api()
        for (path, method), members in described.items():
            try:
                add(lab, api, path, method, members)
            except AWSError:  # two variables beside each other
                continue
        try:
            export = exported(lab, api["id"], kind, parameters=ALL, accepts=f"application/{text}")
        except AWSError:  # none of them could be made
            return
        again = lab("ImportRestApi", body=export["body"], failOnWarnings=True)
        assert facts(lab, again["id"]) == facts(lab, api["id"])
        lab.close()


def add(lab: Lab, api: Any, path: tuple[str, ...], method: str, members: dict[str, Any]) -> None:
    """Add a method to an API."""
    at = {
        "restApiId": api["id"],
        "resourceId": lab.add_resource(api, *path),
        "httpMethod": method,
    }
    lab(
        "PutMethod",
        **at,
        authorizationType="NONE",
        apiKeyRequired=members["apiKeyRequired"],
        requestParameters=members["requestParameters"],
    )
    uri = LAMBDA if members["type"].startswith("AWS") else "http://127.0.0.1:9/x"
    lab(
        "PutIntegration",
        **at,
        type=members["type"],
        integrationHttpMethod="POST",
        uri=uri,
        requestTemplates=members["requestTemplates"],
        timeoutInMillis=members["timeoutInMillis"],
    )
    for number, (code, pattern) in enumerate(sorted(members["responses"].items())):
        lab("PutMethodResponse", **at, statusCode=code, responseModels={"a/b": "Empty"})
        more = {"selectionPattern": f"{pattern}{number}"} if number else {}
        lab("PutIntegrationResponse", **at, statusCode=code, **more)
