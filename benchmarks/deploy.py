"""Claim: an application of 20 functions, an API and three queues deploys faster than with a peer.

One run measures lambda_nb (checks signatures, durable records) and ministack (default settings, in
memory). Rounds alternate. A round starts an engine and deploys a template of SAM, whose code is in
a bucket as ``aws cloudformation package`` puts it there: the first stack, and then the same again,
when everything is loaded. Each time two moments count: when the stack is complete, and when each
function has answered through the API and each queue has reached its function. Then one function
is updated, and the stack is deleted. If a peer takes no templates of SAM, both get what SAM's own
library makes of it.

    python benchmarks/deploy.py [--rounds 5] [--only lambda_nb ministack] [--plain]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore.config import Config
from support import peers
from support.peers import Peer

FUNCTIONS = 20
QUEUES = 3
BUCKET = "deploy"
LONGEST_S = 120.0
LOOK_S = 0.01
SAM = "AWS::Serverless-2016-10-31"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
CODE = """
import json, os

def handler(event, context):
    told = {"function": os.environ["NAME"]}
    if "Records" in event:
        print("RECORD", event["Records"][0]["body"])
        return None
    return {"statusCode": 200, "body": json.dumps(told)}
"""
STACKS = ("first stack", "next stack")
ANSWERS = ", all answer"
UPDATE, DELETION = "update of one function", "deletion"
STEPS = (*(f"{stack}{until}" for stack in STACKS for until in ("", ANSWERS)), UPDATE, DELETION)
STARTS: dict[str, Callable[[], Any]] = {
    "lambda_nb": lambda: peers.lambda_nb(auth="sigv4"),
    "ministack": peers.ministack,
}


def main() -> None:
    """Measure both and print the table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=list(STARTS), default=list(STARTS))
    parser.add_argument("--plain", action="store_true", help="never give a template of SAM")
    options = parser.parse_args()
    names = [name for name in STARTS if name in options.only]

    template = application()
    plain = options.plain or not all(takes_sam(STARTS[name]) for name in names)
    if plain:
        template = transformed(template)
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for round_ in range(options.rounds):
        for name in names:
            doing = f"round {round_ + 1} of {options.rounds}: {name} ..."
            print(f"{doing:60}", end="\r", file=sys.stderr, flush=True)
            with STARTS[name]() as peer:
                measure(seconds[name], Account(peer), template)
    report(seconds, plain)


class Account:
    """Clients of one peer.

    Parameters
    ----------
    peer
        The peer.
    """

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """The client of a service."""
        if service not in self._clients:
            key, secret = self.peer.credentials
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.peer.url,
                region_name=peers.REGION,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                config=Config(
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path"},
                    read_timeout=LONGEST_S,
                ),
            )
        return self._clients[service]


def application() -> dict[str, Any]:
    """The template, with the functions' code in a bucket."""
    resources: dict[str, Any] = {
        f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(QUEUES)
    }
    for number in range(FUNCTIONS):
        events: dict[str, Any] = {
            "Get": {"Type": "Api", "Properties": {"Path": f"/f{number}", "Method": "get"}}
        }
        if number < QUEUES:
            queue = {"Queue": {"Fn::GetAtt": [f"Queue{number}", "Arn"]}, "BatchSize": 1}
            events["Message"] = {"Type": "SQS", "Properties": queue}
        resources[f"Function{number}"] = {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "app.handler",
                "Runtime": f"python3.{sys.version_info.minor}",
                "CodeUri": {"Bucket": BUCKET, "Key": "code.zip"},
                "Timeout": 30,
                "Environment": {"Variables": {"NAME": f"f{number}"}},
                "Events": events,
            },
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": SAM,
        "Resources": resources,
        "Outputs": {"Api": {"Value": {"Ref": "ServerlessRestApi"}}}
        | {f"Queue{one}": {"Value": {"Ref": f"Queue{one}"}} for one in range(QUEUES)}
        | {f"Function{one}": {"Value": {"Ref": f"Function{one}"}} for one in range(FUNCTIONS)},
    }


def transformed(template: dict[str, Any]) -> dict[str, Any]:
    """What SAM's own library makes of a template."""
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    session = boto3.Session("key", "secret", region_name=peers.REGION)
    translator = Translator({}, Parser(), boto_session=session)
    made: dict[str, Any] = translator.translate(template, {})
    made.pop("Transform", None)
    return made


def takes_sam(start: Callable[[], Any]) -> bool:
    """Whether a peer makes a function of SAM's."""
    with start() as peer:
        account = Account(peer)
        put_code(account)
        template = application()
        template["Resources"] = {"Function9": template["Resources"]["Function9"]}
        template["Outputs"] = {"Function9": template["Outputs"]["Function9"]}
        try:
            _, outputs = create(account, "sam", template)
            account("lambda").get_function(FunctionName=outputs["Function9"])
        except Exception as error:
            print(f"{peer.name} takes no template of SAM ({error}).", file=sys.stderr)
            return False
    return True


