"""The metrics of rules in CloudWatch (metrics_dimensions, "Rule metrics")."""

from __future__ import annotations

from lambda_nb.engine.iot.rules.actions.action import Kind
from lambda_nb.engine.iot.rules.surroundings import Dimensions, Figures

NAMESPACE = "AWS/IoT"


class RuleFigures:
    """Counts what rules do.

    Parameters
    ----------
    figures
        Takes the metrics.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def topic_match(self, rule: str) -> None:
        """A message is one of a rule's topic filter."""
        self._count("TopicMatch", (("RuleName", rule),))

    def parse_error(self, rule: str) -> None:
        """A message is not JSON, and the rule's query reads its members."""
        self._count("ParseError", (("RuleName", rule),))

    def not_found(self, rule: str) -> None:
        """Basic Ingest names a rule that is not there."""
        self._count("RuleNotFound", (("RuleName", rule),))

    def executed(self) -> None:
        """A rule's actions run."""
        self._count("RulesExecuted", ())

    def action(self, rule: str, kind: Kind, *, failed: bool, error_action: bool) -> None:
        """An action is done, or has failed."""
        name = ("ErrorAction" if error_action else "") + ("Failure" if failed else "Success")
        self._count(name, (("RuleName", rule), ("ActionType", kind.metric_type)))

    def named(self, metric: str, rule: str) -> None:
        """A metric that a failure of the HTTP action has."""
        self._count(metric, (("RuleName", rule),))

    def _count(self, name: str, dimensions: Dimensions) -> None:
        self._figures.service_figure(NAMESPACE, name, dimensions, "Count", 1.0)
