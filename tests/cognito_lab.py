"""What the tests of Cognito share: a password that every policy takes, and users who have it."""

from __future__ import annotations

from typing import Any

PASSWORD = "Secret-1-secret"


def add_user(admin: Any, pool_id: str, name: str, **attributes: str) -> None:
    """A confirmed user with a password, made by an administrator's client."""
    admin.admin_create_user(
        UserPoolId=pool_id,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )
    admin.admin_set_user_password(
        UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True
    )
