"""Folders of a notebook's engines: the latest that has something is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.kept import made
from lambda_nb.notebook.kept import runs as kept
from lambda_nb.notebook.kept.runs import Run, Runs, words


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setenv("LAMBDA_NB_HOME", str(tmp_path))
    return Runs("/work/some.ipynb")


def ended(run: Run | None, **made: list[str]) -> Run:
    """The run of a kernel that is gone."""
    assert run is not None
    run.made = dict(made)
    run.kernel = run.engine = ""
    run.write()
    return run


def test_a_kernel_without_a_notebook_keeps_nothing(tmp_path: Path) -> None:
    assert Runs("").new() is None


def test_the_folder_of_a_run_is_its_users_alone(runs: Runs) -> None:
    run = runs.new()
    assert run is not None
    assert run.place.stat().st_mode & 0o777 == 0o700


def test_the_latest_run_with_something_is_left(runs: Runs) -> None:
    old = ended(runs.new(), function=["old"])
    latest = ended(runs.new(), function=["greet"], queue=["jobs"])
    empty = ended(runs.new())
    found = runs.left()
    assert found is not None
    assert found.place == latest.place
    assert found.made == {"function": ["greet"], "queue": ["jobs"]}
    assert not old.place.exists()
    assert not empty.place.exists()


def test_what_a_living_kernel_uses_is_not_offered_and_not_removed(runs: Runs) -> None:
    mine = runs.new()
    assert mine is not None
    mine.note("function", "greet", made=True)
    assert runs.left() is None
    assert mine.place.exists()


def test_another_notebook_has_runs_of_its_own(runs: Runs) -> None:
    ended(runs.new(), function=["greet"])
    assert Runs("/work/other.ipynb").left() is None


def test_a_run_is_kept_for_a_week(runs: Runs) -> None:
    run = ended(runs.new(), function=["greet"])
    told = json.loads((run.place / "run.json").read_text())
    (run.place / "run.json").write_text(json.dumps({**told, "at": time.time() - kept.KEPT_S - 1}))
    assert runs.left() is None
    assert not run.place.exists()


def test_an_id_that_another_process_has_now_is_not_the_kernel(runs: Runs) -> None:
    run = ended(runs.new(), function=["greet"])
    run.kernel = f"{os.getpid()}@1"  # this process began at another tick
    run.write()
    assert runs.left() is not None


def test_a_kernel_that_was_killed_leaves_its_run(runs: Runs) -> None:
    program = (
        "from lambda_nb.notebook.kept.runs import Runs; import os, signal;"
        "Runs('/work/some.ipynb').new().note('function', 'greet', made=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    found = runs.left()
    assert found is not None
    assert found.made == {"function": ["greet"]}


def test_deleting_forgets(runs: Runs) -> None:
    run = runs.new()
    assert run is not None
    run.note("function", "greet", made=True)
    run.note("function", "greet", made=True)
    run.note("function", "greet", made=False)
    run.note("function", "nobody", made=False)
    run.leave()
    assert not run.place.exists()


def test_a_snapshot_replaces_one_of_its_name_and_is_not_changed_by_its_use(
    runs: Runs, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    (data / "work").mkdir(parents=True)
    (data / "control.sqlite").write_text("first")
    runs.save(data, {"function": ["greet"]}, "demo")
    (data / "control.sqlite").write_text("second")
    saved = runs.save(data, {"function": ["greet"]}, "demo")
    assert [one.place.name for one in runs.snapshots()] == ["demo"]
    assert not (saved.data / "work").exists()
    copied = runs.copy(saved)
    assert copied is not None
    (copied.data / "control.sqlite").write_text("third")
    again = runs.snapshot("demo")
    assert again is not None
    assert (again.data / "control.sqlite").read_text() == "second"


def test_an_engine_that_does_not_end_is_named(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_ENDS_WITHIN_S", 0.1)
    run = runs.new()
    assert run is not None
    run.take(os.getppid())
    with pytest.raises(NotebookError, match=f"kill {os.getppid()}"):
        run.wait_for_its_end()


@given(
    st.dictionaries(
        st.sampled_from(["function", "queue", "bucket", "alias"]),
        st.lists(st.text("abc", min_size=1), min_size=1, max_size=9),
    )
)
def test_words_tell_every_kind_and_number(made: dict[str, list[str]]) -> None:
    told = words(made)
    for kind, names in made.items():
        assert f"{len(names)} {kind}" in told


def test_a_folder_named_work_in_the_code_is_in_a_snapshot(runs: Runs, tmp_path: Path) -> None:
    """Only the engine's own ``work`` is left out, not a function's package of this name."""
    package = tmp_path / "data" / "files" / "trees" / "abc" / "work"
    package.mkdir(parents=True)
    (package / "steps.py").write_text("x = 1")
    (tmp_path / "data" / "work").mkdir()
    saved = runs.save(tmp_path / "data", {"function": ["greet"]}, "demo")
    assert (saved.data / "files" / "trees" / "abc" / "work" / "steps.py").read_text() == "x = 1"
    assert not (saved.data / "work").exists()


def test_a_kernel_that_made_nothing_for_a_week_and_is_killed_leaves_its_run(runs: Runs) -> None:
    """Its engine wrote until the end, though the notebook made its last function long ago."""
    run = ended(runs.new(), function=["greet"])
    run.data.mkdir()
    (run.data / "control.sqlite").write_text("as new")
    told = json.loads((run.place / "run.json").read_text())
    (run.place / "run.json").write_text(json.dumps({**told, "at": time.time() - kept.KEPT_S - 1}))
    assert runs.left() is not None


def test_an_engine_that_outlived_its_kernel_may_have_what_others_made(runs: Runs) -> None:
    run = runs.new()
    assert run is not None
    run.outlives = "http://127.0.0.1:1"
    ended(run)
    found = runs.left()
    assert found is not None
    assert not found.made


def test_a_home_that_cannot_be_written_keeps_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("LAMBDA_NB_HOME", str(tmp_path / "file"))
    runs = Runs("/work/some.ipynb")
    assert runs.left() is None
    assert runs.new() is None
    assert "cannot be written" in runs.problem


def test_a_snapshot_that_fails_leaves_the_one_before_and_no_half_one(
    runs: Runs, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    saved = runs.save(tmp_path / "data", {"function": ["greet"]}, "demo")
    with pytest.raises(NotebookError, match="snapshot demo could not be written"):
        runs.save(tmp_path / "nowhere", {}, "demo")
    assert [one.made for one in runs.snapshots()] == [{"function": ["greet"]}]
    assert list(saved.place.parent.iterdir()) == [saved.place]


def test_what_any_service_made_is_noted() -> None:
    """State of a service without names here must be kept too: a user pool, a rule."""
    noted = []
    for service, operation, parameters, answer in (
        ("cognito-idp", "create_user_pool", {"PoolName": "p"}, {}),
        ("cognito-idp", "list_user_pools", {"MaxResults": 1}, {}),
        ("sqs", "create_queue", {"QueueName": "jobs"}, {"QueueUrl": "http://x/1/jobs"}),
    ):
        client = boto3.client(
            service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        made.watch(client, lambda kind, name, made: noted.append((kind, name, made)))
        with Stubber(client) as stubber:
            stubber.add_response(operation, answer, parameters)
            getattr(client, operation)(**parameters)
    assert noted == [("cognito-idp resource", "UserPool", True), ("queue", "jobs", True)]


def test_a_kernel_that_a_cell_started_does_not_take_its_notebook(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys\n"
        "from lambda_nb.notebook.kept.runs import notebook_path\n"
        "print(notebook_path({}), notebook_path({}), flush=True)\n"
        "child = 'from lambda_nb.notebook.kept.runs import notebook_path as n; print([n({})])'\n"
        "subprocess.run([sys.executable, '-c', child], check=True)\n"
    )
    environment = {**os.environ, "JPY_SESSION_NAME": "/work/some.ipynb"}
    environment.pop("LAMBDA_NB_KERNEL", None)
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert told.split("\n") == ["/work/some.ipynb /work/some.ipynb", "['']", ""]
