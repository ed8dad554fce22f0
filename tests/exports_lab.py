"""An application to export: a function of each kind of trigger, and what they use."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from botocore.config import Config
from engine_fixtures import ROLE, Engine, zip_of

from lambda_nb.exports.picture import Application, Text, Trigger
from lambda_nb.exports.reading.application import read

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"

WORKER = """
import json, os
import boto3
from extra import WORD

table = boto3.client("dynamodb")
s3 = boto3.client("s3")
sns = boto3.client("sns")

def handler(event, context):
    table.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": "1"}, "word": {"S": WORD}})
    table.get_item(TableName=os.environ["TABLE"], Key={"id": {"S": "1"}})
    table.query(
        TableName=os.environ["TABLE"],
        IndexName="by-word",
        KeyConditionExpression="word = :word",
        ExpressionAttributeValues={":word": {"S": WORD}},
    )
    s3.put_object(Bucket=os.environ["BUCKET"], Key="out/1", Body=b"x")
    sns.publish(TopicArn=os.environ["TOPIC_ARN"], Message="done")
    boto3.client("lambda").invoke(FunctionName=os.environ["OTHER"], Payload=b"{}")
    return {"word": WORD}
"""
OTHER = """
import boto3, os
def handler(event, context):
    if event.get("send"):
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody="x")
    return {"statusCode": 200, "body": "other"}
