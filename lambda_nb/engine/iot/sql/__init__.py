"""The SQL of AWS IoT: rules read messages with it, and fill the fields of their actions by it.

``parse`` compiles a statement once; ``Query.evaluate`` answers for a message; ``substitute`` fills
``${...}``; ``to_payload`` makes the bytes that an action sends. The source is the developer guide,
its pages ``iot-sql-*``, ``iot-rule-sql-version``, ``iot-substitution-templates`` and
``binary-payloads``.
"""

from __future__ import annotations

from lambda_nb.engine.iot.sql.errors import EvaluationError, SqlError
from lambda_nb.engine.iot.sql.json_text import to_payload
from lambda_nb.engine.iot.sql.query import Query, parse
from lambda_nb.engine.iot.sql.scope import Scope
from lambda_nb.engine.iot.sql.surroundings import SqlSurroundings
from lambda_nb.engine.iot.sql.templates import Template, parse_template, substitute
from lambda_nb.engine.iot.sql.values import NO_MATCH, UNDEFINED

__all__ = [
    "NO_MATCH",
    "UNDEFINED",
    "EvaluationError",
    "Query",
    "Scope",
    "SqlError",
    "SqlSurroundings",
    "Template",
    "parse",
    "parse_template",
    "substitute",
    "to_payload",
]
