"""Code signing configurations and which functions they bind.

Only AWS Signer makes signatures, and it does not exist here. So every archive is unsigned:
``Warn`` accepts it, ``Enforce`` refuses it.
"""

from __future__ import annotations

import secrets

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.control.records.tags import check_tags
from lambda_nb.engine.errors import AWSError, conflict, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response


class SigningGate:
    """Decides whether unsigned code may be deployed."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def find(self, arn: str) -> Record:
        """The configuration with this ARN; raises if it is missing."""
        record = self._store.get("code_signing", "", arn)
        if record is None:
            raise AWSError(
                "CodeSigningConfigNotFoundException",
                "The code signing configuration cannot be found. Check that the provided "
                f"configuration is not deleted: {arn}.",
                404,
            )
        return record

    def check(self, arn: str | None) -> None:
        """Refuse code for a function whose configuration enforces signatures."""
        if not arn:
            return
        policies = self.find(arn)["config"]["CodeSigningPolicies"]
        if policies["UntrustedArtifactOnDeployment"] == "Enforce":
            raise AWSError(
                "CodeVerificationFailedException",
                "The code signature failed one or more of the validation checks for signature "
                "mismatch or expiry, and the code signing policy is set to ENFORCE. Lambda blocks "
                "the deployment.",
            )


class Signing:
    """Code signing configurations and their functions."""

    def __init__(self, context: Context, lookup: Lookup, gate: SigningGate) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup
        self._gate = gate

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateCodeSigningConfig": self.create,
            "GetCodeSigningConfig": self.get,
            "UpdateCodeSigningConfig": self.update,
            "ListCodeSigningConfigs": self.list_configs,
            "DeleteCodeSigningConfig": self.delete,
            "ListFunctionsByCodeSigningConfig": self.functions,
            "PutFunctionCodeSigningConfig": self.bind,
            "GetFunctionCodeSigningConfig": self.binding,
            "DeleteFunctionCodeSigningConfig": self.unbind,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a configuration; the default policy is ``Warn``."""
        identifier = f"csc-{secrets.token_hex(9)[:17]}"
        arn = self._context.arn(f"code-signing-config:{identifier}")
        check_tags(request.get("Tags") or {})
        config = {
            "CodeSigningConfigId": identifier,
            "CodeSigningConfigArn": arn,
            "Description": request.get("Description") or "",
            "AllowedPublishers": request["AllowedPublishers"],
            "CodeSigningPolicies": request.get("CodeSigningPolicies")
            or {"UntrustedArtifactOnDeployment": "Warn"},
            "LastModified": c.timestamp(),
        }
        self._save(arn, {"config": config, "tags": dict(request.get("Tags") or {})})
        return {"CodeSigningConfig": config}

    def get(self, request: Request, caller: Caller) -> Response:
        """One configuration."""
        return {"CodeSigningConfig": self._record(request)["config"]}

    def update(self, request: Request, caller: Caller) -> Response:
        """Update the given members."""
        record = self._record(request)
        members = ("Description", "AllowedPublishers", "CodeSigningPolicies")
        given = {member: request[member] for member in members if request.get(member) is not None}
        config = {**record["config"], **given, "LastModified": c.timestamp()}
        self._save(request["CodeSigningConfigArn"], {**record, "config": config})
        return {"CodeSigningConfig": config}

    def list_configs(self, request: Request, caller: Caller) -> Response:
        """All configurations."""
        found = sorted(self._store.children("code_signing", "").items())
        return page(request, "CodeSigningConfigs", [record["config"] for _, record in found])

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a configuration that binds no function."""
        self._record(request)
        arn = request["CodeSigningConfigArn"]
        if self._bound(arn):
            raise conflict(
                "Cannot delete the code signing configuration because it is attached to functions: "
                f"{', '.join(self._bound(arn))}."
            )
        with self._store.write() as batch:
            batch.delete("code_signing", "", arn)
        return {}

    def functions(self, request: Request, caller: Caller) -> Response:
        """The functions that a configuration binds."""
        self._record(request)
        return page(request, "FunctionArns", self._bound(request["CodeSigningConfigArn"]))

    def bind(self, request: Request, caller: Caller) -> Response:
        """Bind a function to a configuration."""
        name = self._lookup.unqualified(request)
        self._gate.find(request["CodeSigningConfigArn"])
        return self._bind(name, request["CodeSigningConfigArn"])

    def binding(self, request: Request, caller: Caller) -> Response:
        """The configuration that binds a function, if one does."""
        name = self._lookup.unqualified(request)
        arn = self._lookup.function(name).get("code_signing")
        return {"FunctionName": name, **({"CodeSigningConfigArn": arn} if arn else {})}

    def unbind(self, request: Request, caller: Caller) -> Response:
        """Unbind a function."""
        self._bind(self._lookup.unqualified(request), None)
        return {}

    def _bind(self, name: str, arn: str | None) -> Response:
        function = {**self._lookup.function(name), "code_signing": arn}
        with self._store.write() as batch:
            batch.put("function", "", name, function)
        return {"FunctionName": name, "CodeSigningConfigArn": arn}

    def _bound(self, arn: str) -> list[str]:
        functions = self._store.children("function", "").items()
        names = sorted(name for name, record in functions if record.get("code_signing") == arn)
        return [self._context.function_arn(name) for name in names]

    def _record(self, request: Request) -> Record:
        record = self._store.get("code_signing", "", request["CodeSigningConfigArn"])
        if record is None:
            raise not_found("The Lambda code signing configuration ARN can not be found.")
        return record

    def _save(self, arn: str, record: Record) -> None:
        with self._store.write() as batch:
            batch.put("code_signing", "", arn, record)
