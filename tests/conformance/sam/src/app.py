"""Two handlers of one package: an API's, and that of a queue and a state machine."""

import json
import os

import boto3

SAYS = "first"
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    """Give what was stored under the path's id."""
    key = (event.get("pathParameters") or {}).get("id", "none")
    item = table.get_item(Key={"id": key}).get("Item")
    return {"statusCode": 200, "body": json.dumps({"says": SAYS, "item": item})}


def work(event, context):
    """Store each message, or give back another event."""
    from words import GREETING

    for record in event.get("Records", []):
        print("working at", record["body"])
        table.put_item(Item={"id": record["body"], "words": GREETING})
    return {"batchItemFailures": [], "says": SAYS}
