"""The actions of the protocol, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.notebook.workbench.actions import (
    deletion,
    describing,
    invoking,
    queues,
    settings,
    tuning,
    versions,
)
from lambda_nb.notebook.workbench.actions.tools import Tools
from lambda_nb.notebook.workbench.copying.copy_as import copy_as
from lambda_nb.notebook.workbench.hub import Action, Hub, Push, Stopped
from lambda_nb.notebook.workbench.watches import activity, logs

_Plain = Callable[[Tools, Mapping[str, Any]], Any]
_Long = Callable[[Tools, Mapping[str, Any], Push, Stopped], Any]

_ENDS_WITHIN_S = 0.3

PLAIN: dict[str, _Plain] = {
    "details": describing.details,
    "invoke": invoking.invoke,
    "samples": invoking.samples,
    "sample": invoking.sample,
    "events": invoking.events,
    "settings": settings.read,
    "update_settings": settings.update,
    "publish": versions.publish,
    "put_alias": versions.put_alias,
    "delete_alias": versions.delete_alias,
    "url": versions.url,
    "delete": deletion.delete,
    "undo": deletion.undo,
    "peek": queues.peek,
    "copy_as": copy_as,
}
LONG: dict[str, _Long] = {"redrive": queues.redrive}
WATCHES: dict[str, _Long] = {
    "watch_logs": logs.watch,
    "watch_activity": activity.watch,
    "tune": tuning.tune,
}
"""They end when their page goes."""


def register(hub: Hub, tools: Tools) -> None:
    """Let pages ask for all of them."""
    for name, plain in PLAIN.items():
        hub.register(name, _quick(plain, tools))
    for name, long in (LONG | WATCHES).items():
        hub.register(name, _slow(long, tools), watch=name in WATCHES)


def _quick(function: _Plain, tools: Tools) -> Action:
    return _slow(lambda tools, args, push, stopped: function(tools, args), tools)


def _slow(function: _Long, tools: Tools) -> Action:
    def carry_out(args: Mapping[str, Any], push: Push, stopped: Stopped) -> Any:
        from botocore.exceptions import BotoCoreError

        try:
            return function(tools, args, push, stopped)
        except BotoCoreError:
            # If the engine has just ended, say that, and not which socket was closed.
            stopped.wait(_ENDS_WITHIN_S)
            tools.clients.connection  # noqa: B018
            raise

    return carry_out
