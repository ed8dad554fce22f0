"""What CloudWatch is told of calls of CloudFront Functions."""

from __future__ import annotations

import pytest

from lambda_nb.engine.edge.functions.function_metrics import FunctionMetrics


@pytest.mark.parametrize(
    ("outcome", "names"),
    [
        ("", ["FunctionInvocations", "FunctionComputeUtilization"]),
        (
            "FunctionExecutionError",
            ["FunctionInvocations", "FunctionComputeUtilization", "FunctionExecutionErrors"],
        ),
        (
            "FunctionValidationError",
            ["FunctionInvocations", "FunctionComputeUtilization", "FunctionValidationErrors"],
        ),
        ("FunctionThrottledError", ["FunctionThrottles"]),
    ],
)
def test_a_call(outcome: str, names: list[str]) -> None:
    told: list[tuple[object, ...]] = []
    FunctionMetrics(lambda *figure: told.append(figure))("f", 0.00021, outcome)
    assert [name for _, name, *_ in told] == names
    for namespace, name, dimensions, unit, value, times in told:
        assert (namespace, times) == ("AWS/CloudFront", 1)
        assert dimensions == (("FunctionName", "f"), ("Region", "Global"))
        utilisation = name == "FunctionComputeUtilization"
        assert (unit, value) == (("Percent", 21.0) if utilisation else ("None", 1.0))
