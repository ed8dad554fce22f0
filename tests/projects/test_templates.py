"""Templates: short forms, local paths and what takes their place; samconfig; what a path is."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from project_files import write

from lambda_nb.projects.endpoint import Endpoint
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.kinds import assembly, project
from lambda_nb.projects.templates import reading, samconfig
from lambda_nb.projects.templates.packaging import Packaged, Packaging
from lambda_nb.projects.templates.walking import text_of


class Store:
    """Keeps artifacts by their content, as a bucket does."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, data: bytes, ending: str) -> tuple[str, str]:
        key = hashlib.sha256(data).hexdigest()[:8] + ending
        self.kept[key] = data
        return "bucket", key

    def template_url(self, bucket: str, key: str) -> str:
        return f"https://s3.us-east-1.amazonaws.com/{bucket}/{key}"


BUNDLER = """#!/bin/sh
for flag in "$@"; do case $flag in --outdir=*) to=${flag#*=};; esac; done
mkdir -p "$to" && echo "$@" > "$to/flags"
"""
"""In the place of esbuild, which is not on every machine."""


def packaged(folder: Path, text: str, *, builds: bool = False) -> tuple[Packaged, Store]:
    write(folder, {"template.yaml": text})
    store = Store()
    packaging = Packaging(store, builds=builds, at_aws=False, tell=lambda text: None)
    return packaging.template(folder / "template.yaml"), store


def test_short_forms_are_written_out() -> None:
    text = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  A:
    Type: X
    Condition: Always
    Properties:
      Ref: !Ref B
      Get: !GetAtt B.C.D
      Sub: !Sub "${A} b"
      Join: !Join ["", [a, !Ref B]]
      If: !If [Always, !Ref "AWS::NoValue", 1]
      Both: !And [!Condition One, !Condition Two]
      Deep: !Transform {Name: AWS::Include, Parameters: {Location: s3://b/k}}
      Date: 2012-10-17
"""
    found = reading.parse(text, "it")
    assert found["AWSTemplateFormatVersion"] == "2010-09-09"
    assert found["Resources"]["A"]["Properties"] == {
        "Ref": {"Ref": "B"},
        "Get": {"Fn::GetAtt": ["B", "C.D"]},
        "Sub": {"Fn::Sub": "${A} b"},
        "Join": {"Fn::Join": ["", ["a", {"Ref": "B"}]]},
        "If": {"Fn::If": ["Always", {"Ref": "AWS::NoValue"}, 1]},
        "Both": {"Fn::And": [{"Condition": "One"}, {"Condition": "Two"}]},
        "Deep": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}},
        "Date": "2012-10-17",
    }
    assert reading.parse(text_of(found).decode(), "again") == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "neither YAML nor JSON"),
        ("{", "neither YAML nor JSON"),
        ("a: 1", "has no Resources"),
        ("- 1", "has no Resources"),
    ],
)
def test_what_is_no_template(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, {"template.yaml": text})
    with pytest.raises(ProjectError, match=f"template.yaml.*{said}"):
        reading.read(tmp_path / "template.yaml")
    with pytest.raises(ProjectError, match="cannot read the template"):
        reading.read(tmp_path / "absent.yaml")


def test_every_local_path_becomes_a_location_in_its_own_form(tmp_path: Path) -> None:
    files = {
        "src/app.py": "1", "web/index.js": "2", "layer/python/x.py": "3", "api.yaml": "openapi: 3",
        "state.json": "{}", "part.yaml": "A: 1", "inner/template.yaml":
        "Resources: {Deep: {Type: AWS::Lambda::Function, Properties: {Code: ../src}}}",
    }  # fmt: skip
    write(tmp_path, files)
    done, store = packaged(
        tmp_path,
        """
Globals: {Function: {CodeUri: src, Runtime: python3.12}}
Resources:
  Own: {Type: AWS::Serverless::Function, Properties: {CodeUri: ./web, Runtime: nodejs22.x}}
  FromGlobals: {Type: AWS::Serverless::Function, Properties: {Handler: app.handler}}
  Inline: {Type: AWS::Serverless::Function, Properties: {InlineCode: "x"}}
  Image: {Type: AWS::Serverless::Function, Properties: {PackageType: Image, ImageUri: a/b}}
  There: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://b/k}}
  Plain: {Type: AWS::Lambda::Function, Properties: {Code: src}}
  Zipped: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}}}
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
  OldLayer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: layer}}
  Api: {Type: AWS::Serverless::Api, Properties: {DefinitionUri: api.yaml}}
  Rest: {Type: AWS::ApiGateway::RestApi, Properties: {BodyS3Location: api.yaml}}
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: state.json}}
  Steps: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionS3Location: state.json}}
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner/template.yaml}}
  App: {Type: AWS::Serverless::Application, Properties: {Location: inner/template.yaml}}
  Body:
    Type: AWS::ApiGateway::RestApi
    Properties: {Body: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}}}
  Fn::ForEach::Loop:
    - Name
    - [A, B]
    - "Fn${Name}": {Type: AWS::Serverless::Function, Properties: {CodeUri: web}}
