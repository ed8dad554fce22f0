"""``S3Bucket=hot-reload``: a directory of the user's is the code, and a save takes effect."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import ROLE, Engine, launch

pytestmark = pytest.mark.xdist_group("hot-reload")  # the tests share an engine

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
CODE = "COUNT = 0\ndef handler(event, context):\n    global COUNT\n    COUNT += 1\n"


def write(folder: Path, answer: str) -> None:
    """Save the function: it answers with a text, and with how often this environment has run."""
    folder.mkdir(exist_ok=True)
    (folder / "index.py").write_text(f"{CODE}    return [{answer}, COUNT]\n")


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("allowed")


@pytest.fixture
def place(allowed: Path, request: pytest.FixtureRequest) -> Path:
    """A directory of the test's own, which may be mounted."""
    folder = allowed / request.node.name
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def hot(allowed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that may mount what is below one directory."""
    engine = launch(tmp_path_factory.mktemp("engine"), "--hot-reload", str(allowed))
    yield engine
    engine.stop()


def make(engine: Engine, folder: Path, **settings: Any) -> str:
    name = engine.name()
    engine.client().create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Role=ROLE,
        Handler="index.handler",
        Code={"S3Bucket": "hot-reload", "S3Key": str(folder)},
        **settings,
    )
    engine.wait(name)
    return name


def call(engine: Engine, name: str) -> Any:
    reply = engine.client().invoke(FunctionName=name)
    assert "FunctionError" not in reply, reply["Payload"].read()
    return json.loads(reply["Payload"].read())


def test_a_save_takes_effect_at_the_next_invocation(hot: Engine, place: Path) -> None:
    folder = place / "one"
    write(folder, "'old'")
    name = make(hot, folder)
    assert call(hot, name) == ["old", 1]
    assert call(hot, name) == ["old", 2]  # nothing was saved: the environment is warm
    write(folder, "'new'")
    assert call(hot, name) == ["new", 1]
    assert call(hot, name) == ["new", 2]
    (folder / "more").mkdir()
    (folder / "more" / "part.py").write_text("ANSWER = 'imported'\n")
    write(folder, "__import__('more.part').part.ANSWER")
    assert call(hot, name) == ["imported", 1]
    (folder / "more" / "part.py").write_text("ANSWER = 'changed too'\n")
    assert call(hot, name) == ["changed too", 1]


def test_the_configuration_is_that_of_a_function(hot: Engine, place: Path) -> None:
    folder = place / "one"
    write(folder, "1")
    name = make(hot, folder)
    told = hot.client().get_function(FunctionName=name)
    assert told["Code"]["Location"] == folder.resolve().as_uri()
    assert told["Configuration"]["CodeSize"] == (folder / "index.py").stat().st_size
    # New settings and an alias keep the directory.
    hot.client().update_function_configuration(FunctionName=name, Timeout=7)
    hot.wait(name)
    hot.client().publish_version(FunctionName=name)
    hot.client().create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert call(hot, f"{name}:live") == [1, 1]
    write(folder, "2")
    assert call(hot, f"{name}:live") == [2, 1]


def test_code_may_become_a_directory_and_an_archive_again(hot: Engine, place: Path) -> None:
    name = hot.create("def handler(event, context):\n    return 'archive'\n")
    folder = place / "one"
    write(folder, "'directory'")
    hot.client().update_function_code(FunctionName=name, S3Bucket="hot-reload", S3Key=str(folder))
    hot.wait(name)
    assert call(hot, name) == ["directory", 1]
    hot.update(name, "def handler(event, context):\n    return 'archive'\n")
    assert call(hot, name) == "archive"


def test_only_directories_that_are_allowed(hot: Engine, place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside, "1")
    (place / "link").symlink_to(outside)
    for folder in (outside, place / "link", place / ".." / ".." / "elsewhere", Path("/etc")):
        with pytest.raises(ClientError, match=r"is not allowed.*serve --hot-reload") as refused:
            make(hot, folder)
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    with pytest.raises(ClientError, match="no such directory"):
        make(hot, place / "absent")
    with pytest.raises(ClientError, match="absolute path, not 'relative'"):
        make(hot, Path("relative"))
    (place / "empty").mkdir()
    with pytest.raises(ClientError, match="is empty"):
        make(hot, place / "empty")
    with pytest.raises(ClientError, match="not the content of layers"):
        hot.client().publish_layer_version(
            LayerName="l", Content={"S3Bucket": "hot-reload", "S3Key": str(place)}
        )


def test_it_is_off_unless_the_engine_allows_a_directory(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "one", "1")
    with pytest.raises(ClientError, match="serve --hot-reload"):
        make(engine, tmp_path / "one")


def test_a_directory_that_is_no_longer_allowed_does_not_run(
    start_engine: Callable[..., Engine], place: Path
) -> None:
    folder = place / "one"
    write(folder, "1")
    first = start_engine("--hot-reload", str(place))
    name = make(first, folder)
    assert call(first, name) == [1, 1]
    first.stop()
    second = start_engine()
    with pytest.raises(ClientError, match="serve --hot-reload"):
        call(second, name)
