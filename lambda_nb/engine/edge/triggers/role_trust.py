"""Trust policies of roles, from IAM."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from lambda_nb.engine.machine.call_threads import in_call_thread

log = logging.getLogger(__name__)


class RoleTrust:
    """Reads trust policies.

    Parameters
    ----------
    client
        Gives the boto3 client of a service.
    """

    def __init__(self, client: Callable[[str], Awaitable[Any]]) -> None:
        self._client = client

    async def __call__(self, role: str) -> Mapping[str, Any] | None:
        """The trust policy of a role, by its ARN; ``None`` if IAM has no such role.

        The engine runs functions whose role IAM does not know, and so nothing is to be checked.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # imported late: it is heavy

        client = await self._client("iam")
        name = role.rpartition("/")[2]
        try:
            answer = await in_call_thread(client.get_role, RoleName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                log.warning("the trust policy of %s is not checked: %s", role, error)
            return None
        except BotoCoreError as error:
            log.warning("the trust policy of %s is not checked: %s", role, error)
            return None
        policy = answer["Role"].get("AssumeRolePolicyDocument")
        if isinstance(policy, str):
            policy = json.loads(unquote(policy))
        return policy if isinstance(policy, dict) else None