""",
    )
    found = done.template["Resources"]

    def of(identifier: str, name: str) -> Any:
        return found[identifier]["Properties"].get(name)

    src, web = of("FromGlobals", "CodeUri"), of("Own", "CodeUri")
    assert src.startswith("s3://bucket/")
    assert src.endswith(".zip")
    assert src != web
    assert of("Plain", "Code") == {"S3Bucket": "bucket", "S3Key": src.rpartition("/")[2]}
    assert of("Inline", "CodeUri") is of("Image", "CodeUri") is None
    assert of("There", "CodeUri") == "s3://b/k"
    assert of("Zipped", "Code") == {"ZipFile": "x"}
    assert of("Layer", "ContentUri").rpartition("/")[2] == of("OldLayer", "Content")["S3Key"]
    assert of("Rest", "BodyS3Location")["Bucket"] == "bucket"
    assert of("Api", "DefinitionUri") == f"s3://bucket/{of('Rest', 'BodyS3Location')['Key']}"
    assert of("Machine", "DefinitionUri").endswith(of("Steps", "DefinitionS3Location")["Key"])
    include = of("Body", "Body")["Fn::Transform"]["Parameters"]["Location"]
    assert store.kept[include.rpartition("/")[2]] == b"A: 1"
    loop = found["Fn::ForEach::Loop"][2]["Fn${Name}"]["Properties"]
    assert loop["CodeUri"] == web
    url = of("Nested", "TemplateURL")
    assert url == of("App", "Location")
    inner = json.loads(store.kept[url.rpartition("/")[2]])
    assert inner["Resources"]["Deep"]["Properties"]["Code"] == of("Plain", "Code")
    assert done.functions.keys() == {"Own", "FromGlobals", "Plain", "Fn${Name}"}
    again, _ = packaged(tmp_path, (tmp_path / "template.yaml").read_text())
    assert again.template == done.template


def test_a_job_is_what_the_template_says(tmp_path: Path) -> None:
    write(tmp_path, {"src/app.py": ""})
    done, _ = packaged(
        tmp_path,
        """
Parameters: {Machine: {Type: String, Default: arm64}}
Globals: {Function: {Runtime: python3.12, Architectures: [!Ref Machine]}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: esbuild, BuildProperties: {Minify: false}}
    Properties: {CodeUri: src, Handler: app.handler}
