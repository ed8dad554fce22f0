"""Every action of the panel in a real browser, on a real kernel and engine, while a cell runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from jupyter_browser import BROWSER, NEEDS_EXTENSION, THEMES, Theme, keep_picture
from panel_page import Panel, panel_of

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(420), NEEDS_EXTENSION]

GREET = """%%lambda greet --memory 256
def handler(event, context):
    return {'hello': event.get('name')}"""

QUEUES = """import json, lambda_nb
sqs = lambda_nb.client('sqs')
dead = sqs.create_queue(QueueName='orders-dead')['QueueUrl']
arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
orders = sqs.create_queue(QueueName='orders', Attributes={
    'RedrivePolicy': json.dumps({'deadLetterTargetArn': arn, 'maxReceiveCount': '1'}),
    'VisibilityTimeout': '0'})['QueueUrl']
for n in range(3):
    sqs.send_message(QueueUrl=orders, MessageBody=json.dumps({'order': n}))
moved = 0
while int(sqs.get_queue_attributes(QueueUrl=dead,
        AttributeNames=['ApproximateNumberOfMessages'])['Attributes']
        ['ApproximateNumberOfMessages']) < 3:
    sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=10)"""

BUSY = """import pathlib, time
while not pathlib.Path('stop').exists():
    time.sleep(0.05)"""


@pytest.mark.parametrize("theme", THEMES)
def test_every_action_while_a_cell_runs(tmp_path: Path, theme: Theme) -> None:
    cells = ["%load_ext lambda_nb", GREET, "greet({'name': 'Ada'})", QUEUES, BUSY]
    with panel_of(tmp_path, {"shop.ipynb": cells}, theme) as panel:
        panel.wait("This kernel has not loaded lambda_nb")
        panel.run(0, 1, 2, 3)
        panel.row("greet", "function").wait_for()
        panel.wait("in the last minute")
        panel.row("orders-dead", "queue").wait_for()
        panel.begin(4)
        panel.wait("kernel busy")
        settings(panel)
        versions(panel)
        queues(panel)
        copies(panel)
        url(panel)
        cell(panel)
        keep_picture(panel.page, f"panel-{theme}")
        deletion(panel)
        (tmp_path / "work" / "stop").touch()


def settings(panel: Panel) -> None:
    panel.menu("greet", "Edit Settings…", kind="function")
    dialog = panel.dialog()
    memory = dialog.get_by_label("Memory (MB)")
    assert memory.input_value() == "256"
    memory.fill("100")
    dialog.get_by_role("button", name="Add variable").click()
    dialog.get_by_label("Name of variable 1").fill("STAGE")
    dialog.get_by_label("Value of variable 1").fill("test")
    panel.accept()
    # Wrong values stay in the dialog, and the focus goes to the first of them.
    dialog.locator("text=“100” is no whole number from 128 to 10240 MB.").wait_for()
    panel.page.wait_for_function("document.activeElement.value === '100'")
    memory.fill("512")
    dialog.get_by_label("Layers").fill(
        "arn:aws:lambda:us-east-1:123456789012:layer:no-such-layer:1"
    )
    panel.accept()
    # So does what AWS refuses, and nothing typed is lost.
    refusal = dialog.locator(".lnb-refusal:has-text('no-such-layer')")
    refusal.wait_for()
    keep_picture(panel.page, "panel-settings-refused")
    assert dialog.get_by_label("Value of variable 1").input_value() == "test"
    dialog.get_by_label("Layers").fill("")
    panel.accept()
    panel.notified("greet has its new settings.")
    panel.menu("greet", "Edit Settings…", kind="function")
    assert panel.dialog().get_by_label("Memory (MB)").input_value() == "512"
    assert panel.dialog().get_by_label("Name of variable 1").input_value() == "STAGE"
    panel.page.keyboard.press("Escape")


def versions(panel: Panel) -> None:
    for number, description in enumerate(["first", "second"], 1):
        panel.menu("greet", "Publish Version…", kind="function")
        panel.dialog().get_by_label("Description (may be empty)").fill(description)
        panel.accept()
        panel.notified(f"greet has version {number}.")
        if number == 1:
            panel.menu("greet", "Edit Settings…", kind="function")
            panel.dialog().get_by_label("Description").fill("changed")
            panel.accept()
            panel.notified("greet has its new settings.")
    panel.expand("greet", "function")
    panel.row("2", "version").wait_for()
    panel.menu("greet", "Make or Move Alias…", kind="function")
    dialog = panel.dialog()
    dialog.get_by_label("Alias", exact=True).fill("live")
    dialog.get_by_label("Version", exact=True).select_option("1")
    panel.accept()
    panel.notified("The alias live leads to version 1.")
    panel.row("live", "alias").wait_for()
    panel.menu("live", "Move Alias…", kind="alias")
    dialog = panel.dialog()
    dialog.get_by_label("Send a share of the events to").select_option("2")
    dialog.get_by_label("Share of version 2 (percent)").fill("ten")
    panel.accept()
    dialog.locator("text=“ten” is no whole number").wait_for()
    dialog.get_by_label("Share of version 2 (percent)").fill("10")
    dialog.locator("text=90 % go to version 1.").wait_for()
    keep_picture(panel.page, "panel-alias")
    panel.accept()
    panel.wait("→ 1 (90 %), → 2 (10 %)")
    panel.notified("The alias live leads to version 1.", "Undo")
    panel.wait_without("→ 2 (10 %)")
    panel.menu("live", "Delete Alias", kind="alias")
    panel.row("live", "alias").wait_for(state="detached")
    panel.notified("Deleted the alias live of greet.", "Undo")
    panel.row("live", "alias").wait_for()


def queues(panel: Panel) -> None:
    row = panel.row("orders-dead", "queue")
    assert "dead letters of orders" in row.inner_text()
    panel.wait("3 messages")
    row.dblclick()
    dialog = panel.dialog()
    dialog.locator("pre:has-text('\"order\": 2')").wait_for()
    keep_picture(panel.page, "panel-messages")
    panel.page.keyboard.press("Escape")
    panel.menu("orders-dead", "Redrive Dead Letters…", kind="queue")
    assert "go back to orders" in panel.dialog().inner_text()
    panel.accept()
    panel.notified("3 messages moved from orders-dead to orders.")
    panel.page.wait_for_function(
        """() => [...document.querySelectorAll('.lnb-queue')]
            .some(row => /^orders\\s+3 messages/.test(row.innerText))"""
    )


def copies(panel: Panel) -> None:
    panel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for item, text in [
        ("boto3: create the function", "create_function"),
        ("aws CLI: create the function", "aws lambda create-function"),
        ("Terraform: create the function", 'resource "aws_lambda_function"'),
        ("boto3: invoke it", "invoke"),
        ("aws CLI: invoke it", "aws lambda invoke"),
    ]:
        panel.menu("greet", "Copy as", item, kind="function")
        panel.notified(f"Copied: greet, {item}")
        assert text in clipboard(panel)
    panel.menu("greet", "Copy ARN", kind="function")
    panel.notified("Copied: arn:aws:lambda:")
    assert clipboard(panel).endswith(":function:greet")


def clipboard(panel: Panel) -> str:
    return str(panel.page.evaluate("navigator.clipboard.readText()"))


def url(panel: Panel) -> None:
    panel.menu("greet", "Open URL", kind="function")
    assert "may then call the function" in panel.dialog().inner_text()
    with panel.page.context.expect_page() as opened:
        panel.accept()
    opened.value.wait_for_selector("text=hello")
    opened.value.close()
    panel.row("Function URL", "url").wait_for()
    # The second time there is nothing to ask.
    with panel.page.context.expect_page() as opened:
        panel.menu("greet", "Open URL", kind="function")
    opened.value.close()


def cell(panel: Panel) -> None:
    panel.cell(4).locator(".jp-InputPrompt").click()
    panel.menu("greet", "Go to Cell", kind="function")
    panel.page.wait_for_selector(
        ".jp-Cell[data-windowed-list-index='1'].jp-mod-active", timeout=10_000
    )


def deletion(panel: Panel) -> None:
    panel.menu("greet", "Delete Function…", kind="function")
    dialog = panel.dialog()
    text = dialog.inner_text()
    assert "2 versions" in text
    assert "live" in text
    keep_picture(panel.page, "panel-delete")
    panel.page.click(".jp-Dialog .jp-mod-warn")
    panel.row("greet", "function").wait_for(state="detached")
    panel.wait("No function yet.")
    panel.notified("Deleted greet.", "Undo")
    panel.notified("greet is back.")
    panel.row("greet", "function").wait_for()
    panel.menu("greet", "Edit Settings…", kind="function")
    assert panel.dialog().get_by_label("Memory (MB)").input_value() == "512"
    panel.page.keyboard.press("Escape")
