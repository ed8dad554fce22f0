"""The values that the engine's rooms exchange: plain data without behaviour.

``control`` resolves a name to a :class:`FunctionVersion`; ``api`` and the event sources wrap a
payload in an :class:`Invocation`; ``execution`` returns an :class:`InvocationResult`, or raises
:class:`Throttled`. It also publishes every finished or refused attempt as an
:class:`InvocationRecord`, from which metrics, the invocation log and the trace are made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from lambda_nb.rules.settings import debugging

LogFormat = Literal["Text", "JSON"]
Status = Literal["success", "error", "timeout", "throttle"]
Start = Literal["warm", "cold", "provisioned", "throttle"]


@dataclass(frozen=True, slots=True)
class FileSystemMount:
    """A shared local directory that every environment of a function sees at ``mount_path``."""

    local_dir: Path
    mount_path: str
    arn: str


DEBUGGER_MB = 96
"""Memory that a debugger may use in the function's process (MB): debugpy 1.8 takes about 25, more
with many threads and large variables on show."""


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    """An immutable picture of one version of a function: all that execution needs to run it.

    ``arn`` is the unqualified function ARN. ``revision`` changes when environments of the earlier
    picture must serve no further invocation (new code, new configuration).
    """

    account: str
    region: str
    name: str
    version: str
    arn: str
    revision: str
    handler: str
    runtime: str
    code_dir: Path
    role: str = ""
    package_type: Literal["Zip", "Image"] = "Zip"
    image_uri: str = ""
    layer_dirs: tuple[Path, ...] = ()
    memory_mb: int = 128
    timeout_s: int = 3
    ephemeral_storage_mb: int = 512
    environment: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "x86_64"
    log_format: LogFormat = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None
    log_group: str = ""
    snap_start: bool = False
    tenant_isolation: bool = False
    tracing_mode: str = "PassThrough"
    runtime_version_arn: str = ""
    file_systems: tuple[FileSystemMount, ...] = ()
    durable: bool = False
    code_sha256: str = ""

    @property
    def qualified_arn(self) -> str:
        """The ARN with this version as its qualifier."""
        return f"{self.arn}:{self.version}"

    @property
    def debug_port(self) -> int | None:
        """The port on which it can be debugged (0: any), or ``None``.

        An environment variable asks for it: :mod:`lambda_nb.rules.settings.debugging`.
        """
        return debugging.asked_port(self.environment.get(debugging.VARIABLE, ""))

    @property
    def memory_limit_mb(self) -> int:
        """The memory that its processes may use (MB): a debugger's own comes on top."""
        return self.memory_mb + (0 if self.debug_port is None else DEBUGGER_MB)


ResponseStart = Callable[[str], Awaitable[None]]
ResponseChunk = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class Invocation:
    """One attempt to run a function.

    Retries of an asynchronous event share ``request_id``. ``invoked_arn`` is the ARN as the caller
    wrote it (with the alias, if any). ``client_context`` is the decoded JSON text. With
    ``on_chunk`` the caller takes a streamed response: each chunk is passed on as it comes
    (``on_start`` first, with the content type); a buffered handler then makes exactly one chunk.
    A ``steady`` caller is not cancelled before the response, unless the engine ends. With
    ``patience_s``, an attempt waits so many seconds for concurrency and is not throttled at once.
    """

    request_id: str
    payload: bytes
    invoked_arn: str
    client_context: str | None = None
    cognito_identity: str | None = None
    trace_header: str | None = None
    tenant_id: str | None = None
    source: str = "invoke"
    on_start: ResponseStart | None = None
    on_chunk: ResponseChunk | None = None
    durable_execution_name: str | None = None
    steady: bool = False
    patience_s: float | None = None


@dataclass(slots=True)
class InvocationResult:
    """The result of a finished invocation.

    ``payload`` is the response, or the error object when ``function_error`` is set (always
    ``"Unhandled"``, as in every recording of AWS). ``log_tail`` is the last 4 KB of the
    invocation's log, START to REPORT, not yet base64. Times are milliseconds.
    """

    request_id: str
    payload: bytes
    executed_version: str
    function_error: str | None = None
    error_type: str | None = None
    status: Status = "success"
    start: Start = "warm"
    log_stream: str = ""
    log_tail: bytes = b""
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float | None = None
    max_memory_mb: int = 0
    durable_execution_arn: str = ""


