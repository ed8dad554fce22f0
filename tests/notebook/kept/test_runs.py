"""Folders of a notebook's engines: the latest that has something is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.notebook.errors import NotebookError
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
