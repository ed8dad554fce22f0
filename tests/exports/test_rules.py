"""The rules of an export that need no endpoint: names, policies, words of each language."""

from __future__ import annotations

import ast
import importlib.resources
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.exports.cdk.source import Code, call, literal
from lambda_nb.exports.errors import ExportError
from lambda_nb.exports.export import export
from lambda_nb.exports.picture import Application, Function, Kind, Ref, Resource, Statement, Text
from lambda_nb.exports.reading.actions import actions_of
from lambda_nb.exports.reading.functions import Known
from lambda_nb.exports.reading.identifiers import Identifiers, pascal, snake
from lambda_nb.exports.reading.resources import Resources
from lambda_nb.exports.reading.rights import Rights, statements
from lambda_nb.exports.reading.texts import Texts
from lambda_nb.exports.sam.policies import further, policies
from lambda_nb.exports.sam.values import Values
from lambda_nb.exports.shared import named_only
from lambda_nb.exports.terraform.hcl import Block, quoted, text_of

TEMPLATES: dict[str, Any] = json.loads(
    importlib.resources.files("samtranslator")
    .joinpath("policy_templates_data/policy_templates.json")
    .read_text()
)["Templates"]
"""SAM's own definitions."""
NAMES = st.text(st.characters(codec="ascii", categories=("L", "Nd", "P")), min_size=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def function(name: str, *refs: str) -> Function:
    """A function whose environment refers to others."""
    variables = {f"V{one}": Text.of(Ref(one, "arn")) for one in refs}
    return Function(name, name.lower(), {"Runtime": "python3.12"}, {}, environment=variables)


@given(st.lists(NAMES))
def test_identifiers_differ_whatever_the_names(names: list[str]) -> None:
    identifiers = Identifiers()
    made = [identifiers.new(name, "Queue") for name in names]
    assert len({one.lower() for one in made}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", one) for one in made)
    assert all(snake(one).isidentifier() for one in made)


@given(NAMES)
def test_a_name_is_an_identifier(name: str) -> None:
    assert pascal(name).isalnum()


@given(JSON)
def test_a_value_is_itself_in_python(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value
    shown = ast.parse(call("f", value, named=value or "x"), mode="eval").body
    assert isinstance(shown, ast.Call)
    assert ast.literal_eval(shown.args[0]) == value


def test_code_inside_a_call_stays_code() -> None:
    assert call("f", Code("a.b"), c=None) == "f(a.b)"


def test_a_call_in_a_list_in_a_call_is_indented_once_more() -> None:
    inner = call("g", "x" * 60, "y" * 60)
    assert call("f", only=[inner]).split("\n") == [
        "f(",
        "            only=[",
        "                g(",
        f'                    "{"x" * 60}",',
        f'                    "{"y" * 60}",',
        "                ),",
        "            ],",
        "        )",
    ]


def test_functions_that_need_each_other_are_named_not_referred_to() -> None:
    application = Application(
        "app", "us-east-1", [function("A", "B"), function("B", "A"), function("C", "A", "C")], {}
    )
    assert named_only(application) == {("A", "B"), ("B", "A"), ("C", "C")}


def test_statements_are_as_few_as_can_be() -> None:
    one, other = Text.of(Ref("A", "arn")), Text.of(Ref("B", "arn"))
    allowed = [(one, "s:Get"), (other, "s:Get"), (other, "s:Put"), (one, "s:Put"), (one, "s:Get")]
    assert statements(allowed) == [Statement(["s:Get", "s:Put"], [one, other])]


PUT, GET = "PutObject", "GetObject"


@pytest.mark.parametrize(
    ("operation", "actions"),
    [
        (PUT, [PUT]),
        ("GetObjectVersion", ["GetObjectVersion"]),
        ("GetObjectAttributes", [GET, "GetObjectAttributes"]),
        ("DeleteObjects", ["DeleteObject"]),
        ("GetBucketEncryption", ["GetEncryptionConfiguration"]),
        ("DeleteBucketLifecycleConfiguration", ["PutLifecycleConfiguration"]),
        ("DeleteBucketInventoryConfiguration", ["PutInventoryConfiguration"]),
        ("PutBucketReplication", ["PutReplicationConfiguration"]),
        ("DeleteBucketCors", ["PutBucketCORS"]),
        ("DeleteBucketPolicy", ["DeleteBucketPolicy"]),
        ("DeleteBucket", ["DeleteBucket"]),
        ("GetPublicAccessBlock", ["GetBucketPublicAccessBlock"]),
        ("GetObjectLockConfiguration", ["GetBucketObjectLockConfiguration"]),
        ("ListObjectVersions", ["ListBucketVersions"]),
    ],
)
def test_operations_of_s3_need_these_actions(operation: str, actions: list[str]) -> None:
    assert actions_of("s3", operation) == tuple(f"s3:{one}" for one in actions)


class Everywhere:
    """A queue of each name is there, in one Region."""

    def client(self, service: str = "lambda") -> Any:
        assert service == "sqs"
        return self

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # as in boto3
        return {"QueueUrl": f"https://sqs/1/{QueueName}"}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {}}


def test_what_is_in_another_region_is_not_what_is_here() -> None:
    clients, identifiers = Everywhere(), Identifiers()
    resources = Resources(clients, identifiers, lambda _: False)
    texts = Texts(resources, {"f": "F"}, "123456789012", "us-east-1")
    here, there = (
        texts.of_arn(f"arn:aws:sqs:{region}:123456789012:jobs")
        for region in ("us-east-1", "eu-west-1")
    )
    assert [ref.id for ref in here.refs] == ["Jobs"]
    assert (list(there.refs), there.parts[2]) == ([], ":sqs:eu-west-1:")
    assert list(texts.of_arn("arn:aws:lambda:eu-west-1:123456789012:function:f").refs) == []
    told = texts.environment(
        "f",
        {
            name: f"https://sqs.{region}.amazonaws.com/123456789012/jobs"
            for name, region in (("A", "us-east-1"), ("B", "eu-west-1"))
        },
    )
    assert [len(list(text.refs)) for text in told.values()] == [1, 0]
    rights = Rights(clients, resources, texts, {"f": "F"})
    call = {"service": "sqs", "operation": "SendMessage", "resource": "jobs"}
    one, other = (
        rights.allowed([call | {"region": region}])[0][0] for region in ("us-east-1", "eu-west-1")
    )
    assert (one, other) == (here, there)


READS = re.compile(":(Get|BatchGet|List|Query|Scan|Describe)")
KINDS: dict[Kind, list[str]] = {
    "table": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"],
    "bucket": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    "queue": ["sqs:SendMessage", "sqs:PurgeQueue"],
}


@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_templates_and_statements_allow_what_was_called(data: st.DataObject, kind: Kind) -> None:
    called = data.draw(st.sets(st.sampled_from(KINDS[kind]), min_size=1))
    one = function("A")
    one.statements = [Statement(sorted(called), [Text.of(Ref("B", "arn"))])]
    application = Application("app", "us-east-1", [one], {"B": Resource("B", kind, "b")})
    allowed = set()
    for policy in policies(one, application, Values(application)):
        for statement in policy.get("Statement", ()):
            allowed |= set(statement["Action"])
        for name in policy.keys() & TEMPLATES.keys():
            told = TEMPLATES[name]["Definition"]["Statement"][0]["Action"]
            allowed |= {action.rstrip("*") for action in told}
    more = {action for actions in further(one, application).values() for action in actions}
    assert allowed == called | more
    # Who was only seen to read may only read, and who was only seen to write only write.
    kinds = {bool(READS.search(action)) for action in called}
    assert {bool(READS.search(action)) for action in more} <= kinds


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
def test_terraform_reads_every_text_as_it_was(tmp_path: Path) -> None:
    texts = ["a ${b} %{c}", 'say "hi"\\n', "one\ntwo\t", "$${x}", "ü € 🙂", ""]
    block = Block(("output", "x")).add(value=texts)
    (tmp_path / "main.tf").write_text(text_of([block]), encoding="utf-8")
    for words in (["apply", "-auto-approve"], ["output", "-json", "x"]):
        done = subprocess.run(
            ["terraform", *words], cwd=tmp_path, capture_output=True, check=True, timeout=60
        )
    assert json.loads(done.stdout) == texts
    assert quoted("x") == '"x"'


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    class Nobody:
        def client(self, service: str = "lambda") -> Any:
            raise AssertionError(service)

    (tmp_path / "work.txt").write_text("mine")
    with pytest.raises(ExportError, match="not empty, and not an earlier export"):
        export(Nobody(), "sam", ["f"], tmp_path)
    with pytest.raises(ExportError, match="is a file"):
        export(Nobody(), "sam", ["f"], tmp_path / "work.txt")
    assert yaml.safe_load((tmp_path / "work.txt").read_text()) == "mine"
    assert Known().requirements == ()
