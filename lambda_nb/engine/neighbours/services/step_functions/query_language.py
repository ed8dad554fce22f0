"""JSONata in state machines, which moto leaves to a Java library that it does not bring."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import json
import random
import sys
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded
from lambda_nb.engine.neighbours.services.step_functions.tasks.failures import failure

MISSING = (
    "JSONata needs the package jsonata-python: install it (pip install jsonata-python) and start "
    "the engine again"
)
FAILED = "States.QueryEvaluationError"
LONGEST_EVALUATION = 10.0  # seconds; the engine's own bound: AWS publishes none
_HASHES = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")


def install() -> None:
    """Let moto's interpreter evaluate JSONata in this process."""
    # Other modules of moto import its functions by name: they must find ours.
    when_loaded("moto.stepfunctions.parser.asl.jsonata.jsonata", _patch)
    when_loaded("moto.stepfunctions.parser.asl.component.intrinsic.jsonata", _drop_functions)
    when_loaded(
        "moto.stepfunctions.parser.asl.component.common.string.string_expression", _name_errors
    )


def is_available() -> bool:
    """Whether JSONata can be evaluated."""
    return importlib.util.find_spec("jsonata") is not None


def _patch() -> None:
    from moto.stepfunctions.parser.asl.jsonata import jsonata

    module: Any = jsonata
    module.eval_jsonata_expression = evaluate
    module.encode_jsonata_variable_declarations = declarations


def _drop_functions() -> None:
    """moto declares Step Functions' own functions in each expression; some only say so."""
    from moto.stepfunctions.parser.asl.component.intrinsic import jsonata

    module: Any = jsonata
    module._DECLARATION_BY_VARIABLE_REFERENCE.clear()


def _name_errors() -> None:
    """Fail a state whose expression cannot be evaluated as AWS does: it can be caught."""
    from moto.stepfunctions.parser.asl.component.common.string import string_expression

    expression: Any = string_expression.StringJSONata
    original = expression._eval_body

    def eval_body(self: Any, env: Any) -> None:
        from moto.stepfunctions.parser.asl.jsonata.jsonata import JSONataException

        try:
            original(self, env)
        except JSONataException as error:
            raise _failed(env, self.expression, str(error.details)) from error

    expression._eval_body = eval_body


def _failed(env: Any, expression: str, reason: str) -> Exception:
    cause = f"The JSONata expression '{expression}' threw an error: {reason}"
    told = {"error": FAILED, "cause": cause}
    return failure(env, "EvaluationFailed", "evaluationFailedEventDetails", told)


def evaluate(expression: str, seconds: float = LONGEST_EVALUATION) -> Any:
    """The value of an expression, as JSON has it; ``None`` if it selects nothing.

    ``seconds`` bounds its evaluation, which shares the engine's process.

    Raises
    ------
    JSONataException
        moto's, with what is wrong.
    """
    from moto.stepfunctions.parser.asl.jsonata.jsonata import JSONataException

    failure: Any = JSONataException
    if not is_available():
        raise failure("UNKNOWN", MISSING)
    try:
        parsed = _library().Jsonata(expression, timeout=round(seconds * 1000))
        for name, function in FUNCTIONS.items():
            parsed.register_lambda(name, function)
        return json.loads(json.dumps(parsed.evaluate(None)))
    except Exception as error:  # the library's, or of a function below
        raise failure("UNKNOWN", str(error)) from error


@functools.cache
def _library() -> Any:
    """The package, without what its import does to the process.

    It raises the recursion limit for all: readers of this engine refuse by it what is nested too
    deeply.
    """
    limit = sys.getrecursionlimit()
    try:
        # By name: the package has no types.
        return importlib.import_module("jsonata")
    finally:
        sys.setrecursionlimit(limit)


def declarations(bindings: Mapping[str, Any]) -> str:
    """Assignments that an expression begins with, by the name with its dollar sign."""
    from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

    return "".join(f"{name}:={to_json_str(value)};" for name, value in bindings.items())


def _partition(items: list[Any], size: float) -> list[list[Any]]:
    step = int(size)
    return [items[at : at + step] for at in range(0, len(items), step)]


def _range(first: float, last: float, step: float) -> list[int]:
    start, stop, by = int(first), int(last), int(step)
    return list(range(start, stop + (1 if by > 0 else -1), by))


def _hash(text: str, algorithm: str) -> str:
    if algorithm not in _HASHES:
        raise ValueError(f"{algorithm} is not one of {', '.join(_HASHES)}")
    return hashlib.new(algorithm.replace("-", "").lower(), text.encode()).hexdigest()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": lambda *seed: random.Random(*seed).random(),
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
}
"""What Step Functions adds to JSONata (Developer Guide, transforming-data)."""
