"""Load balancers of a real engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from load_balancers import ECHO, Answer, Balancer, ask, fixed, forward, path

PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n"
    "<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
)


def is_page(answer: Answer, title: str) -> bool:
    """Whether an answer is a page of a load balancer."""
    assert answer.header("content-type") == "text/html"
    assert answer.header("server") == "awselb/2.0"
    assert answer.status == int(title[:3])
    return answer.body.decode() == PAGE.format(title)


@pytest.fixture(scope="module")
def echo(engine: Engine) -> str:
    """A function that answers with the event."""
    return engine.create(ECHO)


@pytest.fixture(scope="module")
def web(engine: Engine, echo: str) -> Balancer:
    """A load balancer that forwards ``/f/*``, and all of ``/as-told`` and the like, to ``echo``."""
    balancer = Balancer(engine)
    group = balancer.group(echo)
    balancer.rule(path("/f/*", "/as-told", "/boom", "/much"), forward(group))
    many = balancer.group(echo)
    balancer.many_values(many)
    balancer.rule(path("/many/*"), forward(many))
    return balancer


def test_a_request_becomes_an_event(web: Balancer) -> None:
    answer = web.ask(
        "/f/a%20b?x=%2F&x=2&y",
        ("X-Tag", "one"),
        ("X-Tag", "two"),
        ("X-Forwarded-For", "9.9.9.9"),
        ("X-Forwarded-Proto", "gopher"),
    )
    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    assert answer.header("server") == "awselb/2.0"
    event = answer.event
    assert event["httpMethod"] == "GET"
    assert event["path"] == "/f/a%20b"
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    headers = event["headers"]
    port = web.engine.url.rpartition(":")[2]
    assert headers["x-tag"] == "two"
    assert headers["x-forwarded-for"] == "9.9.9.9, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-port"] == port
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert (event["body"], event["isBase64Encoded"]) == ("", False)


def test_every_value_is_told_where_the_group_wants_it(web: Balancer) -> None:
    answer = web.ask("/many/x?a=1&a=2", ("X-Tag", "one"), ("X-Tag", "two"))
    event = answer.event
    assert event["multiValueHeaders"]["x-tag"] == ["one", "two"]
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    cookies = [value for name, value in answer.headers if name == "set-cookie"]
    assert cookies == ["a=1", "b=2"]


def test_a_trace_goes_on(web: Balancer) -> None:
    root = "Root=1-67891233-abcdef012345678912345678"
    event = web.ask("/f/x", ("X-Amzn-Trace-Id", root)).event
    told = event["headers"]["x-amzn-trace-id"]
    assert told.startswith("Self=1-")
    assert told.endswith(f";{root}")


def test_a_body_is_text_or_base64(web: Balancer) -> None:
    kind = ("Content-Type", "application/json")
    text = web.ask("/f/x", kind, method="POST", body=b'{"a":1}').event
    assert (text["body"], text["isBase64Encoded"]) == ('{"a":1}', False)
    other = web.ask("/f/x", method="PUT", body=b"\0\xff").event
    assert (other["body"], other["isBase64Encoded"]) == ("AP8=", True)


def test_a_body_has_at_most_one_megabyte(web: Balancer) -> None:
    kind = ("Content-Type", "text/plain")
    assert web.ask("/f/x", kind, method="POST", body=b"x" * (1 << 20)).status == 502  # the echo
    answer = web.ask("/f/x", kind, method="POST", body=b"x" * ((1 << 20) + 1))
    assert answer.status == 413


@pytest.mark.parametrize("at", ["/boom", "/much"])
def test_a_function_that_fails_is_a_bad_gateway(web: Balancer, at: str) -> None:
    assert is_page(web.ask(at), "502 Bad Gateway")


@pytest.mark.parametrize(
    "response", [{}, {"statusCode": "200"}, {"statusCode": 200, "headers": {"a": 1}}, [], "x"]
)
def test_a_bad_shape_is_a_bad_gateway(web: Balancer, response: object) -> None:
    body = json.dumps(response).encode()
    told = web.ask("/as-told", ("Content-Type", "application/json"), method="POST", body=body)
    assert is_page(told, "502 Bad Gateway")


def test_an_upgrade_is_refused(web: Balancer) -> None:
    answer = web.ask("/f/x", ("Upgrade", "h2c"))
    assert is_page(answer, "400 Bad Request")


def test_a_web_socket_is_refused(web: Balancer) -> None:
    answer = web.ask(
        "/f/x",
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    )
    assert answer.status == 400


def test_what_no_rule_is_for_gets_the_default_answer(web: Balancer) -> None:
    answer = web.ask("/none")
    assert (answer.status, answer.body) == (404, b"no rule")
    assert answer.header("content-type") == "text/plain; charset=utf-8"


def test_a_head_request_has_no_body(web: Balancer) -> None:
    answer = web.ask("/f/x", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.header("content-length") or 0) > 0


@pytest.mark.parametrize(
    "form", ["name", "name with a Region", "DNS name", "AWS's name", "AWS's internal name"]
)
def test_a_load_balancer_has_hosts(web: Balancer, form: str) -> None:
    at_aws = f"{web.name}-1.{web.engine.region}.elb.amazonaws.com"
    host = {
        "name": f"{web.name}.elb.localhost",
        "name with a Region": f"{web.name.upper()}.elb.{web.engine.region}.localhost:1",
        "DNS name": web.dns_name,
        "AWS's name": at_aws,
        "AWS's internal name": f"internal-{at_aws}",
    }[form]
    assert ask(web.engine, "/f/x", host=host).event["headers"]["host"] == host


def test_a_name_that_nobody_has_is_said(engine: Engine) -> None:
    answer = ask(engine, "/elb/nobody/x")
    assert answer.status == 404
    assert (
        answer.body
        == f"There is no application load balancer 'nobody' in {engine.region}.".encode()
    )


def test_the_listener_is_the_one_of_the_port(engine: Engine) -> None:
    balancer = Balancer(engine)
    balancer.listen(8080, fixed(200, "by 8080"))
    balancer.listen(443, fixed(200, "by 443"), protocol="HTTPS")
    name = f"{balancer.name}.elb.localhost"
    assert ask(engine, "/", host=name).body == b"no rule"
    assert ask(engine, "/", host=f"{name}:8080").body == b"by 8080"
    assert ask(engine, "/", host=f"{name}:443").body == b"by 443"
    assert ask(engine, f"/elb/{balancer.name}:443/x").body == b"by 443"
    assert ask(engine, f"/elb/{balancer.name}:{'9' * 5000}/x").body == b"no rule"
    balancer.elb.delete_listener(ListenerArn=balancer.listener)
    assert ask(engine, "/", host=name).body == b"by 8080"
    for listener in balancer.elb.describe_listeners(LoadBalancerArn=balancer.arn)["Listeners"]:
        if listener["Port"] == 8080:
            balancer.elb.delete_listener(ListenerArn=listener["ListenerArn"])
    assert ask(engine, "/", host=name).body == b"by 443"


def test_a_change_is_there_with_the_next_request(engine: Engine) -> None:
    balancer = Balancer(engine)
    rule = balancer.rule(path("/x"), fixed(200, "one"))
    for n in range(10):
        answer = fixed(200, f"number {n}")
        balancer.elb.modify_rule(RuleArn=rule, Actions=[answer])
        assert balancer.ask("/x").body == f"number {n}".encode()
    second = balancer.rule(path("/x"), fixed(200, "before"))
    priorities = [{"RuleArn": second, "Priority": 1}, {"RuleArn": rule, "Priority": 2}]
    balancer.elb.set_rule_priorities(RulePriorities=priorities)
    assert balancer.ask("/x").body == b"before"
    balancer.elb.delete_rule(RuleArn=second)
    assert balancer.ask("/x").body == b"number 9"
    balancer.elb.delete_load_balancer(LoadBalancerArn=balancer.arn)
    assert balancer.ask("/x").status == 404


def test_rules_look_at_everything(engine: Engine) -> None:
    balancer = Balancer(engine)
    method = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["DELETE"]}}
    header = {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": "X-Beta", "Values": ["yes*"]},
    }
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}}
    source = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.localhost"]}}
    regex = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/n/[0-9]+$"]}}
    for condition, said in (
        (source, "source"),
        (method, "method"),
        (header, "header"),
        (query, "query"),
        (regex, "regex"),
        (host, "host"),
    ):
        balancer.rule(condition, fixed(200, said))
    assert balancer.ask("/", method="DELETE").body == b"method"
    assert balancer.ask("/", ("x-beta", "YES please")).body == b"header"
    assert balancer.ask("/?V=2").body == b"query"
    assert balancer.ask("/n/12").body == b"regex"
    assert balancer.ask("/n/a").body == b"no rule"
    assert ask(engine, "/", host=f"{balancer.name}.elb.localhost:9").body == b"host"


def test_a_redirect_says_where_to(web: Balancer) -> None:
    told = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    web.rule(path("/old*"), {"Type": "redirect", "RedirectConfig": told})
    name = f"{web.name}.elb.localhost"
    answer = ask(web.engine, "/old/x?a=1", host=f"{name}:99")
    assert answer.header("location") == f"https://{name}:443/old/x?a=1"
    assert is_page(answer, "301 Moved Permanently")


def test_an_action_that_is_not_there_is_an_error(web: Balancer) -> None:
    oidc = {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {
            "Issuer": "https://issuer.example",
            "AuthorizationEndpoint": "https://issuer.example/a",
            "TokenEndpoint": "https://issuer.example/t",
            "UserInfoEndpoint": "https://issuer.example/u",
            "ClientId": "c",
            "ClientSecret": "s",
        },
    }
    web.rule(path("/login"), oidc, {**fixed(200, "in"), "Order": 2})
    assert is_page(web.ask("/login"), "500 Internal Server Error")
    assert "the action authenticate-oidc" in web.engine.log_file.read_text()


def test_transforms_are_refused_when_they_are_asked_for(web: Balancer) -> None:
    rewrite = {"Rewrites": [{"Regex": "a", "Replace": "b"}]}
    with pytest.raises(ClientError, match="does not rewrite") as refused:
        web.elb.create_rule(
            ListenerArn=web.listener,
            Priority=999,
            Conditions=[path("/t")],
            Actions=[fixed(200)],
            Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": rewrite}],
        )
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_groups_have_weights_and_clients_stay(web: Balancer, echo: str) -> None:
    other = web.engine.create(ECHO)
    groups = web.group(echo), web.group(other)
    web.rule(path("/weights"), forward((groups[0], 0), (groups[1], 1), sticky_s=60))
    answer = web.ask("/weights")
    assert answer.header("x-function") == other
    cookies = [value for name, value in answer.headers if name == "set-cookie"]
    ours = [cookie for cookie in cookies if cookie.startswith("AWSALBTG")]
    assert [cookie.partition("=")[0] for cookie in ours] == ["AWSALBTG", "AWSALBTGCORS"]
    rules = web.elb.describe_rules(ListenerArn=web.listener)["Rules"]
    rule = next(one for one in rules if one["Conditions"] and "/weights" in str(one["Conditions"]))
    swapped = forward((groups[0], 999), (groups[1], 0), sticky_s=60)
    web.elb.modify_rule(RuleArn=rule["RuleArn"], Actions=[swapped])
    assert web.ask("/weights").header("x-function") == echo
    stays = web.ask("/weights", ("Cookie", ours[0].partition(";")[0]))
    assert stays.header("x-function") == other


def test_a_group_without_targets_is_unavailable(web: Balancer, echo: str) -> None:
    group = web.group()
    web.rule(path("/empty"), forward(group))
    assert is_page(web.ask("/empty"), "503 Service Unavailable")
    web.permit(echo, group)
    targets = [{"Id": web.arn_of(echo)}]
    web.elb.register_targets(TargetGroupArn=group, Targets=targets)
    assert web.ask("/empty").status == 200
    web.elb.deregister_targets(TargetGroupArn=group, Targets=targets)
    assert web.ask("/empty").status == 503


def test_a_function_is_a_target_only_with_permission(web: Balancer) -> None:
    function = web.engine.create(ECHO)
    group = web.group()
    other = web.group()
    target = {"TargetGroupArn": group, "Targets": [{"Id": web.arn_of(function)}]}
    web.permit(function, other)  # for another group: not enough
    with pytest.raises(ClientError) as refused:
        web.elb.register_targets(**target)
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDenied"
    assert error["Message"] == (
        "elasticloadbalancing principal does not have permission to invoke "
        f"{web.arn_of(function)} from target group {group}"
    )
    web.permit(function, group)
    web.elb.register_targets(**target)
    web.rule(path("/permitted"), forward(group))
    assert web.ask("/permitted").status == 200
    statement = group.rpartition("/")[2]
    web.engine.client().remove_permission(FunctionName=function, StatementId=statement)
    assert is_page(web.ask("/permitted"), "502 Bad Gateway")
    log = web.engine.log_file.read_text()
    assert f"--principal elasticloadbalancing.amazonaws.com --source-arn '{group}'" in log


def test_a_function_that_is_not_there_is_no_target(web: Balancer) -> None:
    with pytest.raises(ClientError) as refused:
        web.elb.register_targets(TargetGroupArn=web.group(), Targets=[{"Id": web.arn_of("nobody")}])
    assert refused.value.response["Error"]["Code"] == "InvalidTarget"


def test_a_name_and_a_port_are_taken_once(web: Balancer) -> None:
    with pytest.raises(ClientError, match="DuplicateLoadBalancerName"):
        Balancer(web.engine, web.name)
    with pytest.raises(ClientError, match="DuplicateListener"):
        web.listen(80)


class Server(BaseHTTPRequestHandler):
    """A target that says which server it is and what it was sent."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.send_response(200)
        self.send_header("Content-Length", "17")
        self.end_headers()

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        content = json.dumps(
            {
                "port": self.server.server_address[1],
                "path": self.path,
                "body": body.decode(),
                "headers": {name.lower(): value for name, value in self.headers.items()},
            }
        ).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def servers() -> Iterator[list[int]]:
    """The ports of two servers."""
    running = [ThreadingHTTPServer(("127.0.0.1", 0), Server) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever) for server in running]
    for thread in threads:
        thread.start()
    yield [server.server_address[1] for server in running]
    for server, thread in zip(running, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


def test_servers_on_this_machine_are_targets(web: Balancer, servers: list[int]) -> None:
    groups = []
    for port in servers:
        group = web.elb.create_target_group(
            Name=web.engine.name("ip"),
            TargetType="ip",
            Protocol="HTTP",
            Port=port,
            VpcId=web.vpc,
        )["TargetGroups"][0]["TargetGroupArn"]
        web.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": port}])
        groups.append(group)
    web.rule(path("/server/*"), forward(groups[0]))
    answer = web.ask("/server/a%20b?c=%2F", ("X-A", "1"), method="POST", body=b"hello")
    assert answer.status == 201
    seen = answer.event
    assert (seen["port"], seen["path"]) == (servers[0], "/server/a%20b?c=%2F")
    assert (seen["body"], seen["headers"]["x-a"]) == ("hello", "1")
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    cookies = [value for name, value in answer.headers if name == "set-cookie"]
    assert cookies == ["a=1", "b=2"]
    head = web.ask("/server/", method="HEAD")
    assert (head.body, head.header("content-length")) == (b"", "17")


def test_a_server_that_is_not_there_is_a_bad_gateway(web: Balancer) -> None:
    group = web.elb.create_target_group(
        Name=web.engine.name("ip"), TargetType="ip", Protocol="HTTP", Port=1, VpcId=web.vpc
    )["TargetGroups"][0]["TargetGroupArn"]
    web.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": 1}])
    web.rule(path("/gone"), forward(group))
    assert is_page(web.ask("/gone"), "502 Bad Gateway")


def test_requests_at_the_same_time_read_the_configuration_once(web: Balancer) -> None:
    web.rule(path("/once"), fixed(200, "once"))
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.append(web.ask("/once").body)) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"once"] * 16


def test_what_a_stack_makes_is_there_with_the_next_request(web: Balancer) -> None:
    name = web.engine.name("stack")
    subnets = web.engine.client("ec2").describe_subnets()["Subnets"]
    balancer = {"Name": name, "Subnets": [subnet["SubnetId"] for subnet in subnets[:2]]}
    listener = {
        "LoadBalancerArn": {"Ref": "Balancer"},
        "Port": 80,
        "Protocol": "HTTP",
        "DefaultActions": [fixed(200, "by a stack")],
    }
    kind = "AWS::ElasticLoadBalancingV2"
    resources = {
        "Balancer": {"Type": f"{kind}::LoadBalancer", "Properties": balancer},
        "Listener": {"Type": f"{kind}::Listener", "Properties": listener},
    }
    assert ask(web.engine, f"/elb/{name}/").status == 404
    stacks = web.engine.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    soon = {"Delay": 0.05, "MaxAttempts": 600}
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=soon)
    assert ask(web.engine, f"/elb/{name}/").body == b"by a stack"
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=soon)
    assert ask(web.engine, f"/elb/{name}/").status == 404


def test_load_balancers_of_another_region_are_found(web: Balancer) -> None:
    region = "eu-west-1"
    web.engine.client("lambda", region_name=region).list_functions()
    elb = web.engine.client("elbv2", region_name=region)
    subnets = web.engine.client("ec2", region_name=region).describe_subnets()["Subnets"]
    name = web.engine.name("abroad")
    made = elb.create_load_balancer(
        Name=name, Subnets=[subnet["SubnetId"] for subnet in subnets[:2]]
    )["LoadBalancers"][0]
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[fixed(200, region)],
    )
    assert ask(web.engine, "/", host=made["DNSName"]).body == region.encode()
    assert ask(web.engine, f"/elb/{name}/").body == region.encode()