def put_code(account: Account) -> None:
    """Put the functions' code where the template says it is."""
    s3 = account("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="code.zip", Body=peers.zipped(CODE))


def measure(seconds: dict[str, list[float]], account: Account, template: dict[str, Any]) -> None:
    """Deploy two stacks into a fresh engine, one after the other; update the second."""
    put_code(account)
    for stack in STACKS:
        name = stack.replace(" ", "-")
        began = time.perf_counter()
        taken, outputs = create(account, name, template)
        seconds[stack].append(taken)
        check(account, outputs)
        seconds[f"{stack}{ANSWERS}"].append(time.perf_counter() - began)
        if stack == STACKS[-1]:
            seconds[UPDATE].append(update(account, name, template, outputs["Function9"]))
        seconds[DELETION].append(delete(account, name))


def update(account: Account, name: str, template: dict[str, Any], function: str) -> float:
    """Change a setting of one function; seconds until the stack is complete."""
    changed = json.loads(json.dumps(template))
    changed["Resources"]["Function9"]["Properties"]["Timeout"] = 20
    began = time.perf_counter()
    account("cloudformation").update_stack(
        StackName=name, TemplateBody=json.dumps(changed), Capabilities=CAPABILITIES
    )
    wait(account, name, "UPDATE_COMPLETE")
    taken = time.perf_counter() - began
    told = account("lambda").get_function_configuration(FunctionName=function)
    if told["Timeout"] != 20:
        raise RuntimeError(f"{account.peer.name} did not update the function: {told}")
    return taken


def create(account: Account, name: str, template: dict[str, Any]) -> tuple[float, dict[str, str]]:
    """Create a stack; seconds until it is complete, and its outputs."""
    began = time.perf_counter()
    account("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps(template), Capabilities=CAPABILITIES
    )
    stack = wait(account, name, "CREATE_COMPLETE")
    taken = time.perf_counter() - began
    return taken, {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def delete(account: Account, name: str) -> float:
    """Delete a stack; seconds until it is gone."""
    began = time.perf_counter()
    stack = account("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    account("cloudformation").delete_stack(StackName=name)
    wait(account, stack, "DELETE_COMPLETE")
    return time.perf_counter() - began


def wait(account: Account, stack: str, status: str) -> Any:
    """Wait until a stack has a status, and return it."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        told = account("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        if told["StackStatus"] == status:
            return told
        if not told["StackStatus"].endswith("_IN_PROGRESS"):
            events = account("cloudformation").describe_stack_events(StackName=stack)
            why = [
                f"{one['LogicalResourceId']}: {one['ResourceStatusReason']}"
                for one in events["StackEvents"]
                if one.get("ResourceStatusReason")
            ]
            raise RuntimeError(f"{account.peer.name}: {told['StackStatus']}: {why}")
        time.sleep(LOOK_S)
    raise RuntimeError(f"{account.peer.name}: no {status} after {LONGEST_S:g} s")


def check(account: Account, outputs: dict[str, str]) -> None:
    """Call each function, through the API and by a queue: a fake would not answer."""
    for number in range(FUNCTIONS):
        base = f"{account.peer.url}/restapis/{outputs['Api']}/Prod/_user_request_/f{number}"
        until(f"the API did not answer for f{number}", lambda: said(base) == f"f{number}")  # noqa: B023
    for number in range(QUEUES):
        account("sqs").send_message(QueueUrl=outputs[f"Queue{number}"], MessageBody=f"m{number}")
        group = f"/aws/lambda/{outputs[f'Function{number}']}"
        until(f"Queue{number} reached no function", lambda: logged(account, group, f"m{number}"))  # noqa: B023


def said(url: str) -> str:
    """The name of the function that answers at a URL."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(json.load(answer)["function"])


def logged(account: Account, group: str, word: str) -> bool:
    """Whether a function has logged a word."""
    told = account("logs").filter_log_events(logGroupName=group)
    return any(f"RECORD {word}" in one["message"] for one in told["events"])


def until(complaint: str, look: Callable[[], bool]) -> None:
    """Look until it is so, for half a minute."""
    end = time.monotonic() + 30
    while True:
        try:
            if look():
                return
            why: object = "no"
        except Exception as error:
            why = error
        if time.monotonic() > end:
            raise RuntimeError(f"{complaint}: {why}")
        time.sleep(LOOK_S)


def report(seconds: dict[str, dict[str, list[float]]], plain: bool) -> None:
    """Print medians and the ratio to the peer."""
    print(f"{'':60}", end="\r", file=sys.stderr)
    form = "as SAM's library translates it" if plain else "as a template of SAM"
    rounds = max(len(steps[STACKS[0]]) for steps in seconds.values())
    print(f"{FUNCTIONS} functions, an API and {QUEUES} queues, {form}")
    print(f"({peers.machine()}; medians of {rounds})\n")
    names = list(seconds)
    print(f"{'':30}" + "".join(f"{name + ' s':>14}" for name in names) + f"{'ratio':>8}")
    for step in STEPS:
        medians = [statistics.median(seconds[name][step]) for name in names]
        print(f"{step:30}" + "".join(f"{one:>14.2f}" for one in medians) + ratio(medians))
    print("\nratio: below 1 is in favour of lambda_nb.")


def ratio(medians: Sequence[float]) -> str:
    """Ours by theirs, if both were measured."""
    return f"{medians[0] / medians[1]:>8.2f}" if len(medians) == 2 else ""


if __name__ == "__main__":
    main()
