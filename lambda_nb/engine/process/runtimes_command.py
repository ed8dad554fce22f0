"""The command ``lambda-nb runtimes``: which are here, which are missing, how to get them."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import datetime, timezone

from lambda_nb.engine.execution.runtimes import inventory, sdks
from lambda_nb.engine.execution.runtimes.interpreters import versions
from lambda_nb.engine.process import installing


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if options.action == "install":
        try:
            installing.install(
                options.name,
                mirror=options.mirror,
                source=options.source,
                more=options.more,
                say=lambda text: print(text, flush=True),  # noqa: T201
            )
        except installing.InstallError as error:
            print(f"lambda-nb: {error}", file=sys.stderr)  # noqa: T201
            return 1
        return 0
    rows = inventory.table(datetime.now(timezone.utc).date())
    if options.json:
        told = {"runtimes": [asdict(row) for row in rows], "sdks": _sdks()}
        print(json.dumps(told, indent=2))  # noqa: T201
    else:
        print(text(rows))  # noqa: T201
    return 0


def _sdks() -> dict[str, str | None]:
    """Where each SDK is, if it is here."""
    ruby = next(iter(versions("ruby")), (0, 0))
    places = {"nodejs-sdk": sdks.nodejs(), "ruby-sdk": sdks.ruby("{}.{}".format(*ruby))}
    return {name: str(at) if at.is_dir() else None for name, at in places.items()}


def text(rows: list[inventory.Row]) -> str:
    """The table as text."""
    lines = [f"{'RUNTIME':<17}{'HERE':<10}{'USES':<54}WHAT TO DO"]
    for row in rows:
        here = {"here": "yes", "nearest": "nearest", "missing": "no"}[row.status]
        uses = f"{row.version} {row.program}".strip() or row.note
        lines.append(f"{row.runtime:<17}{here:<10}{uses:<53} {row.remedy}".rstrip())
    for name, place in _sdks().items():
        here, do = ("yes", "") if place else ("no", f"lambda-nb runtimes install {name}")
        lines.append(f"{name:<17}{here:<10}{place or '':<53} {do}".rstrip())
    lines.append("")
    lines.append(
        "nearest: used by serve --runtime-fallback nearest and by notebooks, else refused."
    )
    return "\n".join(lines)