class InvocationRecord(NamedTuple):
    """One attempt as the scheduler saw it; one row of the engine's trace.

    ``arrival_ns`` and ``finish_ns`` are epoch nanoseconds, exactly the times that ``rules.fleet``
    got; no two events have the same time. ``finish_ns`` equals ``arrival_ns`` for a throttle.
    ``environment`` is the log stream's name (empty for a throttle). ``code_sha256`` is Lambda's
    ``CodeSha256`` of the code that ran, so that the two sides of an update can be told apart.
    """

    function: str
    version: str
    request_id: str
    arrival_ns: int
    finish_ns: int
    start: Start
    status: Status
    reason: str = ""
    error_type: str = ""
    environment: str = ""
    log_group: str = ""
    source: str = "invoke"
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float | None = None
    memory_mb: int = 128
    max_memory_mb: int = 0
    ephemeral_storage_mb: int = 512
    architecture: str = "x86_64"
    alias: str = ""
    concurrency: int = 0
    code_sha256: str = ""


class Throttled(Exception):  # noqa: N818
    """The request is throttled (429); ``reason`` is one of AWS's ``ThrottleReason`` values."""

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class LogSink(Protocol):
    """Receives log lines. Never blocks, never raises: it sends the lines in batches."""

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        """Queue one log event."""


class RecordSink(Protocol):
    """Receives every attempt (metrics, invocation log). Never blocks, never raises."""

    def record(self, record: InvocationRecord) -> None:
        """Record one attempt."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made an API call, as Signature V4 showed (or as ``--auth none`` assumes)."""

    account: str
    region: str
    access_key: str = ""
    arn: str = ""


Request = dict[str, Any]
Response = dict[str, Any]
Operation = Callable[[Request, Caller], "Response | Awaitable[Response]"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """The function version found for a name or ARN and a qualifier, for one invocation.

    ``invoked_arn`` is the ARN the handler sees in its context (qualified only when the caller
    qualified it); ``alias`` names the alias that chose the version, if one did.
    """

    function: FunctionVersion
    invoked_arn: str
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A version that a name or ARN means, whether it can be invoked now or not.

    ``qualifier`` is the caller's, if there is one; ``arn`` is the function's, unqualified.
    """

    name: str
    qualifier: str | None
    version: str
    arn: str


class FetchFailed(Exception):  # noqa: N818
    """An S3 object could not be read: ``code`` and ``message`` are S3's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class FetchObject(Protocol):
    """Reads one S3 object through the neighbours. Raises :class:`FetchFailed`."""

    async def __call__(self, bucket: str, key: str, version: str | None) -> bytes:
        """Return the object's bytes."""


class Probe(Protocol):
    """Checks that resources in a request exist. Raises :class:`FetchFailed` if they do not."""

    async def source(self, arn: str) -> None:
        """Return if a queue or stream exists."""

    async def vpc(self, subnets: list[str], groups: list[str]) -> str:
        """Return the VPC of subnets and security groups; empty without subnets."""


class ProvisionedStatus(NamedTuple):
    """The status of a version's provisioned environments.

    ``failure`` is AWS's ``StatusReason`` when they could not be initialised, else empty.
    """

    available: int
    allocated: int
    failure: str = ""


class ControlHooks(Protocol):
    """Calls from control to execution, on the event loop's thread; none may block or raise."""

    def code_changed(self, function_name: str, version: str) -> None:
        """Send the version's current environments no more invocations; let busy ones finish."""

    def deleted(self, function_name: str, version: str | None) -> None:
        """End the environments of one version, or (``None``) of the whole function."""

    def reserved(self, function_name: str, concurrency: int | None) -> None:
        """Set the function's reserved concurrency; ``None`` returns it to the account's pool."""

    def provisioned(self, function_name: str, version: str, environments: int) -> None:
        """Keep this many environments of the version initialised; 0 ends them."""

    def snapshot(self, function: FunctionVersion, taken: Callable[[str], None]) -> None:
        """SnapStart: run a published version's init phase and keep the result.

        ``taken`` is called once: with the error type of the failed init phase, or an empty text.
        """

    def prepare(self, function: FunctionVersion) -> None:
        """Prepare in the background what the first environment of a version will need."""

    def provisioned_status(self, function_name: str, version: str) -> ProvisionedStatus:
        """Return how many provisioned environments there are, and why there are no more."""
