"""Function settings: what CreateFunction and UpdateFunctionConfiguration accept, and the defaults.

:func:`check` refuses what AWS refuses, with AWS's code and message; :func:`created` and
:func:`updated` then give the function's configuration exactly as AWS shows it (which keys are
present, which are left out). :mod:`lambda_nb.rules.settings.constraints` checks what the service
model says of each single member. Messages: facts/api.md section 5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from lambda_nb.rules import quotas
from lambda_nb.rules.refusal import invalid, problem, validation
from lambda_nb.rules.settings import runtimes
from lambda_nb.rules.settings.names import parse_layer

Settings = Mapping[str, Any]
Configuration = dict[str, Any]

_RANGES = {
    "Timeout": (quotas.TIMEOUT_MIN_S, quotas.TIMEOUT_MAX_S, quotas.TIMEOUT_MANAGED_MAX_S),
    "MemorySize": (quotas.MEMORY_MIN_MB, quotas.MEMORY_MAX_MB, quotas.MEMORY_MANAGED_MAX_MB),
    "EphemeralStorage.Size": (
        quotas.STORAGE_MIN_MB,
        quotas.STORAGE_MAX_MB,
        quotas.STORAGE_MANAGED_MAX_MB,
    ),
}

RESERVED_ENVIRONMENT = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Names that a function may not set (Developer Guide, configuration-envvars, 2026)."""


def check(request: Settings, *, today: date, region: str, current: Settings | None = None) -> None:
    """Refuse what Lambda would refuse in a function's settings.

    Parameters
    ----------
    request
        Parameters of CreateFunction, or of UpdateFunctionConfiguration when ``current`` is given.
    today
        The day that decides which runtimes are supported.
    region
        The function's Region; layers must be in the same.
    current
        The configuration to be updated.

    Raises
    ------
    lambda_nb.rules.refusal.Refused
        With AWS's code and message. This does not check whether the layers exist.
    """
    check_ranges(request, current)
    package = (current or request).get("PackageType", "Zip")
    if current is None:
        _check_package(request, package)
    runtime = request.get("Runtime")
    if runtime is not None:
        runtimes.check(runtime, today, updating=current is not None)
    _check_environment(request)
    check_layers(request.get("Layers") or [], region)
    _check_combinations({**(current or {}), **request})


def check_ranges(request: Settings, current: Settings | None = None) -> None:
    """Refuse a timeout, memory or storage that is out of range.

    The service model allows larger values, for functions that run on a capacity provider.
    """
    managed = bool({**(current or {}), **request}.get("CapacityProviderConfig"))
    problems = []
    for path, (low, high, managed_high) in _RANGES.items():
        value = _at(request, path)
        top = managed_high.value if managed else high.value
        if value is not None and value > top:
            rule = f"Member must have value less than or equal to {top}"
            problems.append(problem(value, _member(path), rule))
        if value is not None and value < low.value:
            rule = f"Member must have value greater than or equal to {low.value}"
            problems.append(problem(value, _member(path), rule))
    if problems:
        raise validation(problems)


def check_layers(arns: list[str], region: str) -> None:
    """Refuse too many layers, layers of another Region, and two versions of one layer."""
    if len(arns) > quotas.LAYERS.value:
        raise invalid(f"Cannot reference more than {quotas.LAYERS.value} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        if ":::awslayer:" in arn:
            continue
        if parse_layer(arn).region != region:
            raise invalid(
                "Layers are not in the same region as the function. "
                f"Layers are expected to be in region {region}."
            )
        layer = arn.rpartition(":")[0]
        if layer in seen:
            raise invalid(
                "Two different versions of the same layer are not allowed to be referenced in the "
                f"same function. {arn} and {seen[layer]} are versions of the same layer"
            )
        seen[layer] = arn


def _check_package(request: Settings, package: str) -> None:
    code = request.get("Code") or {}
    s3 = any(code.get(key) for key in ("S3Bucket", "S3Key", "S3ObjectVersion"))
    if package == "Image":
        if not code.get("ImageUri"):
            raise invalid(
                "Please provide ImageUri when creating a function with packageType Image."
            )
        if request.get("Handler") or request.get("Runtime") or request.get("Layers"):
            raise invalid(
                "Please don't provide Handler or Runtime or Layer when the intended function "
                "PackageType is Image."
            )
        return
    if code.get("ImageUri"):
        raise invalid(
            "Please don't provide ImageUri when creating a function with packageType Zip."
        )
    if code.get("ZipFile") is not None and s3:
        raise invalid(
            "Please do not provide other FunctionCode parameters when providing a ZipFile."
        )
    if code.get("ZipFile") is None and not (code.get("S3Bucket") and code.get("S3Key")):
        raise invalid("Please provide a source for function code.")
    if request.get("ImageConfig"):
        raise invalid(
            "ImageConfig is not supported for functions created with packageType Zip. "
            "Please remove ImageConfig."
        )
    if not request.get("Runtime") or not request.get("Handler"):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages."
        )


def _check_environment(request: Settings) -> None:
    variables: Mapping[str, str] = _at(request, "Environment.Variables") or {}
    reserved = [key for key in variables if key in RESERVED_ENVIRONMENT]
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > quotas.ENVIRONMENT_BYTES.value:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit. String measured: " + measured
        )


