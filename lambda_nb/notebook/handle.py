"""The handle of a function: call it, map it, read its logs."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook import display
from lambda_nb.notebook.answer import Answer
from lambda_nb.notebook.deploy import refused
from lambda_nb.notebook.errors import FunctionError, NotebookError, Throttled
from lambda_nb.notebook.package import Package
from lambda_nb.notebook.session import Session

if TYPE_CHECKING:
    from lambda_nb.traces import Trace

MOST_RETRIES = 12
"""Times that ``map`` asks again after a throttle."""
_FRAME = re.compile(r'\s*File "(?P<file>[^"]*)", line (?P<line>\d+)(?:, in (?P<function>.*))?')


class Function:
    """A Lambda function, as a notebook uses it.

    ``f(event)`` runs it and gives its result; :meth:`invoke` gives log, duration and bill beside it;
    :meth:`map` runs many events at once; :meth:`submit` gives a Future.

    Attributes
    ----------
    name
        The function's name.
    client
        A boto3 Lambda client for the endpoint it lives at.
    """

    def __init__(self, session: Session, name: str, package: Package | None = None) -> None:
        self._session = session
        self._package = package
        self._pool: ThreadPoolExecutor | None = None
        self.name = name

    @property
    def client(self) -> Any:
        """A boto3 Lambda client for the endpoint that the notebook is connected to."""
        return self._session.client()

    # -- running it

    def __call__(self, event: Any = None) -> Any:
        """Run the function and return what its handler returned.

        Raises
        ------
        FunctionError
            When it fails; shows the line of the cell.
        Throttled
            When Lambda refuses the request.
        """
        answer = self.invoke(event)
        if answer.function_error:
            raise self._failure(answer)
        return answer.result

    def invoke(self, event: Any = None, *, qualifier: str | None = None, **options: Any) -> Answer:
        """Run the function and return everything that came back; a failure raises nothing.

        Parameters
        ----------
        event
            Anything that JSON can carry, or bytes to send as they are.
        qualifier
            A version or alias.
        options
            Further parameters of boto3's ``invoke``.

        Raises
        ------
        Throttled
            When Lambda refuses the request.
        NotebookError
            When the event cannot be sent.
        """
        return Answer.of(self.name, self._send(event, qualifier, LogType="Tail", **options))

    def send(self, event: Any = None, *, qualifier: str | None = None) -> str:
        """Queue an asynchronous invocation (``InvocationType=Event``); returns its request id."""
        response = self._send(event, qualifier, InvocationType="Event")
        request_id: str = response["ResponseMetadata"]["RequestId"]
        return request_id

    def submit(self, event: Any = None) -> Future[Any]:
        """Run the function in the background; the Future gives what calling it would."""
        self.client  # noqa: B018  (made here: boto3 sessions are not to be shared between threads)
        return self._executor().submit(self, event)

    def map(
        self,
        events: Iterable[Any],
        *,
        concurrency: int = 32,
        progress: bool = True,
        return_exceptions: bool = False,
    ) -> list[Any]:
        """Run the function for many events at once, and return the results in their order.

        Parameters
        ----------
        events
            One event an invocation.
        concurrency
            Requests under way at the same time.
        progress
            Whether to show a progress bar.
        return_exceptions
            Whether a failure stands in the list instead of being raised.

        Raises
        ------
        FunctionError
            Of the first event, in their order, whose invocation failed, after all have run.

        Notes
        -----
        A throttled request is sent again after a while, as AWS's SDKs do.
        """
        sent = list(events)
        if concurrency < 1:
            raise NotebookError(f"concurrency is {concurrency}; give 1 or more")
        self.client  # noqa: B018
        with ThreadPoolExecutor(min(concurrency, max(1, len(sent)))) as pool:
            futures = [pool.submit(self._persist, event) for event in sent]
            try:
                for _ in _progress(futures, self.name, shown=progress):
                    pass
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
        outcomes = [future.exception() or future.result() for future in futures]
        failures = [o for o in outcomes if isinstance(o, Exception)]
        if failures and not return_exceptions:
            if len(failures) > 1:
                failures[0].add_note(f"{len(failures)} of {len(sent)} events failed") if hasattr(
                    failures[0], "add_note"
                ) else None
            raise failures[0]
        return outcomes

    def _persist(self, event: Any) -> Any:
        for attempt in range(MOST_RETRIES):
            try:
                return self(event)
            except Throttled:
                time.sleep(random.uniform(0.0, min(5.0, 0.05 * 2**attempt)))
        return self(event)

    def _executor(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(32, thread_name_prefix=f"lambda {self.name}")
        return self._pool

    def _send(self, event: Any, qualifier: str | None, **options: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        if qualifier:
            options["Qualifier"] = qualifier
        try:
            response: dict[str, Any] = self.client.invoke(
                FunctionName=self.name, Payload=_encoded(event), **options
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "TooManyRequestsException":
                reason = error.response.get("Reason", "")
                raise Throttled(f"{self.name}: throttled ({reason})", reason) from None
            raise refused(self.name, error) from None
        except BotoCoreError as error:
            raise NotebookError(f"{self.name}: {error}") from None
        return response

    # -- what went wrong

    def _failure(self, answer: Answer) -> FunctionError:
        trace = answer.result.get("stackTrace") or answer.result.get("trace") or []
        return FunctionError(
            self.name,
            answer.error_type,
            answer.error_message,
            list(self._lines(trace)),
            answer.log,
            answer.request_id,
        )

    def _lines(self, trace: list[Any]) -> Iterator[str]:
        """The trace of the function, with files and lines of the cell where they are known."""
        for entry in trace:
            text = str(entry).rstrip("\n")
            found = _FRAME.match(text)
            package = self._package
            if found is None or package is None or not found["file"].endswith(package.module):
                if found is not None or not text.startswith("  "):
                    yield "  " + text.strip().replace("\n", "\n  ")
                continue
            number = int(found["line"]) + package.offset
            where = f", in {found['function'].splitlines()[0]}" if found["function"] else ""
            yield f"  cell line {number}{where}"
            lines = package.source.splitlines()
            if 0 < number - 1 <= len(lines):
                yield f"    {lines[number - 2].strip()}"

    # -- what there is to know

    @property
    def config(self) -> dict[str, Any]:
        """The function's configuration, as GetFunctionConfiguration gives it."""
        found: dict[str, Any] = self._asked("get_function_configuration")
        found.pop("ResponseMetadata", None)
        return found

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return str(self.config["FunctionArn"])

    def logs(self, last: int = 50) -> Log:
        """The last lines of the function's log."""
        client = self._session.client("logs")
        group = self.config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{self.name}"
        try:
            streams = client.describe_log_streams(
                logGroupName=group, orderBy="LastEventTime", descending=True, limit=20
            )["logStreams"]
        except client.exceptions.ResourceNotFoundException:
            return Log(self.name, [])
        events = []
        for stream in streams:
            found = client.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], limit=last
            )
            events += [(e["timestamp"], e["message"]) for e in found["events"]]
        events.sort(key=lambda event: event[0])
        return Log(self.name, events[-last:])

    def trace(self, **options: Any) -> Trace:
        """What was invoked when, from the logs; options are those of ``Trace.from_logs``."""
        from lambda_nb.traces import Trace

        options.setdefault("client", self._session.client("logs"))
        return Trace.from_logs(self.name, **options)

    def publish(self, description: str = "") -> str:
        """Publish a version; returns its number."""
        return str(self._asked("publish_version", Description=description)["Version"])

    def delete(self) -> None:
        """Delete the function with all its versions."""
        self._asked("delete_function")

    def _asked(self, operation: str, **options: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self.client, operation)(
                FunctionName=self.name, **options
            )
        except ClientError as error:
            raise refused(self.name, error) from None
        except BotoCoreError as error:
            raise NotebookError(f"{self.name}: {error}") from None
        return answer

    def _summary(self) -> list[tuple[str, str]]:
        config = self.config
        return [
            ("runtime", str(config.get("Runtime", config.get("PackageType", "")))),
            ("memory", f"{config.get('MemorySize', 128)} MB"),
            ("timeout", f"{config.get('Timeout', 3)} s"),
            ("state", str(config.get("State", "Active"))),
        ]

    def __repr__(self) -> str:
        return f"<Lambda function {self.name!r}>"

    def _repr_html_(self) -> str:
        try:
            figures = self._summary()
        except NotebookError as error:
            figures = [("state", str(error))]
        pills = "".join(display.pill(name, value) for name, value in figures)
        return display.card(self.name, f"<div class='lnb-row'>{pills}</div>")