""",
    )
    job = done.functions["F"]
    assert (job.runtime, job.architecture, job.handler) == ("python3.12", "arm64", "app.handler")
    assert (job.method, job.properties) == ("esbuild", {"Minify": False})


def test_source_maps_and_the_option_that_uses_them_come_together(tmp_path: Path) -> None:
    """Each case is what `sam build` writes, but that it forgets the option of Globals."""
    program = write(tmp_path, {"src/app.js": "", "bin/esbuild": BUNDLER}) / "bin" / "esbuild"
    program.chmod(0o755)
    cases = {
        "Asked": ("true", {}, "--inspect --enable-source-maps", True),
        "Own": ("true", {"NODE_OPTIONS": "--x"}, "--x --enable-source-maps", True),
        "ByOption": ("", {"NODE_OPTIONS": "--enable-source-maps"}, "--enable-source-maps", True),
        "Never": ("false", {"NODE_OPTIONS": "--enable-source-maps"}, "--enable-source-maps", False),
        "Neither": ("", {}, None, False),
        "Expression": ("true", {"NODE_OPTIONS": {"Fn::Sub": "x"}}, {"Fn::Sub": "x"}, True),
    }
    resources = {
        name: {
            "Type": "AWS::Serverless::Function",
            "Metadata": {
                "BuildMethod": "esbuild",
                "BuildProperties": {
                    "EntryPoints": [name],
                    **({"Sourcemap": asked} if asked else {}),
                },
            },
            "Properties": {
                "CodeUri": "src",
                "Handler": "app.handler",
                **({"Environment": {"Variables": variables}} if variables else {}),
            },
        }
        for name, (asked, variables, _, _) in cases.items()
    }
    common = {"Runtime": "nodejs22.x", "Environment": {"Variables": {"NODE_OPTIONS": "--inspect"}}}
    text = json.dumps({"Globals": {"Function": common}, "Resources": resources})
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        done, store = packaged(tmp_path, text, builds=True)
    for name, (_, _, option, mapped) in cases.items():
        properties = done.template["Resources"][name]["Properties"]
        found = properties.get("Environment", {}).get("Variables", {}).get("NODE_OPTIONS")
        assert found == option, name
        flags = zipfile.ZipFile(
            io.BytesIO(store.kept[properties["CodeUri"].rpartition("/")[2]])
        ).read("flags")
        assert (b"--sourcemap" in flags) == mapped, name
    left, _ = packaged(tmp_path, text)
    assert left.template == json.loads(text) | {"Resources": left.template["Resources"]}
    assert "Environment" not in left.template["Resources"]["Asked"]["Properties"], "not built"


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ("{Type: AWS::Serverless::Function, Properties: {CodeUri: absent}}", "no file or folder"),
        ("{Type: AWS::Serverless::Api, Properties: {DefinitionUri: no.yaml}}", "is not there"),
        ("{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: no.yaml}}", "not there"),
        ("{Type: X, Properties: {A: {Fn::Transform: {Name: AWS::Include, Parameters: "
         "{Location: no.yaml}}}}}", "AWS::Include"),
    ],
)  # fmt: skip
def test_a_path_that_is_not_there_is_named(tmp_path: Path, properties: str, said: str) -> None:
    with pytest.raises(ProjectError, match=said):
        packaged(tmp_path, f"Resources:\n  R: {properties}\n", builds=True)


def test_a_path_of_a_loop_is_refused(tmp_path: Path) -> None:
    text = """
Resources:
  Fn::ForEach::L:
    - N
    - [A]
    - "F${N}": {Type: AWS::Serverless::Function, Properties: {CodeUri: "${N}"}}
