"""Waits until Lambda has finished what a call began."""

from __future__ import annotations

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.context import Context


def settle(context: Context, name: str, qualifier: str | None = None) -> None:
    """Wait until a function is active and no update of it is in progress.

    Parameters
    ----------
    name, qualifier
        Of the function, and of one of its versions.

    Raises
    ------
    Refused
        It failed; with Lambda's reason.
    """
    calls = context.client("lambda")
    asked = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})

    def look() -> bool | None:
        config = calls.get_function_configuration(**asked)
        if config["State"] == "Failed":
            raise Refused(config.get("StateReason", "The function failed."), "NotStabilized")
        if config.get("LastUpdateStatus") == "Failed":
            reason = config.get("LastUpdateStatusReason", "The update failed.")
            raise Refused(reason, "NotStabilized")
        pending = config["State"] == "Pending" or config.get("LastUpdateStatus") == "InProgress"
        return None if pending else True

    context.wait(look, f"Lambda function {name} becoming active")


def provision(context: Context, function: str, qualifier: str, amount: int | None) -> None:
    """Give a version or an alias provisioned concurrency, and wait until it is ready.

    Parameters
    ----------
    amount
        Execution environments; ``None`` takes the provisioned concurrency away.

    Raises
    ------
    Refused
        Lambda could not provide it.
    """
    calls = context.client("lambda")
    which = {"FunctionName": function, "Qualifier": qualifier}
    if amount is None:
        calls.delete_provisioned_concurrency_config(**which)
        return
    calls.put_provisioned_concurrency_config(**which, ProvisionedConcurrentExecutions=amount)

    def look() -> bool | None:
        config = calls.get_provisioned_concurrency_config(**which)
        if config["Status"] == "FAILED":
            reason = config.get("StatusReason", "Provisioned concurrency failed.")
            raise Refused(reason, "NotStabilized")
        return True if config["Status"] == "READY" else None

    context.wait(look, f"Provisioned concurrency of {function}:{qualifier}")