class Log:
    """Log lines: times (epoch ms) and messages."""

    def __init__(self, function: str, events: list[tuple[int, str]]) -> None:
        self.function = function
        self.events = events

    def __str__(self) -> str:
        if not self.events:
            return f"{self.function}: no log yet"
        return "\n".join(
            f"{time.strftime('%H:%M:%S', time.gmtime(at / 1e3))}.{at % 1000:03d}  "
            f"{message.rstrip().replace(chr(13), chr(10) + ' ' * 14)}"
            for at, message in self.events
        )

    __repr__ = __str__


def _encoded(event: Any) -> bytes:
    if isinstance(event, (bytes, bytearray)):
        return bytes(event)
    try:
        return json.dumps({} if event is None else event).encode()
    except (TypeError, ValueError) as error:
        raise NotebookError(
            f"the event cannot be sent as JSON: {error}. Send plain dicts, lists, strings, "
            "numbers, booleans or None, or bytes that are JSON already"
        ) from None


def _progress(futures: list[Future[Any]], name: str, *, shown: bool) -> Iterable[Any]:
    from concurrent.futures import as_completed

    done = as_completed(futures)
    if not shown:
        return done
    from tqdm.auto import tqdm

    bar: Iterable[Any] = tqdm(done, total=len(futures), desc=name, unit=" invocations")
    return bar
