"""Rotation of secrets: Secrets Manager calls the engine's functions in four steps, on a schedule.

moto runs the steps in its own Lambda, within the call. Here RotateSecret answers at once, as AWS's
does, and the steps follow. A rotation that fails leaves its version with the label AWSPENDING;
the next RotateSecret tries that version again (Secrets Manager User Guide, "Rotation by Lambda
function", 2026).
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.due_work import DueWork
from lambda_nb.engine.neighbours.services.late_patches import when_loaded
from lambda_nb.engine.neighbours.to_engine.functions import (
    EngineGoneError,
    FunctionError,
    Functions,
    InvocationError,
)

log = logging.getLogger(__name__)

PRINCIPAL = "secretsmanager.amazonaws.com"
_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_TIMEOUT_S = 900.0
"""A function's longest run."""
_NAP_S = 30.0
_RETRY_S = 3600
"""A scheduled rotation that failed is tried again an hour later."""


def install(functions: Functions) -> None:
    """Change moto's Secrets Manager.

    Parameters
    ----------
    functions
        Invokes the engine's functions.
    """
    when_loaded("moto.secretsmanager.models", lambda: _patch(Rotation(functions)))


def _patch(rotation: Rotation) -> None:
    from moto.secretsmanager import models

    backend_class: Any = models.SecretsManagerBackend
    secret_class: Any = models.FakeSecret
    move, describe = backend_class.update_secret_version_stage, secret_class.to_dict

    def moved(self: Any, secret_id: str, version_stage: str, *rest: Any, **named: Any) -> Any:
        answer = move(self, secret_id, version_stage, *rest, **named)
        current = _labelled(self.secrets[secret_id], "AWSCURRENT")
        if current:
            self.secrets[secret_id].set_default_version_id(current)
        return answer

    def told(self: Any) -> Any:
        rules = self.__dict__.get("rotation_rules")
        answer = describe(self)
        return answer if rules is None else {**answer, "RotationRules": rules}

    def rotate(self: Any, secret_id: str, **asked: Any) -> str:
        return rotation.rotate(self, secret_id, **asked)

    backend_class.rotate_secret = rotate
    backend_class.update_secret_version_stage = moved
    secret_class.to_dict = told
    rotation.start()


