"""The magics in a real IPython shell, against a real engine through boto3."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterator
from typing import Any

import pytest
from engine_fixtures import Engine
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.connection import notebooks
from lambda_nb.notebook.errors import AWSError, FunctionError, NotebookError, UsageError
from lambda_nb.notebook.functions.monitoring import Logs
from lambda_nb.notebook.magics import extension

GREET = """%%lambda {name} --memory 256 --timeout 5 --env GREETING=hello
import os

def handler(event, context):
    print("greeting", event["name"])
    return f"{{os.environ['GREETING']}} {{event['name']}}"
"""


class Shell:
    """One notebook: runs cells, raises what they raise."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def value(self, cell: str) -> Any:
        """Run a cell; its value."""
        result = self.shell.run_cell(cell, store_history=True)
        result.raise_error()
        return result.result

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """A list that gets the calls of an operation from now on."""
        seen: list[dict[str, Any]] = []
        client = extension._loaded[self.shell].session.client()
        client.meta.events.register(
            f"before-parameter-build.lambda.{operation}", lambda params, **_: seen.append(params)
        )
        return seen


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


@pytest.fixture
def notebook(shell: InteractiveShell, engine: Engine) -> Shell:
    """A notebook connected to the session's engine."""
    extension.load_ipython_extension(shell)
    shell.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    return Shell(shell)


@pytest.fixture
def greet(notebook: Shell, engine: Engine) -> str:
    """The Python name of a deployed function."""
    name = engine.name("greet")
    notebook.value(GREET.format(name=name))
    return name.replace("-", "_")


def test_a_cell_becomes_a_function_with_its_settings(
    notebook: Shell, greet: str, engine: Engine
) -> None:
    config = notebook.value(f"{greet}.config")
    assert (config["MemorySize"], config["Timeout"]) == (256, 5)
    assert config["Environment"] == {"Variables": {"GREETING": "hello"}}
    assert notebook.value(f"{greet}({{'name': 'Ada'}})") == "hello Ada"


def test_an_unchanged_cell_uploads_nothing_and_an_edited_one_updates(
    notebook: Shell, greet: str
) -> None:
    name = notebook.value(f"{greet}.name")
    uploads = notebook.calls("UpdateFunctionCode")
    changes = notebook.calls("UpdateFunctionConfiguration")
    assert "unchanged" in repr(notebook.value(GREET.format(name=name)))
    assert not uploads
    assert not changes
    edited = GREET.format(name=name).replace("{event['name']}", "{event['name']}!")
    assert "updated" in repr(notebook.value(edited))
    assert len(uploads) == 1
    assert not changes
    assert notebook.value(f"{greet}({{'name': 'Ada'}})") == "hello Ada!"


def test_a_setting_taken_out_goes_back_to_the_default(notebook: Shell, greet: str) -> None:
    name = notebook.value(f"{greet}.name")
    notebook.value(GREET.format(name=name).replace(" --timeout 5", ""))
    assert notebook.value(f"{greet}.config")["Timeout"] == 3


def test_invoke_tells_log_times_and_bill(notebook: Shell, greet: str) -> None:
    cold = notebook.value(f"{greet}.invoke({{'name': 'Ada'}})")
    warm = notebook.value(f"{greet}.invoke({{'name': 'Bob'}})")
    assert (cold.start, warm.start) == ("cold", "warm")
    assert cold.init > 0
    assert warm.init is None
    assert "greeting Bob" in warm.log
    assert warm.billed >= warm.duration
    assert 0 < warm.cost < 1e-4
    assert warm.memory == 256
    assert warm.payload == "hello Bob"


def test_a_failure_points_at_the_line_of_the_cell(notebook: Shell, greet: str) -> None:
    with pytest.raises(FunctionError) as caught:
        notebook.value(f"{greet}({{}})")
    assert caught.value.error_type == "KeyError"
    assert "line 5, in handler" in caught.value.frames[-1]
    assert 'print("greeting", event["name"])' in caught.value.frames[-1]
    # .invoke() reports the failure and raises nothing.
    result = notebook.value(f"{greet}.invoke({{}})")
    assert not result.ok
    assert result.function_error == "KeyError"


def test_a_timeout_says_how_to_give_more_time(notebook: Shell, engine: Engine) -> None:
    name = engine.name("slow").replace("-", "_")
    notebook.value(
        f"%%lambda {name} --timeout 1\nimport time\ndef handler(e, c):\n    time.sleep(9)"
    )
    with pytest.raises(FunctionError, match=r"timed out after 1.00 seconds .*--timeout"):
        notebook.value(f"{name}()")


