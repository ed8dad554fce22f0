"""The rules engine of one Region: messages in, actions out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.rules.actions.action import ActionError, Origin, Parameters, Result
from lambda_nb.engine.iot.rules.actions.http import DESTINATION, HTTP
from lambda_nb.engine.iot.rules.actions.republish import HOPS
from lambda_nb.engine.iot.rules.configuration import Configuration, ConfigurationError, Loaded
from lambda_nb.engine.iot.rules.destinations import Confirmations
from lambda_nb.engine.iot.rules.execution import Execution, Pending, error_document
from lambda_nb.engine.iot.rules.journal import Journal
from lambda_nb.engine.iot.rules.log_entries import RuleLog
from lambda_nb.engine.iot.rules.rule import Action, Rule
from lambda_nb.engine.iot.rules.rule_figures import RuleFigures
from lambda_nb.engine.iot.rules.runner import Runner
from lambda_nb.engine.iot.rules.sql_view import SqlView
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.iot.sql import NO_MATCH, EvaluationError, Scope, to_payload
from lambda_nb.engine.iot.topic_filters import BASIC_INGEST
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.engine.steady_clock import steady_time

log = logging.getLogger(__name__)


class Rules:
    """The topic rules of a Region.

    A message is taken once all that its rules have to do is done, or in the journal. So nothing
    that was acknowledged is lost when the engine is killed; some of it may be done twice.

    Parameters
    ----------
    surroundings
        The engine.

    Raises
    ------
    DatabaseError
        The journal is damaged.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._configuration = Configuration(surroundings)
        self._confirmations = Confirmations(surroundings)
        self._journal = Journal(surroundings.journal)
        self._log = RuleLog(surroundings.logs, surroundings.account)
        self._figures = RuleFigures(surroundings.figures)
        self._runner = Runner(surroundings, self._journal, self._log, self._figures, self._advance)
        self._untap: list[Callable[[], None]] = []
        self._early: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the broker's messages, and go on with what an earlier engine left."""
        topics = self._surroundings.topics
        self._untap = [topics.tap(each, self.receive) for each in ("#", "$aws/#")]
        self._surroundings.changes.watch(self._surroundings.region, self._confirmations.look)
        for execution in self._journal.left():
            self._runner.put(execution)
        self._early = asyncio.ensure_future(self._read_early())

    async def _read_early(self) -> None:
        """Read the rules before the first message, which would wait for that."""
        with contextlib.suppress(ConfigurationError):  # then that message tries it once more
            await self._configuration.current()

    async def close(self) -> None:
        """Stop; what is not done is done after the next start."""
        for untap in self._untap:
            untap()
        if self._early is not None:
            await cancelled([self._early])
        await self._confirmations.close()
        await self._runner.close()
        self._journal.close()

    def __len__(self) -> int:
        """Executions whose actions are not done."""
        return self._runner.waiting

    def receive(self, message: Message) -> Awaitable[None] | None:
        """Run the rules that a message is for.

        Returns
        -------
        awaitable or None
            Ends when the message is taken; ``None`` if no rule is for it. It raises
            ``ConfigurationError`` if the rules cannot be read, ``sqlite3.Error`` if the journal
            cannot be written.
        """
        loaded = self._configuration.now()
        topic = message.topic
        if loaded is None or topic.startswith(BASIC_INGEST) or loaded.by_topic.find(topic):
            return self._receive(message)
        return None

    async def _receive(self, message: Message) -> None:
        loaded = self._configuration.now() or await self._configuration.current()
        self._log.levels = loaded.levels
        hops = HOPS.get()
        if not hops and self._runner.is_full:
            await self._runner.room()
        if message.topic.startswith(BASIC_INGEST):
            await self._ingest(message, loaded, hops)
            return
        rules = loaded.by_topic.find(message.topic)
        trace = uuid4()
        for rule in rules:
            origin = Origin(rule.name, rule.arn, message, message.topic, trace, hops)
            await self._take(rule, origin, loaded)

    async def _ingest(self, message: Message, loaded: Loaded, hops: int) -> None:
        """Basic Ingest: one rule, whatever its FROM says; it sees the topic without the prefix."""
        name, _, topic = message.topic.removeprefix(BASIC_INGEST).partition("/")
        seen = Message(
            topic=topic,
            payload=message.payload,
            qos=message.qos,
            sender=message.sender,
            properties=message.properties,
        )
        rule = loaded.by_name.get(name)
        arn = rule.arn if rule else ""
        origin = Origin(name, arn, seen, message.topic, uuid4(), hops)
        if rule is None:
            self._figures.not_found(name)
            self._log.not_found(origin)
            return
        await self._take(rule, origin, loaded)

    async def _take(self, rule: Rule, origin: Origin, loaded: Loaded) -> None:
        self._figures.topic_match(rule.name)
        self._log.matched(origin)
        execution = Execution(origin, steady_time())
        if not rule.asks_others:
            await self._evaluate(execution, rule, loaded, at_once=True)
            if not execution.pending:
                return
        await self._journal.add(execution)
        self._runner.put(execution)

    async def _evaluate(
        self, execution: Execution, rule: Rule, loaded: Loaded, *, at_once: bool
    ) -> None:
        """Evaluate the query; then the actions that it asks for are pending, or already done.

        ``at_once`` is for an execution that is not in the journal yet.
        """
        origin = execution.origin
        scope = self._open(rule, origin)
        execution.stage = "actions"
        try:
            value = await rule.query.answer(scope)
        except (EvaluationError, AWSError) as error:
            self._log.function_failed(origin, str(error))
            log.warning("the query of topic rule %s failed: %s", rule.name, error)
            return
        except Exception:
            log.exception("the query of topic rule %s could not be evaluated", rule.name)
            return
        if isinstance(scope.payload, bytes) and not isinstance(value, bytes):
            self._figures.parse_error(rule.name)
        if value is NO_MATCH:
            return
        self._figures.executed()
        result = Result(value, to_payload(value))
        execution.payload = result.payload
        for action in rule.actions:
            await self._prepare(execution, action, result, scope, loaded)
        if at_once:
            for pending in [one for one in execution.pending if one.kind.at_once]:
                if await self._runner.attempt(execution, pending) is None:
                    execution.pending.remove(pending)
            if not execution.pending and execution.failures:
                await self._fall_back(execution, rule, loaded)

    async def _prepare(
        self,
        execution: Execution,
        action: Action,
        result: Result,
        scope: Scope,
        loaded: Loaded,
    ) -> None:
        """Fill in the fields of an action for this message: it is pending, or has failed."""
        kind = action.kind
        parameters: Parameters = action.given
        try:
            parameters = await action.filled(scope)
            if kind is HTTP:
                through = loaded.destination(parameters["url"], parameters.get("confirmationUrl"))
                parameters = {**parameters, DESTINATION: through}
            parameters = kind.prepare(parameters, result)
        except ActionError as error:
            self._runner.failed(execution, Pending(kind, parameters), error)
        except (EvaluationError, AWSError) as error:
            self._runner.failed(execution, Pending(kind, parameters), ActionError(str(error)))
        except Exception as error:
            log.exception("the action %s of a topic rule could not be prepared", kind.name)
            internal = ActionError(f"an internal error: {error!r}")
            self._runner.failed(execution, Pending(kind, parameters), internal)
        else:
            execution.pending.append(Pending(kind, parameters))

    async def _advance(self, execution: Execution) -> None:
        """Bring an execution to its next stage; nothing is pending in it if that was the last."""
        if execution.stage == "error" or (execution.stage == "actions" and not execution.failures):
            return
        loaded = await self._configuration.current()
        rule = loaded.by_name.get(execution.origin.rule)
        if rule is None:
            log.warning(
                "topic rule %s is gone: what it had to do for a message of %s is left",
                execution.origin.rule,
                execution.origin.topic,
            )
            execution.stage = "error"
            return
        if execution.stage == "query":
            await self._evaluate(execution, rule, loaded, at_once=False)
            if execution.pending:
                self._journal.change(execution)
                return
        if execution.failures:
            await self._fall_back(execution, rule, loaded)
            if execution.pending:
                self._journal.change(execution)

    async def _fall_back(self, execution: Execution, rule: Rule, loaded: Loaded) -> None:
        """Make the error action pending, with the failures as its payload."""
        told = error_document(execution)
        execution.stage = "error"
        if rule.error_action is None:
            return
        result = Result(told, to_payload(told))
        execution.payload = result.payload
        execution.failures = []
        scope = self._open(rule, execution.origin)
        if rule.query.variables:  # the error action's fields may use them
            with contextlib.suppress(EvaluationError, AWSError):
                await rule.query.answer(scope)
        await self._prepare(execution, rule.error_action, result, scope, loaded)

    def _open(self, rule: Rule, origin: Origin) -> Scope:
        view = SqlView(self._surroundings, rule.arn, origin.trace)
        return rule.query.open(origin.message, view)