def _check_combinations(settings: Settings) -> None:
    logging = settings.get("LoggingConfig") or {}
    levels = logging.get("ApplicationLogLevel") or logging.get("SystemLogLevel")
    if levels and logging.get("LogFormat", "JSON") == "Text":
        raise invalid(
            "ApplicationLogLevel and SystemLogLevel can be set only when LogFormat is JSON."
        )
    target = (settings.get("DeadLetterConfig") or {}).get("TargetArn")
    if target and target.split(":")[2] not in ("sqs", "sns"):
        raise invalid(f"The provided dead letter target ARN {target} is not an SQS or SNS ARN.")
    if (settings.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        _check_snap_start(settings)


def _check_snap_start(settings: Settings) -> None:
    runtime = runtimes.RUNTIMES.get(settings.get("Runtime", ""))
    if runtime is None or not runtime.snap_start:
        name = settings.get("Runtime") or "The Image package type"
        raise invalid(f"{name} is not supported for SnapStart enabled functions.")
    storage = (settings.get("EphemeralStorage") or {}).get("Size", 0)
    if storage > quotas.STORAGE_SNAPSTART_MAX_MB.value:
        raise invalid(
            f"EphemeralStorage of {storage} MB is not supported for SnapStart enabled functions. "
            f"The maximum is {quotas.STORAGE_SNAPSTART_MAX_MB.value} MB."
        )
    for member, name in (("FileSystemConfigs", "EFS"), ("TenancyConfig", "Tenant isolation")):
        if settings.get(member):
            raise invalid(f"{name} is not supported for SnapStart enabled functions.")


def created(request: Settings, *, region: str) -> Configuration:
    """The configuration of a new function, defaults filled in.

    The control plane adds ARN, sizes, hashes, revision, times, layers' sizes, VPC and state.
    """
    package = request.get("PackageType", "Zip")
    config: Configuration = {"FunctionName": request["FunctionName"], "Role": request["Role"]}
    if package == "Zip":
        config |= {"Runtime": request["Runtime"], "Handler": request["Handler"]}
        config["RuntimeVersionConfig"] = _runtime_version(request["Runtime"], region)
    config |= {
        "Description": "",
        "Timeout": quotas.TIMEOUT_DEFAULT_S.value,
        "MemorySize": quotas.MEMORY_DEFAULT_MB.value,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": package,
        "Architectures": list(request.get("Architectures") or ["x86_64"]),
        "EphemeralStorage": {"Size": quotas.STORAGE_DEFAULT_MB.value},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{request['FunctionName']}",
        },
    }
    for member in ("TenancyConfig", "RuntimeConfig", "AcceleratorConfig"):
        if request.get(member):
            config[member] = request[member]
    return updated(config, request, region=region)


def updated(config: Settings, request: Settings, *, region: str) -> Configuration:
    """The configuration after an update: given members replaced, emptied ones left out."""
    new = dict(config)
    for member in ("Role", "Handler", "Description", "Timeout", "MemorySize", "Runtime"):
        if request.get(member) is not None:
            new[member] = request[member]
    if request.get("Runtime") and request["Runtime"] != config.get("Runtime"):
        new["RuntimeVersionConfig"] = _runtime_version(request["Runtime"], region)
    for member in ("TracingConfig", "EphemeralStorage"):
        if request.get(member):
            new[member] = dict(request[member])
    if request.get("Environment") is not None:
        new["Environment"] = {"Variables": dict(request["Environment"].get("Variables") or {})}
    if request.get("CapacityProviderConfig"):
        new["CapacityProviderConfig"] = request["CapacityProviderConfig"]
    if request.get("SnapStart"):
        new["SnapStart"] = {**request["SnapStart"], "OptimizationStatus": "Off"}
    if request.get("LoggingConfig") is not None:
        new["LoggingConfig"] = _logging(config["LoggingConfig"], request["LoggingConfig"])
    if request.get("DurableConfig") is not None:
        new["DurableConfig"] = _durable(config.get("DurableConfig") or {}, request["DurableConfig"])
    _replace(new, "KMSKeyArn", request.get("KMSKeyArn"))
    _replace(new, "FileSystemConfigs", request.get("FileSystemConfigs"))
    dead_letter = request.get("DeadLetterConfig")
    if dead_letter is not None:
        _replace(new, "DeadLetterConfig", dead_letter if dead_letter.get("TargetArn") else {})
    image = request.get("ImageConfig")
    if image is not None:
        _replace(new, "ImageConfigResponse", {"ImageConfig": image} if image else {})
    return new


def _replace(config: Configuration, member: str, value: Any) -> None:
    """Set a member; remove it if the value is empty; keep it if the value is ``None``."""
    if value:
        config[member] = value
    elif value is not None:
        config.pop(member, None)


def _logging(current: Settings, given: Settings) -> Configuration:
    logging = {**current, **given}
    if logging["LogFormat"] == "Text":
        return {key: logging[key] for key in ("LogFormat", "LogGroup")}
    return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **logging}


def _durable(current: Settings, given: Settings) -> Configuration:
    return {
        "RetentionPeriodInDays": quotas.DURABLE_RETENTION_DEFAULT_DAYS.value,
        "ExecutionTimeout": quotas.DURABLE_TIMEOUT_DEFAULT_S.value,
        **current,
        **given,
    }


def _runtime_version(runtime: str, region: str) -> Configuration:
    return {"RuntimeVersionArn": runtimes.version_arn(runtime, region)}


def _at(request: Settings, path: str) -> Any:
    """The value at a dotted path, or ``None``."""
    value: Any = request
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _member(path: str) -> str:
    """A path as AWS's messages write it: ``EphemeralStorage.Size`` is ``ephemeralStorage.size``."""
    return ".".join(part[0].lower() + part[1:] for part in path.split("."))
