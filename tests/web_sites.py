"""One web site in five frameworks, and the four doors that a function can stand behind.

The site is written in each framework as its guide says, and packed with the adapter that people
use; ``tests/conformance/web_apps`` has the sources.
"""

from __future__ import annotations

import base64
import http.client
import io
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from engine_fixtures import ROLE, Engine

SOURCES = Path(__file__).parent / "conformance" / "web_apps"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
HOME = (
    "<!doctype html><link rel=stylesheet href=/static/site.css><h1>Shop</h1>"
    "<img id=picture src=/picture.png>"
    "<form method=post action=/items><input name=name><button>Add</button></form>"
)
DOORS = ("function URL", "HTTP API", "REST API", "load balancer")
RESOLVERS = {
    "function URL": "LambdaFunctionUrlResolver",
    "HTTP API": "APIGatewayHttpResolver",
    "REST API": "APIGatewayRestResolver",
    "load balancer": "ALBResolver",
}
FRAMEWORKS = {
    "FastAPI": ("with_fastapi.py", ("mangum>=0.19", "fastapi>=0.115", "python-multipart>=0.0.9")),
    "Flask": ("with_flask.py", ("serverless-wsgi>=3", "flask>=3")),
    "Django": ("with_django.py", ("apig-wsgi>=2.18", "django>=4.2")),
    "Powertools": ("with_powertools.py", ("aws-lambda-powertools>=3,<4",)),
    "Express": ("with_express.js", ("@codegenie/serverless-express@4", "express@4")),
}


@dataclass(frozen=True)
class Door:
    """A way in to a function: where connections go, and the Host that its clients name."""

    engine: str
    host: str

    @property
    def url(self) -> str:
        """The address for a browser, which knows ``*.localhost`` by itself."""
        return f"http://{self.host}:{urlsplit(self.engine).port}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Make one request."""
        connection = http.client.HTTPConnection(urlsplit(self.engine).netloc, timeout=60)
        try:
            host = {"Host": urlsplit(self.url).netloc}
            connection.request(method, path, body, {**host, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def packed(framework: str) -> bytes:
    """The deployment package of the site in a framework; what it needs comes from pip or npm."""
    source, needed = FRAMEWORKS[framework]
    libraries = _installed(framework, needed, node=source.endswith(".js"))
    text = (SOURCES / source).read_text().replace("HOME", HOME)
    text = text.replace('PICTURE"', base64.b64encode(PICTURE).decode() + '"')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("index" + Path(source).suffix, text)
        for file in sorted(libraries.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(libraries))
    return buffer.getvalue()


def _installed(framework: str, needed: tuple[str, ...], node: bool) -> Path:
    """A folder with libraries; kept beside the virtual environment for the next run."""
    folder = Path(sys.prefix) / "share" / "lambda-nb-tests" / f"web-{framework}"
    if folder.exists():
        return folder
    if node and shutil.which("npm") is None:
        pytest.skip("needs node and npm (apt-get install npm)")
    building = folder.with_name(f"{folder.name}-{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    if node:
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix"]
    else:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target"]
    done = subprocess.run(
        [*command, str(building), *needed], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"could not install {needed}: {done.stderr[-300:]}")
    try:
        building.rename(folder)
    except OSError:  # another worker was faster
        shutil.rmtree(building, ignore_errors=True)
    return folder


def site(engine: Engine, framework: str, archive: bytes, door: str) -> str:
    """Create the site's function for a door; returns its ARN."""
    node = framework == "Express"
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    name = engine.name("site")
    arn = engine.client().create_function(
        FunctionName=name,
        Runtime="nodejs20.x" if node else python,
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": archive},
        Timeout=29,
        MemorySize=512,
        Environment={"Variables": {"RESOLVER": RESOLVERS[door]}},
    )["FunctionArn"]
    engine.wait(name)
    return str(arn)


def door_of(engine: Engine, kind: str, arn: str) -> Door:
    """Open a door of some kind to a function."""
    return Door(engine.url, _OPEN[kind](engine, arn))


def _permit(engine: Engine, arn: str, principal: str, **more: str) -> None:
    engine.client().add_permission(
        FunctionName=arn,
        StatementId="door",
        Action=more.pop("Action", "lambda:InvokeFunction"),
        Principal=principal,
        **more,
    )


def function_url(engine: Engine, arn: str) -> str:
    """The host of a function URL."""
    name = arn.rsplit(":", 1)[1]
    url = engine.client().create_function_url_config(FunctionName=name, AuthType="NONE")
    open_to_all = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}
    _permit(engine, arn, "*", **open_to_all)
    config = engine.client().get_function_url_config(FunctionName=name)
    assert config["FunctionUrl"] == url["FunctionUrl"]
    return f"{engine.identifier(config['FunctionUrl'])}.lambda-url.localhost"


def http_api(engine: Engine, arn: str) -> str:
    """The host of an HTTP API that a quick create made."""
    api = engine.client("apigatewayv2").create_api(
        Name=engine.name("site"), ProtocolType="HTTP", Target=arn
    )["ApiId"]
    source = f"arn:aws:execute-api:{engine.region}:{engine.account}:{api}/*"
    _permit(engine, arn, "apigateway.amazonaws.com", SourceArn=source)
    return f"{api}.execute-api.localhost"


def rest_api(engine: Engine, arn: str) -> str:
    """The host of a REST API: a custom domain name, which has no stage in its paths."""
    client = engine.client("apigateway")
    api = client.create_rest_api(name=engine.name("site"), binaryMediaTypes=["*/*"])
    root = api["rootResourceId"]
    below = client.create_resource(restApiId=api["id"], parentId=root, pathPart="{proxy+}")["id"]
    uri = f"arn:aws:apigateway:{engine.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    for resource in (root, below):
        where = {"restApiId": api["id"], "resourceId": resource, "httpMethod": "ANY"}
        client.put_method(**where, authorizationType="NONE")
        client.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api["id"], stageName="prod")
    source = f"arn:aws:execute-api:{engine.region}:{engine.account}:{api['id']}/*"
    _permit(engine, arn, "apigateway.amazonaws.com", SourceArn=source)
    host = f"{engine.name('shop')}.localhost"
    client.create_domain_name(
        domainName=host,
        regionalCertificateArn=f"arn:aws:acm:{engine.region}:{engine.account}:certificate/one",
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    client.create_base_path_mapping(domainName=host, restApiId=api["id"], stage="prod")
    return host


def load_balancer(engine: Engine, arn: str) -> str:
    """The host of a load balancer whose only target is the function."""
    ec2, client = engine.client("ec2"), engine.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    name = engine.name("lb").replace("_", "-")[:32]
    balancer = client.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]
    group = client.create_target_group(Name=name, TargetType="lambda")["TargetGroups"][0]
    group_arn = group["TargetGroupArn"]
    _permit(engine, arn, "elasticloadbalancing.amazonaws.com", SourceArn=group_arn)
    client.register_targets(TargetGroupArn=group_arn, Targets=[{"Id": arn}])
    several = {"Key": "lambda.multi_value_headers.enabled", "Value": "true"}  # two cookies need it
    client.modify_target_group_attributes(TargetGroupArn=group_arn, Attributes=[several])
    client.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group_arn}],
    )
    return f"{name}.elb.localhost"


_OPEN = {
    "function URL": function_url,
    "HTTP API": http_api,
    "REST API": rest_api,
    "load balancer": load_balancer,
}