class Rotation:
    """Runs rotations, each in a thread of its own.

    Parameters
    ----------
    functions
        Invokes the engine's functions.
    """

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._running: set[str] = set()
        self._guard = threading.Lock()
        self._clock = DueWork("rotation of secrets", self._rotate_due)

    def start(self) -> None:
        """Rotate by schedule from now on."""
        self._clock.start()

    def rotate(
        self,
        backend: Any,
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> str:
        """Configure a secret's rotation and begin one; RotateSecret's answer, JSON text.

        Raises
        ------
        moto.core.exceptions.JsonRESTError
            The secret cannot be rotated, or not by this function.
        """
        from moto.secretsmanager import exceptions

        if secret_id not in backend.secrets:
            raise exceptions.SecretNotFoundException()
        secret = backend.secrets[secret_id]
        if secret.is_deleted():
            raise exceptions.InvalidRequestException(
                "You can't perform this operation on the secret because it was marked for deletion."
            )
        function = rotation_lambda_arn or secret.rotation_lambda_arn
        if not function:
            raise exceptions.InvalidRequestException(
                "No Lambda rotation function ARN is associated with this secret."
            )
        if not self._functions.permit(function, PRINCIPAL, secret.arn, secret.account_id):
            raise exceptions.SecretsManagerClientError(
                "AccessDeniedException",
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the "
                f"function policy grants access to the principal {PRINCIPAL}",
            )
        due = _next(rotation_rules, time.time()) if rotation_rules else None
        with self._guard:
            if secret.arn in self._running:
                raise exceptions.InvalidRequestException(
                    "A previous rotation isn't complete. That rotation will be reattempted."
                )
            self._running.add(secret.arn)
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = function
        if rotation_rules:
            secret.rotation_rules = dict(rotation_rules)
            secret.auto_rotate_after_days = rotation_rules.get("AutomaticallyAfterDays", 0)
            secret.next_rotation_date = due
        token = _pending(secret, client_request_token, filled=not rotate_immediately)
        steps = _STEPS if rotate_immediately else ("testSecret",)
        threading.Thread(
            target=self._run, args=(secret, token, steps), name="rotation", daemon=True
        ).start()
        self._clock.wake()
        return json.dumps({"ARN": secret.arn, "Name": secret.name, "VersionId": token})

    def _run(self, secret: Any, token: str, steps: tuple[str, ...]) -> None:
        function = secret.rotation_lambda_arn
        try:
            for step in steps:
                event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": token}
                self._functions.invoke(function, event, _TIMEOUT_S)
            if steps == _STEPS:
                secret.last_rotation_date = int(time.time())
        except EngineGoneError:
            return
        except (FunctionError, InvocationError) as error:
            log.warning("the rotation of %s by %s failed: %s", secret.name, function, error)
        finally:
            if steps != _STEPS:
                secret.versions.pop(token, None)  # was only there to be tested
            with self._guard:
                self._running.discard(secret.arn)

    def _rotate_due(self) -> float:
        """Begin the rotations that are due; returns when to look again."""
        now = time.time()
        for backend, secret in _scheduled():
            due = secret.next_rotation_date
            if due is None or due > now or secret.arn in self._running:
                continue
            secret.next_rotation_date = _next(secret.rotation_rules, now) or int(now) + _RETRY_S
            try:
                self.rotate(backend, secret.arn)
            except Exception as error:  # one secret's must not stop the others'
                log.warning("the scheduled rotation of %s failed: %s", secret.name, error)
        return _NAP_S


def _scheduled() -> Iterator[tuple[Any, Any]]:
    """The secrets that are rotated by a schedule, with their backends."""
    from moto.secretsmanager.models import secretsmanager_backends

    for regions in list(secretsmanager_backends.values()):
        for backend in list(regions.values()):
            secrets: list[Any] = list(backend.secrets.values())
            for secret in secrets:
                if secret.__dict__.get("rotation_rules") and secret.rotation_enabled:
                    yield backend, secret


def _pending(secret: Any, token: str | None, *, filled: bool) -> str:
    """The version that a rotation fills: one whose rotation failed, or a new one."""
    waiting = _labelled(secret, "AWSPENDING")
    if waiting and "AWSCURRENT" not in secret.versions[waiting]["version_stages"]:
        return waiting
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    made = token or str(uuid.uuid4())
    secret.versions[made] = {
        "createdate": int(time.time()),
        "version_id": made,
        "version_stages": ["AWSPENDING"],
    }
    if filled:
        for kind in ("secret_string", "secret_binary"):
            value = getattr(secret, kind)
            if value is not None:
                secret.versions[made][kind] = value
    return made


def _labelled(secret: Any, stage: str) -> str | None:
    """The version that has a staging label."""
    for version, held in secret.versions.items():
        if stage in held["version_stages"]:
            return str(version)
    return None


def _next(rules: dict[str, Any], now: float) -> int | None:
    """When the next rotation is due, seconds since 1970.

    Raises
    ------
    moto.core.exceptions.JsonRESTError
        The schedule is none.
    """
    from moto.secretsmanager import exceptions

    from lambda_nb.rules.events.eventbridge.schedule_plans import Plan

    days, expression = rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression")
    if days is not None and not 1 <= days <= 1000:
        raise exceptions.InvalidParameterException(
            "RotationRules.AutomaticallyAfterDays must be within 1-1000."
        )
    if days is not None:
        expression = f"rate({days} day{'s' if days > 1 else ''})"
    if expression is None:
        return None
    moment = datetime.fromtimestamp(now, timezone.utc)
    try:
        due = Plan(expression, since=moment).after(moment)
    except ValueError as error:
        raise exceptions.InvalidParameterException(
            f"RotationRules.ScheduleExpression {expression!r} is no schedule: {error}"
        ) from None
    return None if due is None else int(due.timestamp())
