"""Logs Insights' own fields, as CSV and as the aws command prints them."""

from __future__ import annotations

import csv
import itertools
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from lambda_nb import traces
from lambda_nb.traces import TraceError

STREAM = "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef"
ROWS: list[dict[str, str]] = [
    {
        "@timestamp": "2026-11-23 10:00:01.200",
        "@requestId": "r-1",
        "@duration": "46.84",
        "@billedDuration": "160.0",
        "@memorySize": "1.92E8",
        "@maxMemoryUsed": "7.2E7",
        "@initDuration": "112.3",
        "@logStream": STREAM,
        "@log": "123456789012:/aws/lambda/api",
        "@type": "REPORT",
    },
    {
        "@timestamp": "2026-11-23 10:00:02.000",
        "@requestId": "r-2",
        "@duration": "10.5",
        "@billedDuration": "11.0",
        "@memorySize": "1.92E8",
        "@maxMemoryUsed": "7.3E7",
        "@initDuration": "",
        "@logStream": STREAM,
        "@log": "123456789012:/aws/lambda/api",
        "@type": "REPORT",
    },
    # A START line, which a query without a filter gives as well.
    {"@timestamp": "2026-11-23 10:00:01.150", "@requestId": "r-1", "@logStream": STREAM},
]
NEEDED = ("@timestamp", "@requestId", "@duration", "@memorySize")
WISHED = ("@initDuration", "@billedDuration", "@maxMemoryUsed", "@logStream")


def as_csv(path: Path, fields: list[str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fields, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def as_json(path: Path, fields: list[str]) -> Path:
    """What ``aws logs get-query-results`` prints: empty fields are left out."""
    results = [
        [{"field": name, "value": row[name]} for name in fields if row.get(name)]
        + [{"field": "@ptr", "value": "CmEKJgoi"}]
        for row in ROWS
    ]
    answer: dict[str, Any] = {"results": results, "status": "Complete"}
    path.write_text(json.dumps(answer, indent=4))
    return path


@pytest.mark.parametrize("form", [as_csv, as_json])
def test_every_field(tmp_path: Path, form: Any) -> None:
    trace = traces.read_logs(form(tmp_path / "results.txt", [*NEEDED, *WISHED, "@log", "@type"]))
    table = trace.to_pandas(absolute=True)
    assert list(table["function"]) == ["api", "api"]
    assert list(table["start"].astype(str)) == ["cold", "warm"]
    assert list(table["duration"]) == pytest.approx([0.04684, 0.0105])
    assert list(table["init"].fillna(0)) == pytest.approx([0.1123, 0.0])
    assert list(table["billed"]) == pytest.approx([0.160, 0.011])
    assert list(table["memory"]) == [192, 192]
    assert list(table["max_memory"]) == [72, 73]
    assert list(table["environment"]) == [STREAM, STREAM]
    # REPORT comes at the end: arrival is its time minus duration and init phase.
    assert table["time"].iloc[0].isoformat() == "2026-11-23T10:00:01.040860+00:00"


@pytest.mark.parametrize("form", [as_csv, as_json])
@pytest.mark.parametrize(
    "chosen",
    [c for size in range(len(WISHED)) for c in itertools.combinations(WISHED, size)],
)
def test_every_mixture(tmp_path: Path, form: Any, chosen: tuple[str, ...]) -> None:
    path = form(tmp_path / "thumbnail.results", ["@type", *reversed(NEEDED), *chosen])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        table = traces.read_logs(path).to_pandas()
    assert list(table["duration"]) == pytest.approx([0.04684, 0.0105])
    assert list(table["function"].unique()) == ["thumbnail"]
    told = " ".join(str(warning.message) for warning in said)
    for name in WISHED:
        # JSON rows leave out empty fields, so a missing @initDuration gives no warning.
        expected = name not in chosen and not (form is as_json and name == "@initDuration")
        assert (f"no {name} (" in told) == expected


@pytest.mark.parametrize("form", [as_csv, as_json])
@pytest.mark.parametrize("missing", NEEDED)
def test_a_field_without_which_nothing_can_be_told(tmp_path: Path, form: Any, missing: str) -> None:
    fields = [name for name in (*NEEDED, *WISHED) if name != missing]
    with pytest.raises(TraceError, match=rf"has no {missing}: add it to the query"):
        traces.read_logs(form(tmp_path / "results.txt", fields))


def test_messages_are_read_where_they_are(tmp_path: Path) -> None:
    message = (
        "REPORT RequestId: r-9\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\t"
    )
    row = {"@timestamp": "2026-11-23 10:00:00.000", "@message": message, "@duration": "5.0"}
    answer = {"results": [[{"field": k, "value": v} for k, v in row.items()]]}
    (tmp_path / "api.json").write_text(json.dumps(answer))
    table = traces.read_logs(tmp_path / "api.json").to_pandas()
    assert (list(table["memory"]), list(table["duration"])) == ([128], [pytest.approx(0.005)])


def test_a_figure_that_is_none(tmp_path: Path) -> None:
    fields = ",".join((*NEEDED, *WISHED))
    path = tmp_path / "results.csv"
    path.write_text(f"{fields}\n2026-11-23 10:00:00.000,r-1,fast,1.28E8,,5,1E6,s\n")
    with pytest.raises(TraceError, match=r"results.csv line 2: @duration is 'fast', not a number"):
        traces.read_logs(path)
