"""All kinds of actions, by their names in the API."""

from __future__ import annotations

from lambda_nb.engine.iot.rules.actions.action import Kind
from lambda_nb.engine.iot.rules.actions.functions import LAMBDA
from lambda_nb.engine.iot.rules.actions.http import HTTP
from lambda_nb.engine.iot.rules.actions.messaging import SNS, SQS
from lambda_nb.engine.iot.rules.actions.observability import (
    CLOUDWATCH_ALARM,
    CLOUDWATCH_LOGS,
    CLOUDWATCH_METRIC,
)
from lambda_nb.engine.iot.rules.actions.republish import REPUBLISH
from lambda_nb.engine.iot.rules.actions.search import ELASTICSEARCH, OPENSEARCH
from lambda_nb.engine.iot.rules.actions.storage import S3
from lambda_nb.engine.iot.rules.actions.streams import FIREHOSE, KINESIS
from lambda_nb.engine.iot.rules.actions.tables import DYNAMODB, DYNAMODB_V2, TIMESTREAM
from lambda_nb.engine.iot.rules.actions.workflows import STEP_FUNCTIONS

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        CLOUDWATCH_ALARM,
        CLOUDWATCH_LOGS,
        CLOUDWATCH_METRIC,
        DYNAMODB,
        DYNAMODB_V2,
        ELASTICSEARCH,
        FIREHOSE,
        HTTP,
        KINESIS,
        LAMBDA,
        OPENSEARCH,
        REPUBLISH,
        S3,
        SNS,
        SQS,
        STEP_FUNCTIONS,
        TIMESTREAM,
    )
}
