"""``lambda_nb.messages``: what AWS would have sent to people."""

from __future__ import annotations

import atexit
from collections.abc import Iterator

import pytest
from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell

import lambda_nb
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.magics import extension


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    extension.load_ipython_extension(made)
    made.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def test_mails_texts_and_pushes(shell: InteractiveShell, engine: Engine) -> None:
    sns, name = engine.client("sns"), engine.name("phone")
    sns.publish(PhoneNumber="+4915112345678", Message=f"a text for {name}")
    application = sns.create_platform_application(
        Name=name, Platform="GCM", Attributes={"PlatformCredential": "key"}
    )["PlatformApplicationArn"]
    endpoint = sns.create_platform_endpoint(PlatformApplicationArn=application, Token=name)
    sns.publish(TargetArn=endpoint["EndpointArn"], Message="a push")

    texts = [one["text"] for one in lambda_nb.messages("sms", client=engine.client())]
    assert f"a text for {name}" in texts
    (push,) = lambda_nb.messages("push", client=engine.client()).to(name)
    assert (push["channel"], push["to"], push["text"]) == ("push", name, "a push")
    shown = shell.run_line_magic("lambda", "messages push")
    assert name in repr(shown)
    assert "a push" in shown._repr_html_()
    assert len(lambda_nb.messages(client=engine.client())) >= 2
    assert shown[-1:].to(name)[0] == push


def test_a_channel_that_is_none_is_told(shell: InteractiveShell, engine: Engine) -> None:
    with pytest.raises(UsageError, match="'fax' is no channel; there are email, sms, push"):
        lambda_nb.messages("fax", client=engine.client())
    with pytest.raises(UsageError, match="fax"):
        shell.run_line_magic("lambda", "messages fax")
