"""Changes to moto's Cognito: a client without a list of attributes may read the standard ones.

moto gives such a client none, and so its identity tokens have no ``email``, by which most programs
know their users.
"""

from __future__ import annotations

from typing import Any

_VERIFIED = ("email_verified", "phone_number_verified")


def install() -> None:
    """Change moto's user pools."""
    from moto.cognitoidp.models import (
        CognitoIdpUserPool,
        CognitoIdpUserPoolAttribute,
        CognitoIdpUserPoolClient,
    )

    standard = [name for name in CognitoIdpUserPoolAttribute.STANDARD_SCHEMA if name != "sub"]

    def get_readable_fields(self: Any) -> list[str]:
        return self.extended_config.get("ReadAttributes") or standard

    original = CognitoIdpUserPool.get_user_extra_data_by_client_id

    def get_user_extra_data_by_client_id(self: Any, client_id: str, username: str) -> Any:
        read = original(self, client_id, username)
        for name in _VERIFIED:  # texts in the user pool, truth values in tokens
            if name in read:
                read[name] = read[name] == "true"
        return read

    client: Any = CognitoIdpUserPoolClient
    client.get_readable_fields = get_readable_fields
    pool: Any = CognitoIdpUserPool
    pool.get_user_extra_data_by_client_id = get_user_extra_data_by_client_id
