"""Settings outside a function's configuration: runtime updates, recursion, scaling."""

from __future__ import annotations

from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.settings.names import LATEST


class RuntimeSettings:
    """Runtime management, recursion and scaling configurations."""

    def __init__(self, context: Context, lookup: Lookup) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PutRuntimeManagementConfig": self.put_management,
            "GetRuntimeManagementConfig": self.get_management,
            "PutFunctionRecursionConfig": self.put_recursion,
            "GetFunctionRecursionConfig": self.get_recursion,
            "PutFunctionScalingConfig": self.put_scaling,
            "GetFunctionScalingConfig": self.get_scaling,
        }

    def put_management(self, request: Request, caller: Caller) -> Response:
        """Choose when a version's runtime may be updated; ``Manual`` names the runtime version."""
        name, qualifier = self._version(request)
        mode, arn = request["UpdateRuntimeOn"], request.get("RuntimeVersionArn")
        if mode == "Manual" and not arn:
            raise invalid_parameter(
                "You must specify a RuntimeVersionArn when UpdateRuntimeOn is Manual."
            )
        if mode != "Manual" and arn:
            raise invalid_parameter(
                f"You can't specify a RuntimeVersionArn when UpdateRuntimeOn is {mode}."
            )
        record = {"UpdateRuntimeOn": mode, **({"RuntimeVersionArn": arn} if arn else {})}
        with self._store.write() as batch:
            batch.put("runtime_management", name, qualifier or LATEST, record)
        return {**record, "FunctionArn": self._context.function_arn(name, qualifier)}

    def get_management(self, request: Request, caller: Caller) -> Response:
        """When a version's runtime may be updated; ``Auto`` unless chosen otherwise."""
        name, qualifier = self._version(request)
        chosen = self._store.get("runtime_management", name, qualifier or LATEST)
        record = chosen or {"UpdateRuntimeOn": "Auto"}
        return {**record, "FunctionArn": self._context.function_arn(name, qualifier)}

    def put_recursion(self, request: Request, caller: Caller) -> Response:
        """Allow invocation loops with a function, or let Lambda stop them."""
        name = self._lookup.unqualified(request)
        mode = request["RecursiveLoop"]
        with self._store.write() as batch:
            batch.put("function", "", name, {**self._lookup.function(name), "recursion": mode})
        return {"RecursiveLoop": mode}

    def get_recursion(self, request: Request, caller: Caller) -> Response:
        """``Terminate`` unless loops were allowed."""
        record = self._lookup.function(self._lookup.unqualified(request))
        return {"RecursiveLoop": record.get("recursion", "Terminate")}

    def put_scaling(self, request: Request, caller: Caller) -> Response:
        """Limit the environments of a version that runs on a capacity provider."""
        name, qualifier = self._version(request)
        config = request.get("FunctionScalingConfig") or {}
        low, high = config.get("MinExecutionEnvironments"), config.get("MaxExecutionEnvironments")
        if low is not None and high is not None and low > high:
            raise invalid_parameter(
                f"MinExecutionEnvironments ({low}) cannot be greater than "
                f"MaxExecutionEnvironments ({high})."
            )
        record = self._lookup.version(name, qualifier)[1]
        if "CapacityProviderConfig" not in record["config"]:
            raise invalid_parameter(
                "Function scaling configuration is supported only for functions that run on a "
                "capacity provider."
            )
        with self._store.write() as batch:
            batch.put("scaling", name, qualifier or LATEST, config)
        return {"FunctionState": record["config"]["State"]}

    def get_scaling(self, request: Request, caller: Caller) -> Response:
        """The requested limits, which apply at once."""
        name, qualifier = self._version(request)
        config = self._store.get("scaling", name, qualifier or LATEST)
        response: Response = {"FunctionArn": self._context.function_arn(name, qualifier)}
        if config is not None:
            response["AppliedFunctionScalingConfig"] = dict(config)
            response["RequestedFunctionScalingConfig"] = dict(config)
        return response

    def _version(self, request: Request) -> tuple[str, str | None]:
        """The function and the qualifier of an existing version (not an alias)."""
        target = self._lookup.target(request)
        self._lookup.function(target.name)
        if self._store.get("version", target.name, target.qualifier or LATEST) is None:
            raise self._lookup.missing(target.name, target.qualifier)
        return target.name, target.qualifier
