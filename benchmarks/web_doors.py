"""Claim: an HTTP API costs at most 0.25 ms more than Invoke, at three times the best peer's rate.

One run measures the doors of lambda_nb (direct Invoke, function URL, HTTP API, REST API, load
balancer, WebSocket message to handler and back), ministack's and serverless-offline's. All run the
same function. (No script here may be called ``http.py``: Python would take it for its own module.)
Rounds alternate, so that a slow phase of the machine hits everyone. Figures are
medians of the rounds. SAM's ``start-api`` needs Docker and is left out.

    python benchmarks/web_doors.py [--rounds 3] [--requests 1000] [--seconds 3]
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from support import load, peers
from support.peers import Peer

APP = """
def handler(event, context):
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": event.get("body") or "{}",
    }
"""
MANY = 32


class Door(NamedTuple):
    """Where the function answers."""

    path: str
    host: str | None = None
    port: int | None = None
    kind: type[load.Connection | load.WebSocket] = load.Connection

    @property
    def client(self) -> Callable[..., Any]:
        """Makes a connection to it."""
        return partial(self.kind, host=self.host)


Doors = dict[str, Door]
Figures = dict[tuple[str, str], dict[str, list[float]]]


def main() -> None:
    """Measure all doors of all peers and print the table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=1000, help="sequential requests a round")
    parser.add_argument("--seconds", type=float, default=3.0, help="of load a round")
    options = parser.parse_args()
    figures: Figures = defaultdict(lambda: defaultdict(list))
    measured = dict(PEERS)
    if shutil.which("npm") is None:
        print("There is no npm here: serverless-offline is left out.")
        del measured["serverless-offline"]
    for round_ in range(options.rounds):
        for name, opened in measured.items():
            with opened() as (peer, doors):
                for what, door in doors.items():
                    told = f"round {round_ + 1} of {options.rounds}: {name}, {what} ..."
                    print(f"{told:60}", end="\r", flush=True)
                    measure(figures[name, what], peer, door, options)
    report(figures)


def measure(
    rows: dict[str, list[float]], peer: Peer, door: Door, options: argparse.Namespace
) -> None:
    """Requests a second of one and of many clients, and the latency on one connection."""
    where = (door.port or peer.port, door.path)
    rows["rps 1"].append(load.throughput(*where, 1, options.seconds, door.client))
    first = statistics.median(load.latencies(*where, 20, client=door.client))
    requests = max(50, min(options.requests, int(10 / first)))
    rows["ms"] += [1e3 * one for one in load.latencies(*where, requests, client=door.client)]
    rows["rps many"].append(load.throughput(*where, MANY, options.seconds, door.client))


@contextlib.contextmanager
def lambda_nb() -> Iterator[tuple[Peer, Doors]]:
    """Our engine with every door."""
    with peers.lambda_nb() as peer:
        peers.create_echo(peer.client(), code=APP)
        client = partial(_client, peer)
        allow = {"FunctionName": "echo", "Action": "lambda:InvokeFunction"}
        for principal in ("apigateway.amazonaws.com", "elasticloadbalancing.amazonaws.com"):
            sid = principal.partition(".")[0]
            peer.client().add_permission(**allow, StatementId=sid, Principal=principal)
        yield (
            peer,
            {
                "Invoke": Door(peer.path),
                "function URL": _function_url(peer),
                "HTTP API": _http_api(client, peer),
                "REST API": _rest_api(client, peer),
                "load balancer": _load_balancer(client, peer),
                "WebSocket": _web_socket(client, peer),
            },
        )


@contextlib.contextmanager
def ministack() -> Iterator[tuple[Peer, Doors]]:
    """ministack's doors."""
    with peers.ministack() as peer:
        peers.create_echo(peer.client(), code=APP)
        client = partial(_client, peer)
        yield (
            peer,
            {
                "Invoke": Door(peer.path),
                "HTTP API": _http_api(client, peer),
                "REST API": _rest_api(client, peer),
            },
        )


@contextlib.contextmanager
def serverless_offline() -> Iterator[tuple[Peer, Doors]]:
    """serverless-offline's doors."""
    with peers.serverless_offline(APP) as peer:
        yield peer, {"HTTP API": Door("/http"), "REST API": Door("/rest")}


PEERS = {
    "lambda_nb": lambda_nb,
    "ministack": ministack,
    "serverless-offline": serverless_offline,
}


