"""What CloudWatch is told of calls of CloudFront Functions."""

from __future__ import annotations

from collections import Counter

import pytest
from edge_functions_lab import Lab

from lambda_nb.engine.edge.functions.function_metrics import FunctionMetrics
from lambda_nb.engine.edge.model import FunctionFault


@pytest.mark.parametrize(
    ("outcome", "names"),
    [
        ("", ["FunctionInvocations", "FunctionComputeUtilization"]),
        (
            "FunctionExecutionError",
            ["FunctionInvocations", "FunctionComputeUtilization", "FunctionExecutionErrors"],
        ),
        ("FunctionValidationError", ["FunctionValidationErrors"]),
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


@pytest.mark.parametrize(
    ("code", "error"),
    [("throw new Error('no')", "Execution"), ("return {statusCode: 'x'}", "Validation")],
)
def test_a_failed_call_is_one_invocation(code: str, error: str) -> None:
    lab = Lab(f"function handler(event) {{ {code}; }}")
    with pytest.raises(FunctionFault):
        lab.request()
    counted: Counter[str] = Counter()
    metrics = FunctionMetrics(lambda *figure: counted.update([figure[1]]))
    for name, outcome in lab.measured:
        metrics(name, 0.0, outcome)
    assert counted == {
        "FunctionInvocations": 1,
        "FunctionComputeUtilization": 1,
        f"Function{error}Errors": 1,
    }
