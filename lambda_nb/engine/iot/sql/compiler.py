"""Compiles expressions to closures, once for a statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from lambda_nb.engine.iot.sql import tree
from lambda_nb.engine.iot.sql.casts import CASTS, NEWER_CASTS
from lambda_nb.engine.iot.sql.errors import EvaluationError, SqlError
from lambda_nb.engine.iot.sql.functions.function import Function
from lambda_nb.engine.iot.sql.functions.protobuf_function import DECODE_PROTOBUF
from lambda_nb.engine.iot.sql.functions.table import FUNCTIONS, REFUSED
from lambda_nb.engine.iot.sql.operators import COMPARES, OF_ONE, OF_TWO, equals
from lambda_nb.engine.iot.sql.scope import Run, Scope
from lambda_nb.engine.iot.sql.selection import select
from lambda_nb.engine.iot.sql.values import UNDEFINED, integral_as_int, to_boolean

NEWER: Final = "2016-03-23"
OLDER: Final = "2015-10-08"
VERSIONS: Final = (OLDER, NEWER, "beta")
"""SQL versions (iot-rule-sql-version)."""


def error_at(position: tree.Position, sentence: str) -> SqlError:
    """Return an error that says where it is."""
    return SqlError(f"{sentence} (line {position.line}, column {position.column})", *position)


class Compiler:
    """Turns the expressions of one statement into closures.

    Parameters
    ----------
    version
        The SQL version.
    variables
        The names that ``@name`` may have so far.
    in_template
        Whether it is ``${...}``.
    """

    def __init__(self, version: str, variables: set[str], *, in_template: bool = False) -> None:
        self.is_newer = version != OLDER
        self.variables = variables
        self.asks = False
        """Whether something compiled calls the world outside."""
        self._in_template = in_template
        self._calls: Counter[str] = Counter()
        # Names of elements: None for the statement itself, the AS name of an inner query else.
        self._aliases: list[str | None] = []
        self._compilers: dict[type, Callable[[Any], Run]] = {
            tree.Constant: self._constant, tree.Name: self._name, tree.Variable: self._variable,
            tree.Star: self._star, tree.Member: self._member, tree.ArrayLiteral: self._array,
            tree.ObjectLiteral: self._object, tree.Unary: self._unary, tree.Binary: self._binary,
            tree.Case: self._case, tree.Cast: self._cast, tree.Call: self._call,
            tree.Exists: self._exists, tree.Subquery: self._subquery,
        }  # fmt: skip

    def compile(self, expression: tree.Expression) -> Run:
        """Return the closure of an expression.

        Raises
        ------
        SqlError
            It names what there is not, or what the SQL version does not have.
        """
        return self._compilers[type(expression)](expression)

    def _constant(self, node: tree.Constant) -> Run:
        value = node.value
        if self.is_newer and isinstance(value, Decimal):
            value = integral_as_int(value)
        return lambda scope, row: value

    def _name(self, node: tree.Name) -> Run:
        name = node.name
        if self._aliases and self._aliases[-1] == name:
            return lambda scope, row: row

        def read(scope: Scope, row: Any) -> Any:
            return row.get(name, UNDEFINED) if type(row) is dict else UNDEFINED

        return read

    def _variable(self, node: tree.Variable) -> Run:
        name = node.name
        if name not in self.variables:
            raise error_at(node.position, f"The variable @{name} is not set.")
        return lambda scope, row: scope.variables[name]

    def _star(self, _: tree.Star) -> Run:
        return lambda scope, row: UNDEFINED if type(row) is bytes else row

    def _raw_star(self) -> Run:
        if self._aliases:
            return lambda scope, row: row
        return lambda scope, row: scope.message.payload

    def _member(self, node: tree.Member) -> Run:
        of, name = self.compile(node.of), node.name

        def read(scope: Scope, row: Any) -> Any:
            value = of(scope, row)
            return value.get(name, UNDEFINED) if type(value) is dict else UNDEFINED

        return read

    def _needs_newer(self, what: str, position: tree.Position) -> None:
        if not self.is_newer:
            raise error_at(position, f"{what} SQL version {NEWER} or later.")

    def _array(self, node: tree.ArrayLiteral) -> Run:
        self._needs_newer("Array literals need", node.position)
        items = [self.compile(item) for item in node.items]

        def build(scope: Scope, row: Any) -> Any:
            values = [item(scope, row) for item in items]
            return [value for value in values if value is not UNDEFINED]

        return build

    def _object(self, node: tree.ObjectLiteral) -> Run:
        self._needs_newer("Object literals need", node.position)
        members = [(name, self.compile(value)) for name, value in node.members]

        def build(scope: Scope, row: Any) -> Any:
            values = {name: value(scope, row) for name, value in members}
            return {name: value for name, value in values.items() if value is not UNDEFINED}

        return build

    def _unary(self, node: tree.Unary) -> Run:
        operand, apply = self.compile(node.operand), OF_ONE[node.operator]
        if node.operator == "-" and type(node.operand) is tree.Constant:
            value = apply(operand(None, None))  # type: ignore[arg-type]
            return lambda scope, row: value
        return lambda scope, row: apply(operand(scope, row))

    def _binary(self, node: tree.Binary) -> Run:
        left, right = self.compile(node.left), self.compile(node.right)
        if node.operator == "AND":
            return _both(left, right)
        if node.operator == "OR":
            return _either(left, right)
        apply, compare = OF_TWO[node.operator], COMPARES.get(node.operator)
        if compare is None:
            return lambda scope, row: apply(left(scope, row), right(scope, row))

        def answer(scope: Scope, row: Any) -> Any:
            a, b = left(scope, row), right(scope, row)
            kind = type(a)
            if kind is type(b) and (kind is int or kind is Decimal):
                return compare(a, b)
            return apply(a, b)

        return answer

    def _case(self, node: tree.Case) -> Run:
        subject = self.compile(node.subject)
        branches = [(self.compile(when), self.compile(then)) for when, then in node.branches]
        otherwise = None if node.otherwise is None else self.compile(node.otherwise)

        def choose(scope: Scope, row: Any) -> Any:
            value = subject(scope, row)
            if value is UNDEFINED:
                return UNDEFINED
            for when, then in branches:
                if equals(value, when(scope, row)) is True:
                    return then(scope, row)
            return UNDEFINED if otherwise is None else otherwise(scope, row)

        return choose

    def _cast(self, node: tree.Cast) -> Run:
        convert, value = CASTS.get(node.type), self.compile(node.value)
        if convert is None:
            raise error_at(node.position, f"There is no type {node.type} to cast to.")
        if node.type in NEWER_CASTS:
            self._needs_newer(f"The type {node.type} needs", node.position)
        return lambda scope, row: convert(value(scope, row))

    def _exists(self, node: tree.Exists) -> Run:
        query = self._subquery(node.query)

        def answer(scope: Scope, row: Any) -> bool:
            found = query(scope, row)
            return found is not UNDEFINED and found != []

        return answer

    def _subquery(self, node: tree.Subquery) -> Run:
        self._needs_newer("Nested queries need", node.position)
        source = self.compile(node.source)
        self._aliases.append(node.alias)
        pick = select(node.selection, self.compile, error_at)
        where = None if node.where is None else self.compile(node.where)
        self._aliases.pop()

        def look(scope: Scope, row: Any) -> Any:
            elements = source(scope, row)
            if elements is UNDEFINED or elements is None:
                return UNDEFINED
            is_array = type(elements) is list
            found = [
                pick(scope, element)
                for element in (elements if is_array else [elements])
                if where is None or to_boolean(where(scope, element)) is True
            ]
            found = [value for value in found if value is not UNDEFINED]
            return found if is_array else found[0] if found else UNDEFINED

        return look

    def _call(self, node: tree.Call) -> Run:
        if node.name in REFUSED:
            raise error_at(node.position, REFUSED[node.name])
        if node.name == "get_or_default":
            return self._get_or_default(node)
        function = FUNCTIONS.get(node.name)
        if node.name == "decode" and _says(node.arguments[1:2], "proto"):
            function = DECODE_PROTOBUF
            if self._in_template:
                raise error_at(
                    node.position,
                    "Decoding protobuf within substitution templates is not supported.",
                )
        if function is None:
            raise error_at(node.position, f"There is no function {node.name}.")
        if function.newer:
            self._needs_newer(f"The function {node.name} needs", node.position)
        self._count(node, function)
        arguments = [
            self._raw_star()
            if function.raw and type(argument) is tree.Star
            else self.compile(argument)
            for argument in node.arguments
        ]
        if not function.takes(len(arguments)):
            return lambda scope, row: UNDEFINED
        self.asks = self.asks or function.outside
        return _calling(function, arguments)

    def _count(self, node: tree.Call, function: Function) -> None:
        """Refuse more calls than a statement may make, and variables where none may stand."""
        most = function.at_most
        name = "decode of protobuf" if function is DECODE_PROTOBUF else node.name
        self._calls[name] += 1
        if most is not None and self._calls[name] > most:
            times = "one time" if most == 1 else f"{most} times"
            raise error_at(
                node.position,
                f"{name} can be called a maximum of {times} per SQL statement.",
            )
        for index in function.fixed:
            if index < len(node.arguments) and isinstance(node.arguments[index], tree.Variable):
                raise error_at(
                    node.position, f"This parameter of {node.name} does not support variables."
                )
        if function.check is not None and function.takes(len(node.arguments)):
            try:
                function.check([_constant_of(argument) for argument in node.arguments])
            except EvaluationError as error:
                raise error_at(node.position, str(error)) from None

    def _get_or_default(self, node: tree.Call) -> Run:
        self._needs_newer("The function get_or_default needs", node.position)
        if not 1 <= len(node.arguments) <= 2:
            return lambda scope, row: UNDEFINED
        value = self.compile(node.arguments[0])
        asked, self.asks = self.asks, False
        default: Run = (
            self.compile(node.arguments[1])
            if len(node.arguments) == 2
            else lambda scope, row: UNDEFINED
        )
        if self.asks:
            raise error_at(
                node.position,
                "Functions that fetch data are not allowed for the defaultValue of get_or_default.",
            )
        self.asks = asked

        def answer(scope: Scope, row: Any) -> Any:
            try:
                found = value(scope, row)
            except EvaluationError:
                found = UNDEFINED
            return default(scope, row) if found is UNDEFINED or found is None else found

        return answer


def _constant_of(argument: tree.Expression) -> Any:
    return argument.value if isinstance(argument, tree.Constant) else UNDEFINED


def _says(arguments: tuple[tree.Expression, ...], text: str) -> bool:
    return arguments == (tree.Constant(text),)


def _both(left: Run, right: Run) -> Run:
    """AND: false if one side is, true if both are, else Undefined."""

    def answer(scope: Scope, row: Any) -> Any:
        first = to_boolean(left(scope, row))
        if first is False:
            return False
        second = to_boolean(right(scope, row))
        return second if first is True or second is False else UNDEFINED

    return answer


def _either(left: Run, right: Run) -> Run:
    """OR: true if one side is, false if both are not, else Undefined."""

    def answer(scope: Scope, row: Any) -> Any:
        first = to_boolean(left(scope, row))
        if first is True:
            return True
        second = to_boolean(right(scope, row))
        return second if first is False or second is True else UNDEFINED

    return answer


def _calling(function: Function, arguments: list[Run]) -> Run:
    body = function.body
    if function.of_message:
        return lambda scope, row: body(scope, *[argument(scope, row) for argument in arguments])
    if len(arguments) == 1:
        only = arguments[0]
        return lambda scope, row: body(only(scope, row))
    if len(arguments) == 2:
        first, second = arguments
        return lambda scope, row: body(first(scope, row), second(scope, row))
    return lambda scope, row: body(*[argument(scope, row) for argument in arguments])
