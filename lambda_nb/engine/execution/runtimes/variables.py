"""The environment variables of a function's processes (facts/executor.md section 6)."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.execution.sandbox.paths import Places
from lambda_nb.engine.model import FunctionVersion

PRESET = {
    "LANG": "en_US.UTF-8",
    "LC_CTYPE": "C.UTF-8",
    "TZ": ":UTC",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
    "_AWS_XRAY_DAEMON_PORT": "2000",
    "SHLVL": "0",
}
"""Variables that a function may override."""


def compose(
    function: FunctionVersion,
    places: Places,
    *,
    preset: Mapping[str, str],
    credentials: tuple[str, str, str],
    runtime_api: str,
    endpoint: str,
    initialization_type: str,
    log_group: str,
    log_stream: str,
) -> dict[str, str]:
    """All variables of the runtime process: presets, the function's own, then reserved ones.

    ``preset`` holds those of the runtime family.
    """
    variables = dict(PRESET)
    opt, task = places.opt, places.task
    variables["PATH"] = f"/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:{opt}/bin"
    runtime = places.runtime
    variables["LD_LIBRARY_PATH"] = (
        f"/var/lang/lib:/lib64:/usr/lib64:{runtime}:{runtime}/lib:{task}:{task}/lib:{opt}/lib"
    )
    variables["PYTHONPATH"] = places.runtime
    if places.tmp != "/tmp":  # noqa: S108
        variables["TMPDIR"] = places.tmp
        for mount in function.file_systems:  # nothing can be mounted at its path
            variables["LAMBDA_NB_MOUNT"] = str(mount.local_dir)
    variables["HOME"] = places.tmp  # not the user's: a function must not see its ~/.aws
    variables["AWS_ENDPOINT_URL"] = endpoint
    if "AWS_ENDPOINT_URL" not in function.environment:
        # SDKs put the account before this service's host: that must be a name.
        by_name = endpoint.replace("//127.0.0.1:", "//localhost:")
        variables["AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE"] = by_name
        # boto3 puts "sync-" before the host of StartSyncExecution: an address takes none.
        variables["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"
    variables.update(preset)
    variables.update(function.environment)
    access_key, secret_key, token = credentials
    variables.update(
        {
            "_HANDLER": function.handler,
            "PWD": task,
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_LOG_FORMAT": function.log_format,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "LAMBDA_TASK_ROOT": task,
            "LAMBDA_RUNTIME_DIR": places.runtime,
        }
    )
    if not function.runtime.startswith("provided"):
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{function.runtime}"
    if token:
        variables["AWS_SESSION_TOKEN"] = token
    if function.log_format == "JSON":
        variables["AWS_LAMBDA_LOG_LEVEL"] = function.application_log_level or "INFO"
    if not function.snap_start:
        variables["AWS_LAMBDA_LOG_GROUP_NAME"] = log_group
        variables["AWS_LAMBDA_LOG_STREAM_NAME"] = log_stream
    return variables


RESTORED = (
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "TMPDIR",
    "HOME",
)
"""SnapStart: variables that each environment gets anew; the others stay as in the init phase."""

KEEP_FRAMES = "_LAMBDA_NB_KEEP_FRAMES"
"""Asks our Python runtime for the frames of failures; the function does not see it."""

DEBUGGER = "_LAMBDA_NB_DEBUGGER"
"""Where our runtimes connect to be debugged; the function does not see it."""

HIDDEN_FROM_EXTENSIONS = (
    KEEP_FRAMES,
    DEBUGGER,
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
)


def for_extension(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that an external extension sees."""
    return {k: v for k, v in variables.items() if k not in HIDDEN_FROM_EXTENSIONS}
