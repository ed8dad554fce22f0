"""The figures of CloudFront Functions in CloudWatch.

CloudFront Developer Guide, "Types of metrics for CloudFront", 2026: in us-east-1, with the
dimensions ``FunctionName`` and ``Region`` (always ``Global``).
"""

from __future__ import annotations

from lambda_nb.engine.edge.figures import NAMESPACE, Figure
from lambda_nb.rules.edge.functions.compute import utilisation

_ERRORS = {
    "FunctionExecutionError": "FunctionExecutionErrors",
    "FunctionThrottledError": "FunctionThrottles",
    "FunctionValidationError": "FunctionValidationErrors",
}


class FunctionMetrics:
    """Takes note of calls.

    Parameters
    ----------
    figure
        Takes figures, for us-east-1.
    """

    def __init__(self, figure: Figure) -> None:
        self._figure = figure

    def __call__(self, name: str, seconds: float, outcome: str) -> None:
        """Note how a call went. One whose result is invalid is noted twice: as a call that went
        well, and as ``FunctionValidationError``.

        Parameters
        ----------
        name
            The function's.
        seconds
            CPU time that it took.
        outcome
            Its word in ``X-Cache`` if it failed, else empty.
        """
        if outcome in ("", "FunctionExecutionError"):
            self._note(name, "FunctionInvocations", "None", 1.0)
            self._note(name, "FunctionComputeUtilization", "Percent", float(utilisation(seconds)))
        if outcome in _ERRORS:
            self._note(name, _ERRORS[outcome], "None", 1.0)

    def _note(self, function: str, name: str, unit: str, value: float) -> None:
        dimensions = (("FunctionName", function), ("Region", "Global"))
        self._figure(NAMESPACE, name, dimensions, unit, value, 1)
