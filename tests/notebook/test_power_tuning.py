"""Power tuning on a real engine that shares CPU time as AWS does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine

import lambda_nb
from lambda_nb.notebook.errors import AWSError, FunctionError, UsageError
from lambda_nb.notebook.experiments.power_tune_result import PowerTuning, choose
from lambda_nb.notebook.functions.result import Result

# CPU time is counted, not work: the load of the machine does not change it.
WORKER = (
    "import time\n"
    "def handler(event, context):\n"
    "    time.sleep(event.get('wait', 0))\n"
    "    began = time.process_time()\n"
    "    while time.process_time() - began < event.get('cpu', 0):\n"
    "        pass\n"
)
HUNGRY = (
    "def handler(event, context):\n"
    "    block = bytearray(event['mb'] << 20)\n"
    "    block[::4096] = b'x' * len(block[::4096])\n"
)


def state(engine: Engine, name: str) -> tuple[int, list[str]]:
    client = engine.client()
    versions = client.list_versions_by_function(FunctionName=name)["Versions"]
    memory = client.get_function_configuration(FunctionName=name)["MemorySize"]
    return memory, [version["Version"] for version in versions]


@pytest.fixture
def sharing(start_engine: Callable[..., Engine]) -> Engine:
    """An engine that shares CPU time by memory, where the machine allows it."""
    try:
        return start_engine("--cpu-share", "proportional")
    except AssertionError as refusal:
        if "needs isolation L3" in str(refusal):
            pytest.skip(str(refusal))
        raise


@pytest.mark.slow
def test_computing_quickens_with_memory_and_waiting_does_not(sharing: Engine) -> None:
    name = sharing.create(WORKER, Timeout=30, MemorySize=200)
    tuning = lambda_nb.power_tune(
        name,
        (128, 442, 1769),
        payload={"wait": 0.05, "cpu": 0.1},
        invocations=5,
        client=sharing.client(),
        progress=False,
    )
    p50 = tuning.frame["p50"]
    # 7.2 ms of CPU time in 100 ms; the last share needs no wait.
    assert p50[128] > 0.1 * (1769 / 128) * 0.8
    assert p50[128] > 2 * p50[442]
    assert p50[442] > p50[1769] > 0.15
    assert not tuning.notes
    assert list(tuning.frame["cold"]) == [1, 1, 1]
    assert list(tuning.frame["invocations"]) == [5, 5, 5]
    assert (tuning.frame["init"] > 0).all()
    law = tuning.fit()
    assert law.cpu == pytest.approx(0.1, rel=0.4)
    assert tuning.best == choose(tuning.frame, "balanced")
    assert state(sharing, name) == (200, ["$LATEST"])
    flat = lambda_nb.power_tune(
        name,
        (128, 442, 1769),
        payload={"wait": 0.05},
        invocations=3,
        strategy="cost",
        parallel=True,
        client=sharing.client(),
        progress=False,
    )
    assert flat.best == 128


def test_the_price_is_that_of_the_bill(engine: Engine) -> None:
    name = engine.create(WORKER, MemorySize=512)
    tuning = lambda_nb.power_tune(
        name, (128, 1024), invocations=3, client=engine.client(), progress=False
    )
    for memory, row in tuning.frame.iterrows():
        warm = [r for r in tuning.results[memory] if r.start == "warm"]
        assert {r.memory for r in warm} == {memory}
        billed = sum(r.billed for r in warm) / len(warm)
        # The price list: $0.20 a million requests, $0.0000166667 a GB-s.
        assert row["cost"] == pytest.approx(0.2 + 16.6667 * billed * memory / 1024, rel=1e-5)
        assert 0 < row["max_memory"] <= memory
    assert "whole CPUs" in repr(tuning)
    assert "--cpu-share proportional" in tuning._repr_html_()
    assert state(engine, name) == (512, ["$LATEST"])


def test_a_memory_that_is_too_small_is_left_out(engine: Engine) -> None:
    name = engine.create(HUNGRY, Timeout=10)
    tuning = lambda_nb.power_tune(
        name, (128, 512), payload={"mb": 200}, invocations=3, client=engine.client(), progress=False
    )
    if not tuning.frame["error"][128]:
        pytest.skip("this machine has no memory limit for functions")
    assert "Runtime" in tuning.frame["error"][128]
    assert tuning.frame["invocations"][128] == 1
    assert tuning.frame["p50"].isna()[128]
    assert tuning.best == 512
    assert tuning.frame["max_memory"][512] > 200


def test_what_was_there_before_stays(engine: Engine) -> None:
    name = engine.create(WORKER, MemorySize=256)
    engine.client().publish_version(FunctionName=name)
    lambda_nb.power_tune(name, (128, 256), invocations=2, client=engine.client(), progress=False)
    assert state(engine, name) == (256, ["$LATEST", "1"])


@pytest.mark.parametrize("fails", ["PublishVersion", "Invoke"])
def test_the_configuration_is_put_back_after_an_error(engine: Engine, fails: str) -> None:
    name = engine.create(WORKER, MemorySize=300)
    client = engine.client("lambda", region_name="us-east-1")
    calls: list[Any] = []

    def refuse(**told: Any) -> None:
        calls.append(told)
        if len(calls) == 2:
            raise KeyboardInterrupt

    client.meta.events.register(f"before-call.lambda.{fails}", refuse)
    with pytest.raises(KeyboardInterrupt):
        lambda_nb.power_tune(name, (128, 512, 1024), client=client, progress=False)
    assert state(engine, name) == (300, ["$LATEST"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"memories": (64, 128)}, "give sizes from 128 to 10240"),
        ({"memories": ()}, "give sizes from"),
        ({"invocations": 1}, "the first is cold"),
        ({"strategy": "best"}, "balanced, cost, speed"),
        ({"function": "f:prod"}, "f:prod cannot be changed"),
    ],
)
def test_mistakes_are_explained(engine: Engine, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        lambda_nb.power_tune(**{"function": "f", "client": engine.client(), **options})


def test_a_function_that_is_not_there(engine: Engine) -> None:
    with pytest.raises(AWSError, match="ResourceNotFoundException"):
        lambda_nb.power_tune("nobody", client=engine.client(), progress=False)


def made(durations: dict[int, float], strategy: Any = "balanced") -> PowerTuning:
    """A tuning of a function with these durations (s) by memory; NaN: it fails."""

    def result(memory: int, seconds: float, start: str) -> Result:
        init = 0.2 if start == "cold" else None
        return Result(
            "f", "1", "", None, "success", start, seconds, seconds, init, memory, memory // 2
        )

    failed = Result(
        "f", "1", "", None, "error", error=FunctionError("f", "Runtime.OutOfMemory", "no")
    )
    results = {
        memory: [failed]
        if seconds != seconds
        else [result(memory, 9.0, "cold"), *[result(memory, seconds, "warm")] * 3]
        for memory, seconds in durations.items()
    }
    return PowerTuning("f", results, strategy)


def test_strategies() -> None:
    # Half the time for less than double the memory, then hardly any gain.
    durations = {128: 2.0, 256: 0.9, 512: 0.5, 1024: 0.45}
    assert made(durations, "cost").best == 256
    assert made(durations, "speed").best == 1024
    assert made(durations, "balanced").best == 512
    failed = made({128: float("nan")})
    assert failed.best is None
    assert "failed with every memory" in repr(failed)
    assert "Runtime.OutOfMemory: no" in failed._repr_html_()


def test_cold_starts_do_not_count() -> None:
    frame = made({128: 2.0}).frame
    assert frame.loc[128, "mean"] == 2.0
    assert frame.loc[128, "init"] == 0.2


def test_the_fit_is_a_law_for_the_simulator() -> None:
    tuning = made({size: 0.1 + 0.3 * 1769 / size for size in (128, 512, 1024)})
    law = tuning.fit()
    assert (law.waiting, law.cpu) == pytest.approx((0.1, 0.3))
    trace = lambda_nb.Trace(
        {"arrival": [0.0], "function": ["f"], "duration": [float(law(128))], "memory": [128]}
    )
    result = lambda_nb.simulate(trace, memory=1024, scaling={"f": law})
    assert result.invocations["duration"][0] == pytest.approx(float(law(1024)))


def test_the_chart_is_drawn(tmp_path: Path) -> None:
    figure = made({size: 0.1 + 0.3 * 1769 / size for size in (128, 512, 1024)}).plot()
    figure.savefig(tmp_path / "chart.png")
    duration, cost = figure.axes
    assert [tick.get_text() for tick in duration.get_xticklabels()] == ["128", "512", "1024"]
    first = next(iter(duration.get_lines()[0].get_ydata()))
    assert first == pytest.approx(0.1 + 0.3 * 1769 / 128)
    assert "million" in cost.get_ylabel()
    made({128: float("nan")}).plot().savefig(tmp_path / "empty.png")
