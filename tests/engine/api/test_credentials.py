"""Keys that the engine issues: they are saved, private, and distinguished."""

from __future__ import annotations

import configparser
import json
import stat
from pathlib import Path

import pytest

from lambda_nb.engine.api.admission.credentials import Credentials
from lambda_nb.engine.model import FunctionVersion

URL = "http://127.0.0.1:4571"


def issue(directory: Path) -> Credentials:
    return Credentials(directory / "credentials", account="123456789012", region="eu-west-1")


def version(name: str, role: str) -> FunctionVersion:
    return FunctionVersion(
        account="123456789012",
        region="eu-west-1",
        name=name,
        version="1",
        arn=f"arn:aws:lambda:eu-west-1:123456789012:function:{name}",
        revision="r",
        handler="index.handler",
        runtime="python3.11",
        code_dir=Path("/nowhere"),
        role=f"arn:aws:iam::123456789012:role/{role}",
    )


def test_both_files_hold_the_same_pair_and_are_private(tmp_path: Path) -> None:
    credentials = issue(tmp_path)
    credentials.write(URL)
    ini = configparser.ConfigParser()
    ini.read(tmp_path / "credentials")
    issued = json.loads((tmp_path / "credentials.json").read_text())
    assert dict(ini["default"]) == {
        "aws_access_key_id": issued["access_key_id"],
        "aws_secret_access_key": issued["secret_access_key"],
        "region": "eu-west-1",
        "endpoint_url": URL,
        "disable_host_prefix_injection": "true",
    }
    assert issued["account"] == "123456789012"
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_restarted_engine_keeps_its_pair_and_its_roles_keys(tmp_path: Path) -> None:
    first = issue(tmp_path)
    first.write(URL)
    again = issue(tmp_path)
    assert again.user == first.user
    function = version("f", "r")
    assert again.for_function(function) == first.for_function(function)


def test_another_engine_has_another_pair(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert issue(tmp_path / "a").user.secret_key != issue(tmp_path / "b").user.secret_key


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"access_key_id": "x"}'])
def test_a_damaged_file_is_replaced(tmp_path: Path, damage: str) -> None:
    (tmp_path / "credentials.json").write_text(damage)
    credentials = issue(tmp_path)
    credentials.write(URL)
    assert issue(tmp_path).user == credentials.user


def test_each_role_and_function_has_keys_of_its_own(tmp_path: Path) -> None:
    credentials = issue(tmp_path)
    keys = {
        credentials.for_function(version(name, role)) for name in ("f", "g") for role in ("r", "s")
    }
    assert len(keys) == 4
    access_key, secret, token = credentials.for_function(version("f", "r"))
    found = credentials.find(access_key)
    assert found is not None
    assert (found.secret_key, found.token) == (secret, token)
    assert found.arn == "arn:aws:sts::123456789012:assumed-role/r/f"
    assert credentials.caller(found).arn == found.arn


def test_keys_that_sts_and_iam_issue_are_taken_in(tmp_path: Path) -> None:
    credentials = issue(tmp_path)
    credentials.keep_issued(
        b"<AssumeRoleResult><Credentials><AccessKeyId>LSIA1</AccessKeyId>"
        b"<SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>t</SessionToken></Credentials>"
        b"<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>"
    )
    found = credentials.find("LSIA1")
    assert found is not None
    assert (found.secret_key, found.token) == ("a&b", "t")
    assert found.arn == "arn:aws:sts::123456789012:assumed-role/r/s"
    credentials.keep_issued(b"<ErrorResponse/>")
    assert credentials.find("") is None