def test_map_keeps_the_order_and_returns_or_raises_failures(notebook: Shell, greet: str) -> None:
    names = [f"n{number}" for number in range(40)]
    events = [{"name": name} for name in names]
    notebook.shell.user_ns["events"] = events
    answers = notebook.value(f"{greet}.map(events, progress=False)")
    assert answers == [f"hello {name}" for name in names]
    assert len(answers.to_pandas()) == 40
    notebook.shell.user_ns["events"] = [{"name": "a"}, {}, {"name": "b"}]
    with pytest.raises(FunctionError, match="'name'"):
        notebook.value(f"{greet}.map(events, progress=False)")
    some = notebook.value(f"{greet}.map(events, progress=False, errors='return')")
    assert (some[0], some[2]) == ("hello a", "hello b")
    assert isinstance(some[1], FunctionError)


def test_map_sends_throttled_requests_again(notebook: Shell, engine: Engine) -> None:
    name = engine.name("busy").replace("-", "_")
    source = "import time\ndef handler(e, c):\n    time.sleep(0.05)\n    return e"
    notebook.value(f"%%lambda {name} --reserved 2\n{source}")
    assert notebook.value(f"{name}.map(range(12), progress=False)") == list(range(12))
    with pytest.raises(AWSError, match="ReservedFunctionConcurrentInvocationLimitExceeded"):
        notebook.value(f"{name}.map(range(12), progress=False, retries=0)")


def test_submit_gives_a_future(notebook: Shell, greet: str) -> None:
    future = notebook.value(f"{greet}.submit({{'name': 'later'}})")
    assert future.result(30) == "hello later"


def test_logs_metrics_and_trace_come_from_the_neighbours(notebook: Shell, greet: str) -> None:
    notebook.value(f"{greet}({{'name': 'Ada'}})")
    logs = notebook.value(f"{greet}.logs()")
    assert isinstance(logs, Logs)
    assert "greeting Ada" in logs.text
    assert len(logs.grep("^REPORT")) == 1
    trace = notebook.value(f"{greet}.trace(expect=1)")
    assert trace.to_pandas()["start"].tolist() == ["cold"]


def test_publish_gives_a_handle_of_the_version(notebook: Shell, greet: str) -> None:
    live = notebook.value(f"{greet}.publish('live')")
    assert live.config["Version"] == "1"
    assert live({"name": "Ada"}) == "hello Ada"
    assert live.invoke({"name": "Ada"}).version == "1"


def test_line_commands(notebook: Shell, greet: str) -> None:
    name = notebook.value(f"{greet}.name")
    assert name in repr(notebook.value("%lambda ls"))
    assert "MemorySize" in repr(notebook.value(f"%lambda config {name}"))
    told = notebook.value(f'%lambda invoke {name} {{"name": "Eve"}}')
    assert told.payload == "hello Eve"
    notebook.shell.user_ns["who"] = "Zoe"
    assert notebook.value(f"%lambda invoke {name} dict(name=who)").payload == "hello Zoe"
    quoted = f"""%lambda invoke {name} '{{"name": "Ada"}}'"""
    assert notebook.value(quoted).payload == "hello Ada"
    assert notebook.value(f"%lambda invoke {name} {{}} --async") is not None
    assert "another endpoint" in repr(notebook.value("%lambda status"))
    assert "greeting Eve" in repr(notebook.value(f"%lambda logs {name} --grep Eve"))
    notebook.value(f"%lambda rm {name}")
    with pytest.raises(AWSError, match="ResourceNotFoundException"):
        notebook.value(f"{greet}()")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%lambda lst", "did you mean ls"),
        ("%lambda hello --memory 3", "begins with two percent signs: %%lambda hello"),
        ("%lambda invoke", "needs a name"),
        ("%lambda connect nowhere", "give a URL"),
        ("%%lambda f --memory\nx", "expected one argument"),
        ("%%lambda f\n\n", "the cell is empty"),
        ("%%lambda -- ---\nx", "no name|must satisfy|ValidationException"),
    ],
)
def test_mistakes_get_a_short_answer(notebook: Shell, cell: str, told: str) -> None:
    with pytest.raises(NotebookError, match=told):
        notebook.value(cell)


def test_lambda_s_own_refusals_are_passed_on(notebook: Shell) -> None:
    with pytest.raises(AWSError, match=r"Value '1000' at 'timeout'"):
        notebook.value("%%lambda f --timeout 1000\ndef handler(e, c): pass")
    with pytest.raises(UsageError, match=r"MemorySize, value: 5, valid min value: 128"):
        notebook.value("%%lambda f --memory 5\ndef handler(e, c): pass")


def test_an_event_that_json_cannot_say(notebook: Shell, greet: str) -> None:
    with pytest.raises(UsageError, match="set is not JSON serializable"):
        notebook.value(f"{greet}({{1, 2}})")


def test_connecting_fails_without_the_engine_s_credentials(notebook: Shell, engine: Engine) -> None:
    with pytest.raises(NotebookError, match=r"--credentials FILE"):
        notebook.value(f"%lambda connect {engine.url}")
    # The old connection stays.
    assert engine.url in repr(notebook.value("%lambda status"))


