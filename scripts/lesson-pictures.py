#!/usr/bin/env python
"""Draw the picture that each tutorial opens with, into ``notebooks/images/``.

Most charts come from the simulator, so they follow the rules that they show. They have no
background and use the charts' middle grey, so they suit light and dark pages.

    python scripts/lesson-pictures.py [01 02 ...]
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from PIL import Image

import lambda_nb
from lambda_nb import charts, traces
from lambda_nb.charts.style import BLUE, COLOURS, GREEN, INK, ORANGE, SKY, VERMILION, dress
from lambda_nb.rules.pricing import BOOKS
from lambda_nb.simulator import DurationLaw

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks" / "images"
WIDTH, DPI = 8.0, 170
"""Inches of each picture, and its pixels an inch: sharp where it fills a notebook's page."""


def board(height: float = 2.6, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure with charts side by side."""
    figure = Figure(figsize=(WIDTH, height), facecolor="none", layout="constrained")
    axes = list(np.ravel(figure.subplots(1, columns, squeeze=False)))
    for ax in axes:
        dress(ax)
    return figure, axes


def drawing(height: float = 1.9) -> tuple[Figure, Axes]:
    """A figure for boxes and arrows: x from 0 to 100, y from 0 to what keeps circles round."""
    figure = Figure(figsize=(WIDTH, height), facecolor="none")
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set(xlim=(0, 100), ylim=(0, 100 * height / WIDTH))
    ax.axis("off")
    return figure, ax


def frame(ax: Axes, corner: tuple[float, float], wide: float, high: float, colour: str) -> None:
    """A rectangle with round corners; ``corner`` is the one at the lower left."""
    ax.add_patch(
        FancyBboxPatch(
            corner,
            wide,
            high,
            boxstyle="round,pad=0.3,rounding_size=1",
            facecolor=colour + "18",
            edgecolor=colour,
            linewidth=1.4,
        )
    )


def box(
    ax: Axes, x: float, y: float, text: str, under: str = "", colour: str = BLUE, wide: float = 15
) -> None:
    """A box around its middle, with a name in it and a note below it."""
    frame(ax, (x - wide / 2, y - 3), wide, 6, colour)
    ax.text(x, y, text, color=INK, ha="center", va="center", fontsize=10, fontweight="bold")
    if under:
        ax.text(x, y - 4.6, under, color=INK, ha="center", va="top", fontsize=8.5, linespacing=1.3)


def arrow(
    ax: Axes,
    begin: tuple[float, float],
    end: tuple[float, float],
    text: str = "",
    *,
    colour: str = INK,
    bend: float = 0.0,
    at: tuple[float, float] | None = None,
) -> None:
    """An arrow, with a note above its middle or at a place."""
    ax.add_patch(
        FancyArrowPatch(
            begin,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            color=colour,
            linewidth=1.4,
            connectionstyle=f"arc3,rad={bend}",
        )
    )
    if text:
        x, y = at or ((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2 + 1.2)
        ax.text(x, y, text, color=INK, ha="center", va="bottom", fontsize=8.5)


def chain(ax: Axes, y: float, *parts: tuple[str, str, str]) -> None:
    """Boxes in a row, joined by arrows: their names, the notes below, their colours."""
    step = 100 / len(parts)
    wide = min(19.0, step * 0.62)
    for n, (name, under, colour) in enumerate(parts):
        x = step * (n + 0.5)
        box(ax, x, y, name, under, colour, wide)
        if n:
            arrow(ax, (x - step + wide / 2 + 0.6, y), (x - wide / 2 - 0.6, y))


# -- the lessons


def first_function() -> Figure:
    figure, ax = drawing(2.1)
    frame(ax, (3, 6), 30, 15, BLUE)
    code = "%%lambda darts --memory 512\n\ndef handler(event, context):\n    ...\n    return answer"
    ax.text(4.5, 13.5, code, color=INK, va="center", fontsize=9, family="monospace")
    for n in range(3):
        y = 19.5 - 6 * n
        arrow(ax, (34.5, 13.5), (43, y), colour=INK)
        ax.broken_barh([(44, 2.4)], (y - 1.6, 3.2), color=ORANGE)
        busy = [(47 + 5 * k + n % 2, 4.2) for k in range(3 - n // 2)]
        ax.broken_barh(busy, (y - 1.6, 3.2), color=BLUE)
    ax.text(53, 2.2, "execution environments", color=INK, ha="center", fontsize=9)
    arrow(ax, (64.5, 13.5), (70, 13.5))
    chart = figure.add_axes((0.74, 0.24, 0.23, 0.62))
    dress(chart)
    day = traces.daily(rate=0.5, duration=0.2, hours=24, function="darts", seed=1)
    hours = np.histogram(day.numbers("arrival") / 3600, bins=24)[0]
    chart.bar(range(24), hours, color=BLUE, width=0.8)
    chart.set(xticks=(0, 12, 23), yticks=[], title="a day, simulated")
    chart.set_xticklabels(["0 h", "12 h", "24 h"])
    chart.title.set_fontsize(9)
    return figure


def cold_starts() -> Figure:
    visits = pd.DataFrame(
        {
            "arrival": [1, 1.4, 4.6, 8.5, 9.0, 9.4, 12.5, 16.8, 17.2, 20.4, 30.5],
            "function": "shop",
            "duration": 2.4,
        }
    )
    keep_alive = 9.0
    result = lambda_nb.simulate(
        lambda_nb.Trace.from_pandas(visits), init=1.2, keep_alive=keep_alive
    )
    rows = result.invocations
    figure, (ax,) = board(2.5)
    names = list(dict.fromkeys(rows["environment"]))
    for n, name in enumerate(names):
        own = rows[rows["environment"] == name]
        last = own["finish"].max()
        ax.broken_barh([(own["arrival"].min(), last + keep_alive - own["arrival"].min())],
                       (n - 0.3, 0.6), color=SKY, alpha=0.35)  # fmt: skip
        for row in own.itertuples():
            begin = row.finish - row.duration
            ax.broken_barh([(begin, row.duration)], (n - 0.3, 0.6), color=BLUE)
            if row.start == "cold":
                ax.broken_barh([(row.arrival, begin - row.arrival)], (n - 0.3, 0.6), color=ORANGE)
        if last + keep_alive < 33:
            ax.text(last + keep_alive + 0.3, n, "gone", color=INK, va="center", fontsize=8.5)
    ax.set(xlim=(0, 34), yticks=[], ylim=(len(names) - 0.4, -0.6), xlabel="seconds")
    ax.set_ylabel("environments")
    ax.grid(False)
    for colour, name, alpha in (
        (ORANGE, "cold start", 1),
        (BLUE, "request", 1),
        (SKY, "idle", 0.35),
    ):
        ax.bar([0], [0], color=colour, alpha=alpha, label=name)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, labelcolor=INK)
    return figure


def concurrency() -> Figure:
    crowd = traces.bursts(
        40, every=60, width=22, rate=2, duration=3.0, hours=3 / 60, function="order", seed=4
    )
    limit = 7
    free, limited = (
        lambda_nb.simulate(crowd, reserved=reserved) for reserved in (None, {"order": limit})
    )
    figure, (left, right) = board(2.5, 2)
    most = free.timeline()["in_flight"].max()
    for ax, result, title in ((left, free, "no limit"), (right, limited, f"limit {limit}")):
        line = result.timeline()
        ax.fill_between(line.index, line["in_flight"], step="post", color=BLUE, alpha=0.8)
        ax.set(ylim=(0, most + 2), xlim=(0, 180), xlabel="seconds", title=title)
    left.set_ylabel("requests at once")
    right.axhline(limit, color=INK, linestyle="--", linewidth=1.2)
    refused = limited.invocations[limited.invocations["start"] == "throttle"]
    right.plot(
        refused["arrival"], [limit + 1.2] * len(refused), "x", color=VERMILION, markersize=5,
        label=f"{len(refused)} throttled",
    )  # fmt: skip
    right.legend(frameon=False, labelcolor=INK, loc="upper right")
    return figure


def memory() -> Figure:
    sizes = np.arange(128, 3009, 32)
    book = BOOKS["2026"]
    price = book.duration["x86_64"][0][1]
    figure, (left, right) = board(2.5, 2)
    kinds = {
        "only waits": DurationLaw(waiting=0.1, cpu=0.0),
        "half and half": DurationLaw(waiting=0.05, cpu=0.05),
        "only computes": DurationLaw(waiting=0.0, cpu=0.1),
    }
    for colour, (name, law) in zip((SKY, BLUE, ORANGE), kinds.items(), strict=True):
        seconds = np.array([law(mb) for mb in sizes])
        left.plot(sizes, 1000 * seconds, color=colour, linewidth=2.2, label=name)
        dollars = 1e6 * (book.request + price * sizes / 1024 * seconds)
        right.plot(sizes, dollars, color=colour, linewidth=2.2)
    left.set(xlabel="memory, MB", ylim=(0, 600), title="duration, ms")
    right.set(xlabel="memory, MB", ylim=(0, None), title="dollars a million requests")
    left.legend(frameon=False, labelcolor=INK)
    return figure


def dead_letters() -> Figure:
    figure, ax = drawing(1.9)
    y = 15
    box(ax, 10, y, "sender", "", INK)
    box(ax, 38, y, "queue", "", BLUE)
    box(ax, 68, y, "function", "", GREEN)
    box(ax, 68, 4.2, "dead letters", "", VERMILION)
    arrow(ax, (18.2, y), (29.8, y), "messages")
    arrow(ax, (46.2, y + 0.8), (59.8, y + 0.8), "a batch")
    arrow(ax, (60.5, y - 3.6), (45.5, y - 3.6), colour=VERMILION, bend=-0.25)
    ax.text(53, 5.6, "failed: back", color=INK, ha="center", fontsize=8.5)
    arrow(ax, (34, y - 4), (59.6, 4.2), colour=VERMILION, bend=0.28)
    ax.text(41, 1.4, "failed too often", color=INK, ha="center", fontsize=8.5)
    arrow(ax, (76.2, y), (87, y))
    ax.text(92, y, "done", color=INK, ha="center", va="center", fontsize=10, fontweight="bold")
    arrow(ax, (76.2, 4.2), (87, 4.2))
    ax.text(93, 4.2, "mend,\nsend again", color=INK, ha="center", va="center", fontsize=8.5)
    return figure


def cost() -> Figure:
    day = traces.daily(
        rate=2.0, swing=0.9, duration=traces.laws.lognormal(0.025, 0.7), hours=24,
        function="press", memory=512, seed=7,
    )  # fmt: skip
    settings = {
        "as it is": {},
        "arm64": {"architecture": "arm64"},
        "1024 MB": {"memory": 1024},
        "prices of 2019": {"pricing": "2019"},
        "1 provisioned": {"provisioned": 1},
        "2 provisioned": {"provisioned": 2},
    }
    lines = {
        name: 30 * lambda_nb.simulate(day, init=0.1, **what).cost().iloc[0].drop("total")
        for name, what in settings.items()
    }
    figure, (ax,) = board(2.7)
    charts.cost(pd.DataFrame(lines).T.fillna(0), ax, title="A month of the same traffic")
    return figure


def keep_alive() -> Figure:
    gaps = [10, 30, 120, 300, 600, 900, 1800, 3600]
    parts = [
        traces.poisson(1 / gap, duration=0.2, hours=48, function=f"f{gap}", seed=n)
        for n, gap in enumerate(gaps)
    ]
    mixed = parts[0].merge(*parts[1:])
    end = mixed.numbers("arrival")[-1]
    figure, (ax,) = board(2.6)
    xs, ys = [], []
    minutes = (1, 2, 5, 10, 20, 40, 60)
    for length in minutes:
        result = lambda_nb.simulate(mixed, keep_alive=60 * length, init=0.3)
        lives = result.environments
        alive = (lives["ended"].fillna(end).clip(upper=end) - lives["created"]).sum()
        xs.append(alive / end)
        ys.append(100 * (result.invocations["start"] == "cold").mean())
    ax.plot(xs, ys, color=BLUE, marker="o", linewidth=2)
    for x, y, length in zip(xs, ys, minutes, strict=True):
        ax.annotate(
            f"{length} min", (x, y), (5, 5), textcoords="offset points", color=INK, fontsize=8.5
        )
    ax.set(xlabel="environments alive, on average", ylabel="cold starts, %", ylim=(0, 13.5))
    ax.set_title("idle environments kept for ...", loc="left", fontsize=10, color=INK)
    return figure


def trust() -> Figure:
    recorded = lambda_nb.Trace.read(ROOT / "tests" / "data" / "recorded_run.parquet")
    found = lambda_nb.validate(recorded, keep_alive=6, reserved={"resize": 4})
    figure, (left, right) = board(2.5, 2)
    spans = {}
    for name, rows in (("real", recorded.to_pandas()), ("simulated", found.result.invocations)):
        ran = rows[rows["start"] != "throttle"]
        finish = ran["finish"].fillna(ran["arrival"] + ran["duration"])
        steps = pd.concat(
            [pd.Series(1, index=ran["arrival"]), pd.Series(-1, index=finish)]
        ).sort_index(kind="stable")
        spans[name] = steps.cumsum()
    for ax, (name, line), colour in zip((left, right), spans.items(), (BLUE, GREEN), strict=True):
        ax.fill_between(line.index, line, step="post", color=colour, alpha=0.8)
        ax.set(xlabel="seconds", title=name)
    left.set_ylabel("requests at once")
    return figure


def canary() -> Figure:
    rng = np.random.default_rng(3)
    figure, (ax,) = board(2.4)
    minutes = np.arange(30)
    share = np.where((minutes >= 8) & (minutes < 18), 0.2, 0.0)
    new = rng.binomial(100, share)
    bad = rng.binomial(new, 0.3)
    ax.bar(minutes, 100 - new, color=BLUE, label="version 1")
    ax.bar(minutes, new - bad, bottom=100 - new, color=GREEN, label="version 2")
    ax.bar(minutes, bad, bottom=100 - bad, color=VERMILION, label="version 2, failed")
    for at, text in ((7.5, "canary"), (17.5, "back")):
        ax.axvline(at, color=INK, linestyle="--", linewidth=1.2)
        ax.text(at + 0.3, 104, text, color=INK, fontsize=9)
    ax.set(xlabel="minutes", ylabel="requests", ylim=(0, 115), xlim=(-0.7, 29.7))
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, labelcolor=INK)
    return figure


def to_aws() -> Figure:
    figure, ax = drawing(1.8)
    chain(
        ax,
        13,
        ("notebook's engine", "on this machine", BLUE),
        ("another endpoint", "the rehearsal:\nempty, as AWS will be", ORANGE),
        ("AWS", "a role, real permissions,\nreal money", GREEN),
    )
    for x, text in ((33.3, "the same cell"), (66.6, "the same cell")):
        ax.text(x, 16.6, text, color=INK, ha="center", fontsize=8.5)
    return figure


# -- the use cases


def row(*parts: tuple[str, str]) -> Callable[[], Figure]:
    """A picture of boxes in a row, each with a note below."""

    def draw() -> Figure:
        figure, ax = drawing(1.35)
        coloured = zip(parts, COLOURS, strict=False)
        chain(ax, 11.5, *((name, under, colour) for (name, under), colour in coloured))
        return figure

    return draw


PICTURES: dict[str, Callable[[], Figure]] = {
    "01-first-function": first_function,
    "02-cold-starts": cold_starts,
    "03-concurrency-limits-and-throttling": concurrency,
    "04-memory-cpu-and-price": memory,
    "05-retries-queues-and-dead-letters": dead_letters,
    "06-what-will-it-cost": cost,
    "07-which-keep-alive": keep_alive,
    "08-can-the-simulator-be-trusted": trust,
    "09-versions-aliases-and-a-canary": canary,
    "10-from-notebook-to-aws": to_aws,
    "11-a-web-application": row(
        ("browser", "a page from S3"), ("HTTP API", "routes"),
        ("functions", "list, add, delete"), ("DynamoDB", "the notes"),
    ),
    "12-file-processing": row(
        ("bucket", "a picture arrives"), ("function", "makes it small"),
        ("bucket", "a thumbnail"), ("16 functions", "one big picture,\nshared files (EFS)"),
    ),
    "13-stream-processing": row(
        ("posts", "many a second"), ("Kinesis", "shards keep the order"),
        ("function", "counts hashtags"), ("DynamoDB", "trends, live"),
    ),
    "14-an-iot-backend": row(
        ("200 sensors", "speak MQTT"), ("topic rule", "too hot?"),
        ("function", "decides"), ("shadow", "turns the fan on"),
    ),
    "15-a-mobile-backend": row(
        ("phone", "sign up, post"), ("Cognito, API", "who is it?"),
        ("functions", "keep and tell"), ("SNS", "news to phones"),
    ),
    "16-closer-to-the-user": row(
        ("visitors", "everywhere"), ("edge location", "near: cache,\nfunctions"),
        ("distribution", "behaviours"), ("origin", "far: a bucket"),
    ),
}  # fmt: skip


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of few colours: small, and the same for every page."""
    full = io.BytesIO()
    figure.savefig(full, format="png", dpi=DPI, facecolor="none")
    picture = Image.open(full).convert("RGBA")
    picture.quantize(96, method=Image.Quantize.FASTOCTREE).save(path, optimize=True)


def main(wanted: Sequence[str]) -> None:
    """Draw the pictures whose names begin as given, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        if not wanted or name.startswith(tuple(wanted)):
            save(draw(), FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