"""
    with pytest.raises(ProjectError, match="depends on Fn::ForEach"):
        packaged(tmp_path, text)


# -- samconfig


def test_samconfig_gives_what_a_deployment_needs(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "samconfig.toml": """
version = 0.1
[default.global.parameters]
stack_name = "mine"
[default.deploy.parameters]
region = "eu-west-1"
s3_bucket = "artifacts"
parameter_overrides = "A=1 B='two words' ParameterKey=C,ParameterValue=3"
tags = ["owner=me"]
[prod.deploy.parameters]
stack_name = "theirs"
"""
        },
    )
    found = samconfig.read(tmp_path)
    assert (found.stack_name, found.region, found.bucket) == ("mine", "eu-west-1", "artifacts")
    assert found.parameters == {"A": "1", "B": "two words", "C": "3"}
    assert found.tags == {"owner": "me"}
    assert samconfig.read(tmp_path, "prod").stack_name == "theirs"
    with pytest.raises(ProjectError, match="has only default, prod"):
        samconfig.read(tmp_path, "absent")
    assert samconfig.read(tmp_path / "elsewhere") == samconfig.SamConfig()
    with pytest.raises(ProjectError, match="'nothing' is not KEY=VALUE"):
        samconfig.pairs(["nothing"], "--parameter")
    with pytest.raises(ProjectError, match="No closing quotation"):
        samconfig.pairs("A='one", "samconfig.toml")
    write(tmp_path, {"samconfig.toml": "a = ["})
    with pytest.raises(ProjectError, match="cannot read"):
        samconfig.read(tmp_path)


def test_samconfig_names_the_template_and_says_what_is_not_followed(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "samconfig.toml": """
[default.global.parameters]
role_arn = "arn:aws:iam::000000000000:role/cfn"
[default.build.parameters]
template_file = "infra/app.yaml"
use_container = true
cached = true
[default.deploy.parameters]
template_file = ".aws-sam/build/template.yaml"
capabilities = "CAPABILITY_IAM"
resolve_s3 = true
confirm_changeset = true
signing_profiles = ""
disable_rollback = true
notification_arns = ["arn:aws:sns:us-east-1:000000000000:t"]
profile = "work"
[built.deploy.parameters]
template_file = ".aws-sam/build/template.yaml"
[old.deploy.parameters]
template = "absent.yaml"
[other.build.parameters]
parameter_overrides = "A=1"
[other.deploy.parameters]
parameter_overrides = "A=2"
""",
            "template.yaml": "Resources: {}",
            "infra/app.yaml": "Resources: {}",
        },
    )
    found = samconfig.read(tmp_path)
    assert found.ignored == ("confirm_changeset", "use_container")
    assert (found.role[-8:], found.disable_rollback, found.profile) == ("role/cfn", True, "work")
    assert found.notifications == ("arn:aws:sns:us-east-1:000000000000:t",)
    named = project.find(tmp_path, found.template)
    assert (named.root, named.folder) == (tmp_path / "infra" / "app.yaml", tmp_path)
    assert samconfig.read(tmp_path, "built").template == "", "sam build has made that one"
    assert samconfig.read(tmp_path, "other").ignored == ("parameter_overrides of build",)
    with pytest.raises(ProjectError, match=r"names the template absent\.yaml, which is not there"):
        project.find(tmp_path, samconfig.read(tmp_path, "old").template)
    # What is named by hand goes first.
    assert project.find(tmp_path / "template.yaml", found.template).root.name == "template.yaml"


@pytest.mark.parametrize("text", ["default: [", "- default"])
def test_a_samconfig_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"samconfig.yaml": text})
    with pytest.raises(ProjectError, match=r"cannot read .*samconfig\.yaml"):
        samconfig.read(tmp_path)


# -- what a path is

BUCKET = "b-${AWS::Region}"
ASSEMBLY = {
    "manifest.json": json.dumps(
        {
            "version": "36.0.0",
            "artifacts": {
                "Second": {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": {"templateFile": "Second.json", "stackName": "second-stack"},
                    "dependencies": ["First", "First.assets"],
                },
                "First.assets": {
                    "type": "cdk:asset-manifest",
                    "properties": {"file": "First.assets.json"},
                },
                "First": {
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": {"templateFile": "First.json"},
                    "dependencies": ["First.assets"],
                },
            },
        }
    ),
    "First.assets.json": json.dumps(
        {
            "files": {
                "1": {
                    "source": {"path": "asset.1", "packaging": "zip"},
                    "destinations": {"here": {"bucketName": BUCKET, "objectKey": "1.zip"}},
                }
            }
        }
    ),
    "asset.1/index.js": "",
    "First.json": '{"Resources": {}}',
    "Second.json": '{"Resources": {}}',
}  # fmt: skip


def test_the_stacks_of_an_assembly_come_in_order(tmp_path: Path) -> None:
    folder = write(tmp_path / "cdk.out", ASSEMBLY)
    first, second = assembly.read(folder)
    assert (first.name, second.name, first.region) == ("First", "second-stack", "")
    (asset,) = first.assets
    assert (asset.source, asset.zipped, asset.bucket) == (
        folder / "asset.1", True, BUCKET,
    )  # fmt: skip


def test_the_check_of_a_bootstrap_is_left_out() -> None:
    given = {
        "Parameters": {"BootstrapVersion": {}, "Mine": {}},
        "Rules": {"CheckBootstrapVersion": {}},
        "Resources": {},
    }
    assert assembly.without_bootstrap(given) == {"Parameters": {"Mine": {}}, "Resources": {}}


def test_what_a_path_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = "Resources: {}"
    sam = write(tmp_path / "sam", {"template.yml": template})
    assert project.find(sam) == project.Project("template", (sam / "template.yml").resolve())
    odd = write(tmp_path / "odd", {"stack.yaml": template, "other.yaml": "a: 1"})
    assert project.find(odd).root.name == "stack.yaml"
    write(odd, {"another.yaml": template})
    with pytest.raises(ProjectError, match=r"several templates; name one: another.yaml, stack"):
        project.find(odd)
    out = write(tmp_path / "cdk.out", ASSEMBLY)
    assert project.find(out).kind == project.find(out / "manifest.json").kind == "assembly"
    app = write(tmp_path / "app", {"cdk.json": "{}"})
    assert project.find(app).kind == "cdk"
    assert project.find(write(tmp_path / "c", {".chalice/config.json": "{}"})).kind == "chalice"
    for path in (write(tmp_path / "s", {"serverless.yml": ""}), tmp_path / "s" / "serverless.yml"):
        with pytest.raises(ProjectError, match=r"AWS_ENDPOINT_URL=.* serverless deploy"):
            project.find(path)
    with pytest.raises(ProjectError, match="there is no file or folder"):
        project.find(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError, match=r"has no template\.yaml, cdk\.json"):
        project.find(tmp_path / "empty")
    # Without the cdk, an earlier cdk.out serves; without either, what to install is said.
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ProjectError, match="cdk is not on this machine; install"),
        project.stacks_of(project.find(app)),
    ):
        pass
    write(app / "cdk.out", ASSEMBLY)
    with project.stacks_of(project.find(app)) as stacks:
        assert [stack.name for stack in stacks] == ["First", "second-stack"]


def test_the_command_names_its_options_and_refuses_aws_by_accident(tmp_path: Path) -> None:
    write(tmp_path, {"template.yaml": "Resources: {}"})
    run = [sys.executable, "-m", "lambda_nb", "deploy"]
    told = subprocess.run([*run, "--help"], capture_output=True, text=True, check=True)
    assert "--watch" in told.stdout
    listed = subprocess.run([*run[:-1], "--help"], capture_output=True, text=True, check=True)
    assert "deploy" in listed.stdout
    refused = subprocess.run([*run, str(tmp_path)], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "no endpoint for cloudformation: set AWS_ENDPOINT_URL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_endpoint_of_one_service_leads_no_other_to_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:9")
    with contextlib.closing(Endpoint()) as endpoint:
        assert endpoint.client("cloudformation") is endpoint.client("cloudformation")
        with pytest.raises(ProjectError, match="no endpoint for s3: set AWS_ENDPOINT_URL"):
            endpoint.client("s3")
    with pytest.raises(ProjectError, match="nobody"):
        Endpoint(profile="nobody")
