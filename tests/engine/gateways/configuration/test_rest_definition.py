"""REST APIs before they are deployed: resources, methods, integrations, models, authorizers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_configuration_lab import ACCOUNT, REGION, Lab, made

from lambda_nb.engine.errors import AWSError

LAMBDA = (
    f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/"
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f/invocations"
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    yield from made(tmp_path / "apis.sqlite")


def refusal(lab: Lab, operation: str, **request: Any) -> tuple[str, str]:
    """Code and message of the error that a call gets."""
    with pytest.raises(AWSError) as caught:
        lab(operation, **request)
    return caught.value.code, caught.value.message


def patch(path: str, value: str | None = None, op: str = "replace", **more: str) -> dict[str, str]:
    """A patch operation."""
    return {"op": op, "path": path, **({} if value is None else {"value": value}), **more}


def test_a_new_api_has_a_root_and_two_models(lab: Lab) -> None:
    api = lab.new_api(description="d", tags={"a": "b"})
    assert len(api["id"]) == 10
    assert api["endpointConfiguration"] == {"types": ["EDGE"], "ipAddressType": "ipv4"}
    assert (api["apiKeySource"], api["disableExecuteApiEndpoint"]) == ("HEADER", False)
    resources = lab("GetResources", restApiId=api["id"])["items"]
    assert resources == [{"id": api["rootResourceId"], "path": "/"}]
    assert [m["name"] for m in lab("GetModels", restApiId=api["id"])["items"]] == ["Empty", "Error"]


def test_unknown_things_have_the_messages_of_aws(lab: Lab) -> None:
    api = lab.new_api()
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    assert refusal(lab, "GetRestApi", restApiId="abc") == (
        "NotFoundException",
        f"Invalid API identifier specified {ACCOUNT}:abc",
    )
    found = {
        "GetResource": ({**at, "resourceId": "x"}, "Invalid Resource identifier specified"),
        "GetMethod": (at, "Invalid Method identifier specified"),
        "GetStage": ({**at, "stageName": "s"}, "Invalid stage identifier specified"),
        "GetDeployment": ({**at, "deploymentId": "d"}, "Invalid Deployment identifier specified"),
        "GetModel": ({**at, "modelName": "M"}, "Invalid model name specified: M"),
    }
    for operation, (request, message) in found.items():
        assert refusal(lab, operation, **request) == ("NotFoundException", message)
    lab("PutMethod", **at, authorizationType="NONE")
    message = "Invalid Integration identifier specified"
    assert refusal(lab, "GetIntegration", **at) == ("NotFoundException", message)


def test_a_policy_gets_whole_arns_and_is_shown_escaped(lab: Lab) -> None:
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke"}]}
    policy["Statement"][0]["Resource"] = "execute-api:/*"
    api = lab.new_api(policy=json.dumps(policy))
    shown = json.loads(json.loads(f'"{api["policy"]}"'))
    resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['id']}/*"
    assert shown["Statement"][0]["Resource"] == resource
    assert refusal(lab, "CreateRestApi", name="x", policy="{")[0] == "BadRequestException"
    lab("UpdateRestApi", restApiId=api["id"], patchOperations=[patch("/policy", "")])
    assert "policy" not in lab("GetRestApi", restApiId=api["id"])


def test_an_api_is_changed_by_patches(lab: Lab) -> None:
    api = lab.new_api(endpointConfiguration={"types": ["EDGE"]})
    changed = lab(
        "UpdateRestApi",
        restApiId=api["id"],
        patchOperations=[
            patch("/name", "other"),
            patch("/binaryMediaTypes/image~1png", op="add"),
            patch("/binaryMediaTypes/a~1b", op="add"),
            patch("/binaryMediaTypes/a~1b", op="remove"),
            patch("/minimumCompressionSize", "10"),
            patch("/endpointConfiguration/types/EDGE", "REGIONAL"),
            patch("/disableExecuteApiEndpoint", "true"),
        ],
    )
    assert changed["name"] == "other"
    assert changed["binaryMediaTypes"] == ["image/png"]
    assert changed["minimumCompressionSize"] == 10
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert changed["disableExecuteApiEndpoint"] is True
    code, message = refusal(
        lab, "UpdateRestApi", restApiId=api["id"], patchOperations=[patch("/x", "1")]
    )
    assert code == "BadRequestException"
    assert message.startswith(
        "Invalid patch path  '/x' specified for op 'replace'. Must be one of: ["
    )
    refused = patch("/minimumCompressionSize", "10485761")
    assert refusal(lab, "UpdateRestApi", restApiId=api["id"], patchOperations=[refused])[0] == (
        "BadRequestException"
    )
    assert lab("GetRestApi", restApiId=api["id"])["minimumCompressionSize"] == 10


@pytest.mark.parametrize("part", ["a b", "{a", "a}", "{}", "a/b", "", "é", "{a+}b"])
def test_a_wrong_path_part_is_refused(lab: Lab, part: str) -> None:
    api = lab.new_api()
    code, message = refusal(
        lab, "CreateResource", restApiId=api["id"], parentId=api["rootResourceId"], pathPart=part
    )
    assert code == "BadRequestException"
    assert message.startswith("Resource's path part only allow a-zA-Z0-9._-:")


def test_resources_are_a_tree(lab: Lab) -> None:
    api = lab.new_api()
    pets, pet = lab.add_resource(api, "pets"), lab.add_resource(api, "pets", "{id}")
    base = {"restApiId": api["id"]}
    assert lab("GetResource", **base, resourceId=pet)["path"] == "/pets/{id}"
    again = {**base, "parentId": api["rootResourceId"], "pathPart": "pets"}
    assert refusal(lab, "CreateResource", **again) == (
        "ConflictException",
        "Another resource with the same parent already has this name: pets",
    )
    message = refusal(lab, "CreateResource", **base, parentId=pets, pathPart="{other}")[1]
    assert message.startswith("A sibling ({id}) of this resource already has a variable path part")
    greedy = lab.add_resource(api, "files", "{proxy+}")
    message = refusal(lab, "CreateResource", **base, parentId=greedy, pathPart="x")[1]
    assert message.startswith("Cannot create a child of a resource with a greedy path variable")
    lab("UpdateResource", **base, resourceId=pets, patchOperations=[patch("/pathPart", "animals")])
    assert lab("GetResource", **base, resourceId=pet)["path"] == "/animals/{id}"
    moved = patch("/parentId", pet)
    assert refusal(lab, "UpdateResource", **base, resourceId=pets, patchOperations=[moved])
    lab("DeleteResource", **base, resourceId=pets)
    paths = [r["path"] for r in lab("GetResources", **base)["items"]]
    assert sorted(paths) == ["/", "/files", "/files/{proxy+}"]
    assert refusal(lab, "DeleteResource", **base, resourceId=api["rootResourceId"])


def test_lists_have_pages(lab: Lab) -> None:
    api = lab.new_api()
    for number in range(30):
        lab.add_resource(api, f"r{number}")
    first = lab("GetResources", restApiId=api["id"])
    assert len(first["items"]) == 25
    second = lab("GetResources", restApiId=api["id"], position=first["position"])
    assert "position" not in second
    ids = [r["id"] for r in first["items"] + second["items"]]
    assert len(set(ids)) == 31
    assert ids == sorted(ids)
    assert refusal(lab, "GetResources", restApiId=api["id"], limit=501)[0] == "BadRequestException"
    assert refusal(lab, "GetResources", restApiId=api["id"], position="?!é")[0] == (
        "BadRequestException"
    )


def test_methods_are_put_changed_and_deleted(lab: Lab) -> None:
    api = lab.new_api()
    at = lab.add_method(api, "pets", requestParameters={"method.request.header.a": True})
    assert refusal(lab, "PutMethod", **at, authorizationType="NONE") == (
        "ConflictException",
        "Method already exists for this resource",
    )
    message = refusal(lab, "PutMethod", **{**at, "httpMethod": "FETCH"}, authorizationType="NONE")[
        1
    ]
    assert message.startswith("Invalid HttpMethod specified. Valid options are")
    changed = lab(
        "UpdateMethod",
        **at,
        patchOperations=[
            patch("/apiKeyRequired", "true"),
            patch("/requestParameters/method.request.querystring.q", "false", "add"),
            patch("/requestParameters/method.request.header.a", op="remove"),
            patch("/requestModels/application~1json", "Empty", "add"),
            patch("/operationName", "get"),
        ],
    )
    assert changed["requestParameters"] == {"method.request.querystring.q": False}
    assert changed["requestModels"] == {"application/json": "Empty"}
    assert (changed["apiKeyRequired"], changed["operationName"]) == (True, "get")
    for wrong in (
        patch("/authorizationType", "CUSTOM"),
        patch("/authorizationType", "MAGIC"),
        patch("/requestValidatorId", "nope"),
        patch("/requestParameters/header.a", "true", "add"),
        patch("/requestModels/application~1json", "Nope"),
        patch("/apiKeyRequired", "perhaps"),
    ):
        assert refusal(lab, "UpdateMethod", **at, patchOperations=[wrong])[0] == (
            "BadRequestException"
        )
    assert lab("GetMethod", **at) == changed
    lab("DeleteMethod", **at)
    assert "resourceMethods" not in lab(
        "GetResource", restApiId=api["id"], resourceId=at["resourceId"]
    )


def test_method_and_integration_responses(lab: Lab) -> None:
    api = lab.new_api()
    at = lab.add_method(api)
    assert refusal(lab, "PutIntegrationResponse", **at, statusCode="200") == (
        "NotFoundException",
        "No method response exists for method.",
    )
    lab("PutMethodResponse", **at, statusCode="200", responseModels={"application/json": "Empty"})
    assert refusal(lab, "PutMethodResponse", **at, statusCode="200")[0] == "ConflictException"
    assert refusal(lab, "PutMethodResponse", **at, statusCode="99")[0] == "BadRequestException"
    lab(
        "UpdateMethodResponse",
        **at,
        statusCode="200",
        patchOperations=[patch("/responseParameters/method.response.header.x", "true", "add")],
    )
    lab("PutIntegrationResponse", **at, statusCode="200", selectionPattern="")
    changed = lab(
        "UpdateIntegrationResponse",
        **at,
        statusCode="200",
        patchOperations=[
            patch("/selectionPattern", "2.."),
            patch("/responseTemplates/application~1json", "{}", "add"),
        ],
    )
    assert changed == {
        "statusCode": "200",
        "selectionPattern": "2..",
        "responseTemplates": {"application/json": "{}"},
    }
    method = lab("GetMethod", **at)
    assert method["methodIntegration"]["integrationResponses"]["200"] == changed
    assert method["methodResponses"]["200"]["responseParameters"] == {
        "method.response.header.x": True
    }
    lab("DeleteIntegrationResponse", **at, statusCode="200")
    lab("DeleteMethodResponse", **at, statusCode="200")
    assert refusal(lab, "GetMethodResponse", **at, statusCode="200")[0] == "NotFoundException"
    assert refusal(lab, "GetIntegrationResponse", **at, statusCode="200")[0] == "NotFoundException"


def test_an_integration_has_defaults_and_rules(lab: Lab) -> None:
    api = lab.new_api()
    at = lab.add_method(api)
    integration = lab(
        "PutIntegration", **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=LAMBDA
    )
    assert integration == {
        "type": "AWS_PROXY",
        "httpMethod": "POST",
        "uri": LAMBDA,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
        "cacheNamespace": at["resourceId"],
        "cacheKeyParameters": [],
        "responseTransferMode": "BUFFERED",
    }
    aws = "arn:aws:apigateway:us-east-1:sqs:path/1/q"
    wrong: list[dict[str, Any]] = [
        {"type": "GOPHER"},
        {"type": "HTTP", "uri": "http://x"},
        {"type": "HTTP", "uri": "gopher://x", "integrationHttpMethod": "GET"},
        {"type": "AWS", "uri": "arn:aws:sqs:x", "integrationHttpMethod": "POST"},
        {"type": "AWS", "uri": aws, "integrationHttpMethod": "POST"},
        {"type": "AWS_PROXY", "uri": aws, "integrationHttpMethod": "POST"},
        {"type": "MOCK", "timeoutInMillis": 49},
        {"type": "MOCK", "timeoutInMillis": 300_001},
        {"type": "MOCK", "passthroughBehavior": "SOMETIMES"},
        {"type": "MOCK", "contentHandling": "X"},
        {"type": "MOCK", "responseTransferMode": "STREAM"},
    ]
    messages = []
    for members in wrong:
        code, message = refusal(lab, "PutIntegration", **at, **members)
        assert code == "BadRequestException"
        messages.append(message)
    assert "Enumeration value for HttpMethod must be non-empty" in messages
    assert "Invalid HTTP endpoint specified for URI" in messages
    assert "Invalid ARN specified in the request" in messages
    assert "Role ARN must be specified for AWS integrations" in messages
    changed = lab(
        "UpdateIntegration",
        **at,
        patchOperations=[
            patch("/timeoutInMillis", "50"),
            patch("/requestTemplates/application~1json", "x", "add"),
            patch("/cacheKeyParameters/method.request.path.id", op="add"),
        ],
    )
    assert changed["timeoutInMillis"] == 50
    assert changed["cacheKeyParameters"] == ["method.request.path.id"]
    assert lab("GetIntegration", **at) == changed


def test_models_refer_to_each_other(lab: Lab) -> None:
    api = lab.new_api()
    base = {"restApiId": api["id"], "contentType": "application/json"}
    reference = f"https://apigateway.amazonaws.com/restapis/{api['id']}/models/"
    lab("CreateModel", **base, name="Name", schema='{"type":"string"}')
    pet = {"type": "object", "properties": {"name": {"$ref": reference + "Name"}}}
    lab("CreateModel", **base, name="Pet", schema=json.dumps(pet))
    pets = {"type": "array", "items": {"$ref": reference + "Pet"}}
    lab("CreateModel", **base, name="Pets", schema=json.dumps(pets))
    flat = lab("GetModel", restApiId=api["id"], modelName="Pets", flatten=True)
    assert json.loads(flat["schema"]) == {
        "type": "array",
        "items": {"$ref": "#/definitions/Pet"},
        "definitions": {
            "Name": {"type": "string"},
            "Pet": {"type": "object", "properties": {"name": {"$ref": "#/definitions/Name"}}},
        },
    }
    value = lab("GetModelTemplate", restApiId=api["id"], modelName="Pets")["value"]
    assert value.startswith("#set($inputRoot = $input.path('$'))\n[")
    assert '"name" : "$elem.name"' in value
    assert refusal(lab, "DeleteModel", restApiId=api["id"], modelName="Pet")[0] == (
        "ConflictException"
    )
    assert refusal(lab, "CreateModel", **base, name="Pet", schema="{}") == (
        "ConflictException",
        "Model name already exists for this REST API",
    )
    for schema in ("{", "[]", json.dumps({"$ref": reference + "Nope"})):
        assert refusal(lab, "CreateModel", **base, name="X", schema=schema)[0] == (
            "BadRequestException"
        )
    lab("DeleteModel", restApiId=api["id"], modelName="Pets")


def test_authorizers_have_defaults_and_rules(lab: Lab) -> None:
    api = lab.new_api()
    base = {"restApiId": api["id"]}
    token = lab("CreateAuthorizer", **base, name="t", type="TOKEN", authorizerUri=LAMBDA)
    assert token["authorizerResultTtlInSeconds"] == 300
    assert token["identitySource"] == "method.request.header.Authorization"
    pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_a"
    lab("CreateAuthorizer", **base, name="c", type="COGNITO_USER_POOLS", providerARNs=[pool])
    assert refusal(
        lab, "CreateAuthorizer", **base, name="t", type="TOKEN", authorizerUri=LAMBDA
    ) == (
        "ConflictException",
        "Authorizer name must be unique. Authorizer t already exists in this RestApi.",
    )
    for wrong in (
        {"type": "TOKEN"},
        {"type": "JWT"},
        {"type": "COGNITO_USER_POOLS"},
        {"type": "REQUEST", "authorizerUri": LAMBDA},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "authorizerResultTtlInSeconds": 3601},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "identityValidationExpression": "("},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "identitySource": "header.x"},
    ):
        assert refusal(lab, "CreateAuthorizer", **base, name="w", **wrong)[0] == (
            "BadRequestException"
        )
    at = lab.add_method(api, authorizationType="CUSTOM", authorizerId=token["id"])
    asked = {**base, "authorizerId": token["id"]}
    assert refusal(lab, "DeleteAuthorizer", **asked)[0] == "ConflictException"
    changed = lab(
        "UpdateAuthorizer",
        **asked,
        patchOperations=[patch("/authorizerResultTtlInSeconds", "0"), patch("/name", "u")],
    )
    assert (changed["authorizerResultTtlInSeconds"], changed["name"]) == (0, "u")
    lab("UpdateMethod", **at, patchOperations=[patch("/authorizationType", "NONE")])
    assert "authorizerId" not in lab("GetMethod", **at)
    lab("DeleteAuthorizer", **asked)
    assert refusal(lab, "GetAuthorizer", **asked)[1] == "Invalid Authorizer identifier specified"


def test_validators_cannot_be_deleted_while_a_method_has_them(lab: Lab) -> None:
    api = lab.new_api()
    made_one = lab(
        "CreateRequestValidator", restApiId=api["id"], name="v", validateRequestBody=True
    )
    asked = {"restApiId": api["id"], "requestValidatorId": made_one["id"]}
    at = lab.add_method(api, requestValidatorId=made_one["id"])
    assert refusal(lab, "DeleteRequestValidator", **asked)[0] == "ConflictException"
    changed = lab(
        "UpdateRequestValidator", **asked, patchOperations=[patch("/validateRequestBody", "false")]
    )
    assert changed["validateRequestBody"] is False
    lab("UpdateMethod", **at, patchOperations=[patch("/requestValidatorId", "")])
    lab("DeleteRequestValidator", **asked)
    assert lab("GetRequestValidators", restApiId=api["id"])["items"] == []


def test_gateway_responses_fall_back_to_defaults(lab: Lab) -> None:
    api = lab.new_api()
    base = {"restApiId": api["id"]}
    listed = lab("GetGatewayResponses", **base)["items"]
    assert len(listed) == 21
    assert all(one["defaultResponse"] for one in listed)
    status = {one["responseType"]: one.get("statusCode") for one in listed}
    assert (status["INTEGRATION_TIMEOUT"], status["THROTTLED"]) == ("504", "429")
    assert status["DEFAULT_4XX"] is None
    lab("PutGatewayResponse", **base, responseType="DEFAULT_4XX", statusCode="418")
    assert lab("GetGatewayResponse", **base, responseType="THROTTLED")["statusCode"] == "418"
    assert (
        lab("GetGatewayResponse", **base, responseType="INTEGRATION_FAILURE")["statusCode"] == "504"
    )
    changed = lab(
        "UpdateGatewayResponse",
        **base,
        responseType="THROTTLED",
        patchOperations=[
            patch("/statusCode", "503"),
            patch("/responseParameters/gatewayresponse.header.x", "'y'", "add"),
        ],
    )
    assert changed["defaultResponse"] is False
    lab("DeleteGatewayResponse", **base, responseType="THROTTLED")
    lab("DeleteGatewayResponse", **base, responseType="DEFAULT_4XX")
    assert lab("GetGatewayResponse", **base, responseType="THROTTLED")["statusCode"] == "429"
    assert refusal(lab, "DeleteGatewayResponse", **base, responseType="THROTTLED")[0] == (
        "NotFoundException"
    )
    assert refusal(lab, "GetGatewayResponse", **base, responseType="X")[0] == "BadRequestException"


def test_documentation_has_parts_and_versions(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api, "pets")
    base = {"restApiId": api["id"]}
    location = {"type": "METHOD", "path": "/pets", "method": "GET"}
    part = lab("CreateDocumentationPart", **base, location=location, properties='{"a":1}')
    assert part["location"] == location
    code, message = refusal(
        lab, "CreateDocumentationPart", **base, location=location, properties="{}"
    )
    assert code == "ConflictException"
    assert message.endswith("type 'METHOD', path '/pets', method 'GET'.")
    assert (
        refusal(lab, "CreateDocumentationPart", **base, location={"type": "API"}, properties="[]")[
            0
        ]
        == "BadRequestException"
    )
    undocumented = lab("GetDocumentationParts", **base, locationStatus="UNDOCUMENTED")["items"]
    kinds = {one["location"]["type"] for one in undocumented}
    assert "API" in kinds
    assert "METHOD" not in kinds
    lab("CreateDocumentationVersion", **base, documentationVersion="1", description="d")
    assert refusal(lab, "CreateDocumentationVersion", **base, documentationVersion="1")[0] == (
        "ConflictException"
    )
    assert lab("GetDocumentationVersions", **base)["items"][0]["version"] == "1"
    body = json.dumps(
        {"documentationParts": [{"location": location, "properties": {"b": 2}}]}
    ).encode()
    imported = lab("ImportDocumentationParts", **base, mode="merge", body=body)
    assert imported["ids"] == [part["id"]]
    merged = lab("GetDocumentationPart", **base, documentationPartId=part["id"])
    assert json.loads(merged["properties"]) == {"a": 1, "b": 2}
    lab("DeleteDocumentationVersion", **base, documentationVersion="1")
    lab("DeleteDocumentationPart", **base, documentationPartId=part["id"])
    assert lab("GetDocumentationParts", **base)["items"] == []


def test_a_clone_has_ids_of_its_own(lab: Lab) -> None:
    api = lab.new_api(description="original", binaryMediaTypes=["a/b"])
    validator = lab("CreateRequestValidator", restApiId=api["id"], name="v")
    at = lab.add_method(api, "pets", "{id}", requestValidatorId=validator["id"])
    copy = lab.new_api(cloneFrom=api["id"])
    assert copy["description"] == "original"
    assert copy["binaryMediaTypes"] == ["a/b"]
    resources = lab("GetResources", restApiId=copy["id"], embed=["methods"])["items"]
    assert sorted(r["path"] for r in resources) == ["/", "/pets", "/pets/{id}"]
    method = next(r["resourceMethods"]["GET"] for r in resources if "resourceMethods" in r)
    validators = lab("GetRequestValidators", restApiId=copy["id"])["items"]
    assert method["requestValidatorId"] == validators[0]["id"] != validator["id"]
    assert method["methodIntegration"]["cacheNamespace"] != at["resourceId"]
    assert refusal(lab, "CreateRestApi", name="x", cloneFrom="nope")[0] == "NotFoundException"


def test_a_deleted_api_leaves_nothing(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api, "pets")
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    lab("CreateUsagePlan", name="p", apiStages=[{"apiId": api["id"], "stage": "live"}])
    lab("DeleteRestApi", restApiId=api["id"])
    assert not lab.configuration.has_api(api["id"])
    assert lab("GetUsagePlans")["items"][0]["apiStages"] == []
    left = {kind for kind, parent in lab.store._records if parent == api["id"]}
    assert left == set()


def test_sdks_are_refused_with_a_sentence(lab: Lab) -> None:
    code, message = refusal(lab, "GetSdkTypes")
    assert code == "BadRequestException"
    assert "lambda_nb generates no SDKs" in message
