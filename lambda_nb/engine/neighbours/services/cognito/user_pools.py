"""Replaces what moto does for users of user pools: its codes, triggers and passwords are not real.

User pools, app clients, groups and resource servers stay moto's; what users do is answered here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.neighbours.services.cognito import resource_servers, settings
from lambda_nb.engine.neighbours.services.cognito.flows import mfa
from lambda_nb.engine.neighbours.services.cognito.flows.challenges import Challenges
from lambda_nb.engine.neighbours.services.cognito.flows.migration import Migration
from lambda_nb.engine.neighbours.services.cognito.flows.sign_in import SignIn
from lambda_nb.engine.neighbours.services.cognito.flows.tokens import Tokens
from lambda_nb.engine.neighbours.services.cognito.lookups import refused
from lambda_nb.engine.neighbours.services.cognito.messages import Messages
from lambda_nb.engine.neighbours.services.cognito.passwords import Passwords
from lambda_nb.engine.neighbours.services.cognito.profile import Profile
from lambda_nb.engine.neighbours.services.cognito.sign_up import SignUp
from lambda_nb.engine.neighbours.services.cognito.triggers import Triggers
from lambda_nb.engine.neighbours.to_engine.functions import Functions
from lambda_nb.rules.refusal import validation_text

_VERIFIED = ("email_verified", "phone_number_verified")

Operation = Callable[[Mapping[str, Any], str, str], dict[str, Any]]
"""Answers a request, of an account and a Region."""


def install(functions: Functions) -> None:
    """Change moto's user pools.

    Parameters
    ----------
    functions
        Runs the pools' triggers.
    """
    triggers = Triggers(functions)
    messages = Messages(triggers)
    tokens = Tokens(triggers)
    migration = Migration(triggers)
    challenges = Challenges(triggers, tokens, messages)
    sign_up = SignUp(triggers, messages)
    sign_in = SignIn(triggers, challenges, tokens, migration)
    passwords = Passwords(triggers, messages, migration)
    profile = Profile(messages)
    _answer(
        {
            "sign_up": sign_up.sign_up,
            "confirm_sign_up": sign_up.confirm,
            "resend_confirmation_code": sign_up.resend,
            "admin_confirm_sign_up": sign_up.confirm_for,
            "admin_create_user": sign_up.create_for,
            "initiate_auth": sign_in.initiate,
            "admin_initiate_auth": sign_in.initiate_for,
            "get_tokens_from_refresh_token": sign_in.refresh,
            "respond_to_auth_challenge": challenges.respond,
            "admin_respond_to_auth_challenge": challenges.respond_for,
            "forgot_password": passwords.forgot,
            "confirm_forgot_password": passwords.confirm_forgotten,
            "change_password": passwords.change,
            "admin_reset_user_password": passwords.reset,
            "admin_set_user_password": passwords.set_one,
            "get_user": profile.get,
            "update_user_attributes": profile.update,
            "admin_update_user_attributes": profile.update_for,
            "get_user_attribute_verification_code": profile.send_code,
            "verify_user_attribute": profile.verify,
            "delete_user_attributes": profile.delete_attributes,
            "delete_user": profile.delete,
            "global_sign_out": profile.sign_out,
            "revoke_token": profile.revoke,
            "associate_software_token": mfa.associate,
            "verify_software_token": mfa.verify,
            "update_resource_server": resource_servers.update,
            "delete_resource_server": resource_servers.delete,
        }
    )
    _check_settings()
    _find_by_alias()
    _read_standard_attributes()


def _answer(operations: Mapping[str, Operation]) -> None:
    """Let moto's dispatch call our operations."""
    from moto.cognitoidp.responses import CognitoIdpResponse
    from moto.core.responses import ActionResult

    def method(operation: Operation) -> Callable[[Any], Any]:
        def answer(self: Any) -> Any:
            _check(self._get_action(), self.parameters)
            try:
                return ActionResult(operation(self.parameters, self.current_account, self.region))
            finally:
                _note_change()

        return answer

    for name, operation in operations.items():
        setattr(CognitoIdpResponse, name, method(operation))


def _check(operation: str, asked: Mapping[str, Any]) -> None:
    """Check a request against the service's model, as who writes raw HTTP needs it."""
    from botocore.validate import ParamValidator

    shape = service_model.operation(operation, "cognito-idp").input_shape
    if shape is None:
        return
    problems = [
        f"Value null at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint: Member must "
        "not be null"
        for name in shape.required_members
        if asked.get(name) is None
    ]
    if problems:
        raise refused("InvalidParameterException", validation_text(problems))
    report = ParamValidator().validate(asked, shape)
    if report.has_errors():
        raise refused("SerializationException", report.generate_report())


def _note_change() -> None:
    """Let what an operation changed be saved: it may have waited for a trigger meanwhile."""
    from moto.cognitoidp.models import cognitoidp_backends

    for account, region, _ in list(cognitoidp_backends.iter_backends()):
        cognitoidp_backends[account][region]


def _check_settings() -> None:
    from moto.cognitoidp.models import CognitoIdpBackend

    create, update = CognitoIdpBackend.create_user_pool, CognitoIdpBackend.update_user_pool

    def create_user_pool(self: Any, name: str, extended_config: dict[str, Any]) -> Any:
        settings.check_pool(extended_config)
        return create(self, name, extended_config)

    def update_user_pool(self: Any, user_pool_id: str, extended_config: dict[str, Any]) -> None:
        settings.check_pool(extended_config)
        update(self, user_pool_id, extended_config)

    backend: Any = CognitoIdpBackend
    backend.create_user_pool = create_user_pool
    backend.update_user_pool = update_user_pool
    for operation in (
        "set_user_pool_mfa_config", "set_user_mfa_preference", "admin_set_user_mfa_preference",
    ):  # fmt: skip
        _check_second_factors(operation)


def _check_second_factors(operation: str) -> None:
    from moto.cognitoidp.responses import CognitoIdpResponse

    original = getattr(CognitoIdpResponse, operation)

    def checked(self: Any) -> Any:
        settings.check_second_factors(self.parameters)
        return original(self)

    setattr(CognitoIdpResponse, operation, checked)


def _find_by_alias() -> None:
    """Find users by verified aliases, and without regard to case where the pool says so."""
    from moto.cognitoidp.models import CognitoIdpUserPool

    def find(self: Any, username: str) -> Any:
        config = self.extended_config
        found = self.users.get(username)
        if found is not None:
            return found
        exact = (config.get("UsernameConfiguration") or {}).get("CaseSensitive", True)
        fold = (lambda text: text) if exact else str.casefold
        wanted = fold(username or "")
        names = config.get("UsernameAttributes") or []
        aliases = config.get("AliasAttributes") or []
        for user in list(self.users.values()):
            known = user.attribute_lookup
            if fold(user.username) == wanted and not exact:
                return user
            if any(known.get(name) and fold(known[name]) == wanted for name in names):
                return user
            for name in aliases:
                verified = name == "preferred_username" or known.get(f"{name}_verified") == "true"
                if verified and known.get(name) and fold(known[name]) == wanted:
                    return user
        return None

    pool: Any = CognitoIdpUserPool
    pool._get_user = find


def _read_standard_attributes() -> None:
    """A client without a list of attributes may read the standard ones.

    moto gives such a client none, and so its identity tokens have no ``email``, by which most
    programs know their users.
    """
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
