"""Private integrations of HTTP APIs: listeners of load balancers."""

from __future__ import annotations

import json

from engine_fixtures import Engine
from http_apis import new_api
from load_balancers import Balancer, fixed, path


def test_a_listener_of_a_load_balancer(engine: Engine) -> None:
    balancer = Balancer(engine)
    balancer.rule(path("/dev/x/*"), fixed(200, "with its stage"))
    other = balancer.listen(8080, fixed(200, "other listener"))
    api = new_api(engine, stage="dev")
    link = api.client.create_vpc_link(Name="link", SubnetIds=["subnet-12345678"])["VpcLinkId"]

    def private(key: str, listener: str, **settings: object) -> None:
        target = api.integrate(
            IntegrationType="HTTP_PROXY",
            IntegrationMethod="ANY",
            IntegrationUri=listener,
            ConnectionType="VPC_LINK",
            ConnectionId=link,
            PayloadFormatVersion="1.0",
            **settings,
        )
        api.route(key, target)

    private("GET /x/{proxy+}", balancer.listener)
    private(
        "GET /y/{proxy+}",
        balancer.listener,
        RequestParameters={"overwrite:path": "$request.path"},
    )
    private("GET /z", other)
    private("GET /gone", other[:-4] + "0000")
    assert api.call("/dev/x/1").body == b"with its stage"
    got = api.call("/dev/y/1")
    assert (got.status, got.body) == (404, b"no rule")
    assert api.call("/dev/z").body == b"other listener"
    assert json.loads(api.call("/dev/gone").body) == {"message": "Service Unavailable"}
