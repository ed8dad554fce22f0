"""What a query asks of the world around it: functions, shadows, tables, secrets, the clock."""

from __future__ import annotations

from typing import Any, Protocol

from lambda_nb.engine.iot.message import Message


class SqlSurroundings(Protocol):
    """One rule's view of its account, for the functions of SQL that leave the message.

    The asynchronous methods raise ``EvaluationError`` (or an ``AWSError``) if the call fails:
    the rule then fails, and its error action runs.
    """

    @property
    def account(self) -> str:
        """Twelve digits, for ``accountid()``."""

    @property
    def region(self) -> str:
        """The Region that the rule is in."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, for ``timestamp()`` and ``parse_time``."""

    def trace_id(self, message: Message) -> str:
        """The message's UUID, for ``traceid()``: the same each time it is asked for a message."""

    async def invoke(self, function_arn: str, payload: bytes) -> bytes:
        """Call a function and wait at most 2 s, for ``aws_lambda``; returns what it returned."""

    async def thing_shadow(self, thing: str, role_arn: str, name: str | None) -> bytes | None:
        """Return a thing's shadow document, the classic one if ``name`` is ``None``.

        ``None`` if there is no such shadow. For ``get_thing_shadow``.
        """

    async def dynamodb_item(
        self, table: str, key: dict[str, Any], role_arn: str
    ) -> dict[str, Any] | None:
        """Read an item, for ``get_dynamodb``.

        ``key`` has one or two names with a ``str``, ``int``, ``decimal.Decimal`` or ``bytes``.
        Returns plain Python values (numbers as ``int`` or ``decimal.Decimal``), or ``None`` if
        there is no such item.
        """

    async def secret(self, secret_id: str, role_arn: str) -> str | bytes | None:
        """Return ``SecretString`` or ``SecretBinary`` of a secret's current version.

        ``None`` if there is no such secret. For ``get_secret``.
        """

    async def registry_data(self, api: str, thing: str, role_arn: str) -> dict[str, Any] | None:
        """Return what ``DescribeThing`` or ``ListThingGroupsForThing`` answers about a thing.

        ``None`` if there is no such thing. For ``get_registry_data``.
        """

    async def stored_object(self, bucket: str, key: str) -> bytes:
        """Read an object of S3: the descriptor of ``decode(value, "proto", bucket, key, ...)``."""