def test_completion(notebook: Shell, greet: str) -> None:
    def complete(line: str) -> list[str]:
        completer: Any = notebook.shell.Completer
        with provisionalcompleter():
            return [found.text for found in completer.completions(line, len(line))]

    assert "--memory" in complete("%%lambda f --mem")
    assert "python3.13" in complete("%%lambda f --runtime pyth")
    assert "status" in complete("%lambda sta")
    name = notebook.value(f"{greet}.name")
    assert name in complete(f"%lambda logs {name[:7]}")
    assert name in complete(f"%lambda test {name[:7]}")
    assert name not in complete(f"%lambda stop {name[:7]}")
    assert "email" in complete("%lambda messages em")
    assert {"--keep", "--cpu-share"} <= set(complete("%lambda start --"))
    assert "--failure" in complete(f"%lambda debug {name} --")
    assert {"--delete", "--list"} <= set(complete("%lambda snapshot --"))


def test_help_of_the_magics(notebook: Shell) -> None:
    found = notebook.shell.object_inspect("%%lambda")
    assert "--ephemeral-storage MB" in found["docstring"]
    assert "connect URL | aws | local" in notebook.shell.object_inspect("%lambda")["docstring"]


def test_a_line_without_a_cell_comes_to_the_magic(
    notebook: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.value("%%lambda --help")
    assert "NAME [OPTIONS]" in capsys.readouterr().out
    with pytest.raises(UsageError, match="the cell is empty"):
        notebook.value("%%lambda greet")
    with pytest.raises(UsageError, match="needs a name"):
        notebook.value("%%lambda\n")
    assert notebook.value("1 + 1") == 2


def test_commands_by_other_names_are_suggested(notebook: Shell) -> None:
    with pytest.raises(UsageError, match="did you mean rm"):
        notebook.value("%lambda delete greet")
    with pytest.raises(UsageError, match="did you mean ls"):
        notebook.value("%lambda list")
    with pytest.raises(UsageError, match="did you mean rm"):
        notebook.value("%lambda delet greet")


def test_tune_measures_memory_sizes(notebook: Shell, greet: str) -> None:
    name = greet.replace("_", "-")
    event = '{"name": "x"}'
    found = notebook.value(
        f"%lambda tune {name} --memories 128,512 --invocations 2 --strategy cost "
        f"--payload '{event}'"
    )
    assert list(found.frame.index) == [128, 512]
    assert found.best in (128, 512)
    assert notebook.value(f"{greet}.config")["MemorySize"] == 256
    with pytest.raises(UsageError, match="not like 128,256,512"):
        notebook.value(f"%lambda tune {name} --memories small")


def test_the_dashboard_follows_the_notebook(notebook: Shell, greet: str, engine: Engine) -> None:
    notebook.value("import lambda_nb")
    view = notebook.value("lambda_nb.dashboard()")
    name = greet.replace("_", "-")
    assert name in repr(view)
    view = notebook.value(f"lambda_nb.dashboard({greet})")
    assert [row.function for row in view._picture.rows] == [name]


def test_a_version_that_is_not_here_is_told_once(notebook: Shell, engine: Engine) -> None:
    absent = next(
        one
        for one, row in json.loads(engine.get("/_lambda_nb/runtimes"))["runtimes"].items()
        if row["status"] == "nearest" and one.startswith("python")
    )
    said = f"{absent} runs on Python "
    told = []
    for _ in range(2):
        name = engine.name("absent").replace("-", "_")
        value = notebook.value(f"%%lambda {name} --runtime {absent}\ndef handler(e, c): return e")
        told.append(said in str(value))
    assert told == [True, False]


def test_a_name_of_the_notebook_is_missed_when_the_cell_runs(
    notebook: Shell, engine: Engine
) -> None:
    notebook.value("def helper(n):\n    return n + 1\n")
    cell = "%%lambda counter {}\ndef handler(event, context):\n    return helper(event)\n"
    hint = "helper is defined in this notebook, not in the function: add --include helper"
    assert hint in str(notebook.value(cell.format("")))
    with pytest.raises(FunctionError, match=f"name 'helper' is not defined\n{hint}"):
        notebook.value("counter(1)")
    assert hint not in str(notebook.value(cell.format("--include helper")))
    assert notebook.value("counter(1)") == 2


def test_an_extension_that_fails_to_load_leaves_no_session(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no panel here")

    monkeypatch.setattr(extension, "Workbench", refuse)
    other = InteractiveShell()
    other.history_manager.enabled = False
    with pytest.raises(RuntimeError, match="no panel"):
        extension.load_ipython_extension(other)
    assert other not in notebooks._sessions
    atexit.unregister(other.atexit_operations)
    other.atexit_operations()
