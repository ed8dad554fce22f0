"""Errors of boto3 clients in a notebook: the user's own lines, then what AWS said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session

CELL = """\
def remove(name):
    dynamodb.delete_table(TableName=name)

remove("nobody")
"""


@pytest.fixture
def shell(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    made = InteractiveShell(colors="nocolor")
    monkeypatch.setattr(InteractiveShell, "_instance", made)  # what get_ipython() gives
    given = Connection(engine.url, engine.region, engine.account, engine.keys)
    made.user_ns["dynamodb"] = client = Session.new_client("dynamodb", given)
    yield made
    client.close()
    made.history_manager.end_session()


def test_frames_end_at_the_line_that_called(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = shell.run_cell(CELL)
    shown = capsys.readouterr().out
    assert isinstance(result.error_in_exec, ClientError)
    assert "ResourceNotFoundException" in shown
    assert '----> 4 remove("nobody")' in shown
    assert "2     dynamodb.delete_table(TableName=name)" in shown
    assert "botocore" not in shown
    assert "_make_api_call" not in shown


def test_a_wrong_parameter_is_told_as_shortly(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("dynamodb.delete_table(Table='nobody')")
    shown = capsys.readouterr().out
    assert 'Unknown parameter in input: "Table", must be one of: TableName' in shown
    assert "site-packages" not in shown


def test_the_exception_keeps_its_whole_traceback(shell: InteractiveShell) -> None:
    dynamodb = shell.user_ns["dynamodb"]
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException) as caught:
        dynamodb.delete_table(TableName="nobody")
    names = [entry.frame.f_globals["__name__"] for entry in caught.traceback]
    assert names[-1] == "botocore.client"