"""


class Sample:
    """An application in an engine; its names are the attributes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.worker, self.other = engine.name("worker"), engine.name("other")
        self.queue, self.table = engine.name("jobs"), engine.name("words")
        self.bucket, self.topic = engine.name("uploads"), engine.name("news")
        self.stream = engine.name("clicks")
        self._resources()
        self._functions()
        self._triggers()
        self._ran()

    def _resources(self) -> None:
        client = self.engine.client
        sqs = client("sqs")
        dead = sqs.create_queue(QueueName=f"{self.queue}-dead")["QueueUrl"]
        dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        self.dead_arn = dead_arn["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": 3})
        attributes = {"VisibilityTimeout": "90", "RedrivePolicy": redrive}
        self.queue_url = sqs.create_queue(QueueName=self.queue, Attributes=attributes)["QueueUrl"]
        self.queue_arn = self.dead_arn.removesuffix("-dead")
        self.orders = f"{self.engine.name('orders')}.fifo"
        ordered = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        sqs.create_queue(QueueName=self.orders, Attributes=ordered)
        self.orders_arn = f"{self.dead_arn.rpartition(':')[0]}:{self.orders}"
        self.log_group = f"/apps/{self.engine.name('site')}"
        client("logs").create_log_group(logGroupName=self.log_group)
        client("logs").put_retention_policy(logGroupName=self.log_group, retentionInDays=14)
        client("dynamodb").create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("id", "word")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-word",
                    "KeySchema": [{"AttributeName": "word", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        client("s3").create_bucket(Bucket=self.bucket)
        self.topic_arn = client("sns").create_topic(Name=self.topic)["TopicArn"]
        client("kinesis").create_stream(StreamName=self.stream, ShardCount=1)
        told = client("kinesis").describe_stream_summary(StreamName=self.stream)
        self.stream_arn = told["StreamDescriptionSummary"]["StreamARN"]

    def _functions(self) -> None:
        lambda_ = self.engine.client()
        layer = lambda_.publish_layer_version(
            LayerName=self.engine.name("extra"),
            Content={"ZipFile": zip_of({"python/extra.py": "WORD = 'layered'\n"})},
            CompatibleRuntimes=[RUNTIME],
        )["LayerVersionArn"]
        self._function(
            self.worker,
            WORKER,
            Timeout=60,
            MemorySize=512,
            Layers=[layer],
            DeadLetterConfig={"TargetArn": self.dead_arn},
            Environment={
                "Variables": {
                    "TABLE": self.table,
                    "BUCKET": self.bucket,
                    "TOPIC_ARN": self.topic_arn,
                    "OTHER": self.other,
                    "API_TOKEN": "very-secret",
                    "GREETING": "hello ${you}",
                }
            },
        )
        self._function(
            self.other,
            OTHER,
            Timeout=60,
            MemorySize=512,
            Environment={"Variables": {"QUEUE_URL": self.queue_url}},
        )
        lambda_.put_function_event_invoke_config(
            FunctionName=self.other,
            MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": self.dead_arn}},
        )
        lambda_.create_function_url_config(FunctionName=self.other, AuthType="AWS_IAM")
        lambda_.create_function_url_config(FunctionName=self.worker, AuthType="NONE")
        first = lambda_.publish_version(FunctionName=self.other)["Version"]
        lambda_.update_function_configuration(FunctionName=self.other, Description="second")
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=self.other)
        second = lambda_.publish_version(FunctionName=self.other)["Version"]
        lambda_.create_alias(
            FunctionName=self.other,
            Name="live",
            FunctionVersion=second,
            RoutingConfig={"AdditionalVersionWeights": {first: 0.1}},
        )

    def _function(self, name: str, code: str, **settings: Any) -> None:
        self.engine.client().create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zip_of({"app.py": code})},
            **settings,
        )
        self.engine.wait(name)

    def arn(self, name: str) -> str:
        """The ARN of a function."""
        return f"arn:aws:lambda:{self.engine.region}:{self.engine.account}:function:{name}"

    def _triggers(self) -> None:
        client, worker = self.engine.client, self.arn(self.worker)
        lambda_ = client()
        lambda_.create_event_source_mapping(
            FunctionName=self.worker,
            EventSourceArn=self.queue_arn,
            BatchSize=5,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["job"]}}'}]},
        )
        lambda_.create_event_source_mapping(
            FunctionName=self.worker, EventSourceArn=self.orders_arn
        )
        stream = client("dynamodb").describe_table(TableName=self.table)["Table"]
        for source in (stream["LatestStreamArn"], self.stream_arn):
            lambda_.create_event_source_mapping(
                FunctionName=self.other,
                EventSourceArn=source,
                StartingPosition="LATEST",
                MaximumRetryAttempts=2,
            )
        self._permit(self.worker, "s3", f"arn:aws:s3:::{self.bucket}")
        rules = [{"Name": "prefix", "Value": "in/"}]
        notification = {
            "LambdaFunctionArn": worker,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": rules}},
        }
        client("s3").put_bucket_notification_configuration(
            Bucket=self.bucket,
            NotificationConfiguration={"LambdaFunctionConfigurations": [notification]},
        )
        self._permit(self.other, "sns", self.topic_arn)
        client("sns").subscribe(
            TopicArn=self.topic_arn, Protocol="lambda", Endpoint=self.arn(self.other)
        )
        events = client("events")
        for name, settings in (
            (f"{self.worker}-hourly", {"ScheduleExpression": "rate(1 hour)"}),
            (f"{self.worker}-orders", {"EventPattern": '{"source": ["my.orders"]}'}),
        ):
            rule = events.put_rule(Name=name, **settings)["RuleArn"]
            self._permit(self.worker, "events", rule)
            events.put_targets(Rule=name, Targets=[{"Id": "f", "Arn": worker}])
        client("scheduler").create_schedule(
            Name=f"{self.worker}-nightly",
            ScheduleExpression="cron(0 3 * * ? *)",
            ScheduleExpressionTimezone="Europe/Berlin",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": worker, "RoleArn": ROLE, "Input": '{"night": true}'},
        )
        self._pushes()
        self._http_api()
        self._rest_api()

    def _pushes(self) -> None:
        other = self.arn(self.other)
        group = f"arn:aws:logs:{self.engine.region}:{self.engine.account}:log-group"
        self._permit(self.other, "logs", f"{group}:{self.log_group}:*")
        self.engine.client("logs").put_subscription_filter(
            logGroupName=self.log_group,
            filterName="errors",
            filterPattern="ERROR",
            destinationArn=other,
        )
        iot, rule = self.engine.client("iot"), self.engine.name("heat").replace("-", "_")
        iot.create_topic_rule(
            ruleName=rule,
            topicRulePayload={
                "sql": "SELECT * FROM 'rooms/+/heat' WHERE celsius > 30",
                "awsIotSqlVersion": "2016-03-23",
                "actions": [{"lambda": {"functionArn": other}}],
            },
        )
        self._permit(self.other, "iot", iot.get_topic_rule(ruleName=rule)["ruleArn"])

    def _http_api(self) -> None:
        gateway, other = self.engine.client("apigatewayv2"), self.arn(self.other)
        api = gateway.create_api(Name=self.engine.name("site"), ProtocolType="HTTP")["ApiId"]
        lead = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=other,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        to = {"ApiId": api, "Target": f"integrations/{lead}"}
        gateway.create_route(**to, RouteKey="GET /hello")
        gateway.create_route(**to, RouteKey="GET /signed", AuthorizationType="AWS_IAM")
        jwt = gateway.create_authorizer(
            ApiId=api,
            Name="tokens",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": "https://issuer.example.com/", "Audience": ["shop"]},
        )["AuthorizerId"]
        gateway.create_route(
            **to,
            RouteKey="GET /orders",
            AuthorizationType="JWT",
            AuthorizerId=jwt,
            AuthorizationScopes=["orders.read"],
        )
        asked = gateway.create_authorizer(
            ApiId=api,
            Name="asked",
            AuthorizerType="REQUEST",
            IdentitySource=["$request.header.X-Who"],
            AuthorizerUri=f"arn:aws:apigateway:{self.engine.region}:{self._path(self.worker)}",
            AuthorizerPayloadFormatVersion="2.0",
            EnableSimpleResponses=True,
            AuthorizerResultTtlInSeconds=60,
        )["AuthorizerId"]
        gateway.create_route(
            **to, RouteKey="POST /orders", AuthorizationType="CUSTOM", AuthorizerId=asked
        )
        gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)

    def _rest_api(self) -> None:
        gateway = self.engine.client("apigateway")
        api = gateway.create_rest_api(name=self.engine.name("shop"))["id"]
        (root,) = gateway.get_resources(restApiId=api)["items"]
        place = gateway.create_resource(restApiId=api, parentId=root["id"], pathPart="items")
        token = gateway.create_authorizer(
            restApiId=api,
            name="token",
            type="TOKEN",
            authorizerUri=f"arn:aws:apigateway:{self.engine.region}:{self._path(self.worker)}",
            identitySource="method.request.header.X-Token",
            identityValidationExpression="[a-z]+",
        )["id"]
        pool = f"arn:aws:cognito-idp:{self.engine.region}:{self.engine.account}:userpool/"
        people = gateway.create_authorizer(
            restApiId=api,
            name="people",
            type="COGNITO_USER_POOLS",
            providerARNs=[f"{pool}{self.engine.region}_Abc123"],
            identitySource="method.request.header.Authorization",
        )["id"]
        for verb, protection in (
            ("GET", {"authorizationType": "NONE"}),
            ("POST", {"authorizationType": "NONE", "apiKeyRequired": True}),
            ("PUT", {"authorizationType": "AWS_IAM"}),
            ("DELETE", {"authorizationType": "CUSTOM", "authorizerId": token}),
            ("PATCH", {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": people}),
        ):
            method = {"restApiId": api, "resourceId": place["id"], "httpMethod": verb}
            gateway.put_method(**method, **protection)
            gateway.put_integration(
                **method,
                type="AWS_PROXY",
                integrationHttpMethod="POST",
                uri=f"arn:aws:apigateway:{self.engine.region}:{self._path(self.other)}",
            )
        gateway.create_deployment(restApiId=api, stageName="v1")
        shop = f"{pool}{self.engine.region}_Xyz789"
        self.parameters = {"ApiToken": "new-secret", "PeoplePool1": shop}

    def _path(self, function: str) -> str:
        return f"lambda:path/2015-03-31/functions/{self.arn(function)}/invocations"

    def _permit(self, function: str, service: str, source: str) -> None:
        self.engine.client().add_permission(
            FunctionName=function,
            StatementId=self.engine.name(service),
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
            SourceArn=source,
        )

    def _ran(self) -> None:
        for name, event in ((self.worker, {}), (self.other, {"send": True})):
            answer = self.engine.client().invoke(
                FunctionName=name, Payload=json.dumps(event).encode()
            )
            assert "FunctionError" not in answer, answer["Payload"].read()


def wait_until(true: Callable[[], Any], within_s: float = 60.0) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


class At:
    """Clients for an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def client(self, service: str = "lambda") -> Any:
        """The client for a service."""
        if service == "s3":
            return self._engine.client(service, config=Config(s3={"addressing_style": "path"}))
        return self._engine.client(service)


def told(application: Application) -> dict[str, Any]:
    """What two exports of one application have in common."""
    return {
        one.name: {
            "settings": one.settings,
            "environment": sorted(one.environment),
            "layers": len(one.layers),
            "alias": one.alias,
            "url": one.url,
            "dead_letters": one.dead_letters is not None,
            "asynchronous": sorted(one.asynchronous),
            "triggers": sorted(_trigger(trigger) for trigger in one.triggers),
        }
        for one in application.functions
    }


def _trigger(one: Trigger) -> str:
    shown = {key: value for key, value in one.settings.items() if not isinstance(value, Text)}
    # Terraform and the CDK write JSON without spaces.
    if "Filters" in shown:
        shown["Filters"] = [json.loads(pattern) for pattern in shown["Filters"]]
    if "Input" in shown:
        shown["Input"] = json.loads(shown["Input"])
    by = one.authorizer
    protected = "" if by is None else f"{by.kind} {json.dumps(by.settings)}"
    return f"{one.kind} {json.dumps(shown, sort_keys=True)} {protected}"


def resources(application: Application) -> list[str]:
    """The resources of an application, whatever their names are."""
    found = []
    for one in application.resources.values():
        settings = {k: v for k, v in one.settings.items() if k not in ("OriginalName", "ApiId")}
        if "RedrivePolicy" in settings:
            settings["RedrivePolicy"] = settings["RedrivePolicy"]["maxReceiveCount"]
        # Terraform has them as a set.
        settings.get("AttributeDefinitions", []).sort(key=lambda one: str(one["AttributeName"]))
        found.append(f"{one.kind} {json.dumps(settings, sort_keys=True)}")
    return sorted(found)


def check_public(there: Engine, name: str) -> None:
    """Check that everybody may call a function by its URL, and in no other way."""
    policy = json.loads(there.client().get_policy(FunctionName=name)["Policy"])
    allowed = {
        (one["Action"], condition)
        for one in policy["Statement"]
        if one["Principal"] in ("*", {"AWS": "*"})
        for condition in [json.dumps(one.get("Condition"))]
    }
    assert allowed == {
        ("lambda:InvokeFunctionUrl", '{"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}'),
        ("lambda:InvokeFunction", '{"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}'),
    }


def check_same(sample: Sample, there: Engine) -> None:
    """Check that another engine has the same application, and that it does its work."""
    names = [sample.worker, sample.other]
    first = read(At(sample.engine), names, "first")
    second = read(At(there), names, "second")
    expected = told(first)
    for name, found in told(second).items():
        assert found == expected[name], json.dumps([found, expected[name]], default=str, indent=1)
    assert resources(second) == resources(first)
    check_public(there, sample.worker)
    answer = there.client().invoke(FunctionName=sample.worker, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == {"word": "layered"}, answer
    answer = there.client().invoke(FunctionName=sample.other, Payload=b'{"send": true}')
    assert "FunctionError" not in answer, answer["Payload"].read()
    # What it needed here it needs there.
    again = read(At(there), names, "again")
    rights = [
        {one.name: sorted(a for s in one.statements for a in s.actions) for one in app.functions}
        for app in (first, again)
    ]
    assert rights[0] == rights[1]
