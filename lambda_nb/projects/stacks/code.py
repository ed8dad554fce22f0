"""Replace the code of a function that a stack made, without the stack."""

from __future__ import annotations

from typing import Any


def replace(client: Any, function: str, **source: Any) -> None:
    """Update a function's code, and wait until the new one is in use.

    Parameters
    ----------
    client
        A boto3 Lambda client.
    source
        Parameters of ``UpdateFunctionCode``: ``ZipFile``, or ``S3Bucket`` and ``S3Key``.
    """
    client.update_function_code(FunctionName=function, **source)
    client.get_waiter("function_updated_v2").wait(
        FunctionName=function, WaiterConfig={"Delay": 0.1, "MaxAttempts": 3000}
    )