def _client(peer: Peer, service: str) -> Any:
    key, secret = peer.credentials
    return boto3.client(
        service,
        endpoint_url=peer.url,
        region_name=peers.REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def _arn() -> str:
    return f"arn:aws:lambda:{peers.REGION}:000000000000:function:echo"


def _function_url(peer: Peer) -> Door:
    client = peer.client()
    url = client.create_function_url_config(FunctionName="echo", AuthType="NONE")["FunctionUrl"]
    client.add_permission(
        FunctionName="echo",
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    parts = urlsplit(url)
    return Door(parts.path, parts.netloc, parts.port)


def _http_api(client: Callable[[str], Any], peer: Peer) -> Door:
    gateway = client("apigatewayv2")
    api = gateway.create_api(Name="echo", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=_arn(),
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(
        ApiId=api, RouteKey="POST /items/{id}", Target=f"integrations/{integration}"
    )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return Door("/items/3", f"{api}.execute-api.localhost:{peer.port}")


def _rest_api(client: Callable[[str], Any], peer: Peer) -> Door:
    gateway = client("apigateway")
    api = gateway.create_rest_api(name="echo")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    items = gateway.create_resource(restApiId=api, parentId=root, pathPart="items")["id"]
    item = gateway.create_resource(restApiId=api, parentId=items, pathPart="{id}")["id"]
    where = {"restApiId": api, "resourceId": item, "httpMethod": "POST"}
    gateway.put_method(**where, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{peers.REGION}:lambda:path/2015-03-31/functions/{_arn()}/invocations"
    gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="prod")
    return Door("/prod/items/3", f"{api}.execute-api.localhost:{peer.port}")


def _load_balancer(client: Callable[[str], Any], peer: Peer) -> Door:
    subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"][:2]]
    elb = client("elbv2")
    balancer = elb.create_load_balancer(Name="echo", Subnets=subnets)["LoadBalancers"][0]
    group = elb.create_target_group(Name="echo", TargetType="lambda")["TargetGroups"][0]
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": _arn()}])
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    return Door("/items/3", f"echo.elb.localhost:{peer.port}")


def _web_socket(client: Callable[[str], Any], peer: Peer) -> Door:
    gateway = client("apigatewayv2")
    api = gateway.create_api(
        Name="socket",
        ProtocolType="WEBSOCKET",
        RouteSelectionExpression="$request.body.action",
    )["ApiId"]
    uri = f"arn:aws:apigateway:{peers.REGION}:lambda:path/2015-03-31/functions/{_arn()}/invocations"
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri
    )["IntegrationId"]
    route = gateway.create_route(
        ApiId=api,
        RouteKey="$default",
        Target=f"integrations/{integration}",
        RouteResponseSelectionExpression="$default",
    )["RouteId"]
    gateway.create_route_response(ApiId=api, RouteId=route, RouteResponseKey="$default")
    gateway.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
    return Door("/prod", f"{api}.execute-api.localhost:{peer.port}", kind=load.WebSocket)


def report(figures: Figures) -> None:
    """Print the figures, then what the claim is about."""
    medians = {
        key: {what: statistics.median(values) for what, values in rows.items()}
        for key, rows in figures.items()
    }
    print(f"{peers.machine():60}\n")
    print(f"{'peer':20} {'door':14} {'median ms':>10} {'1 client/s':>11} {f'{MANY} clients/s':>13}")
    for (name, door), row in medians.items():
        print(f"{name:20} {door:14} {row['ms']:10.3f} {row['rps 1']:11.0f} {row['rps many']:13.0f}")
    ours = {door: row for (name, door), row in medians.items() if name == "lambda_nb"}
    others = [
        row for (name, door), row in medians.items() if name != "lambda_nb" and door == "HTTP API"
    ]
    api = ours["HTTP API"]
    print(f"\nan HTTP API above Invoke: {api['ms'] - ours['Invoke']['ms']:.3f} ms (aim: 0.25)")
    for what in ("rps 1", "rps many"):
        best = max(row[what] for row in others)
        url = ours["function URL"][what]
        print(
            f"HTTP API, {what}: {api[what] / best:.1f}x the best peer (aim: 3), "
            f"{api[what] / url:.2f}x our own function URL (aim: 0.8)"
        )


if __name__ == "__main__":
    main()
