"""Looks up what templates name elsewhere: SSM parameters and secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error

_LATEST = "AWSCURRENT"


class Dynamic:
    """Resolves dynamic references and parameters of the Systems Manager types.

    Parameters
    ----------
    connect
        Returns a boto3 client of a service.
    keep_secret
        Is told, for a stack's ARN, texts that must not be shown.
    """

    def __init__(
        self,
        connect: Callable[[str, str | None], Any],
        keep_secret: Callable[[str, frozenset[str]], None],
    ) -> None:
        self._connect = connect
        self._keep_secret = keep_secret

    def __call__(self, stack_id: str) -> Callable[[str], str]:
        """What resolves the references in one stack's template."""
        return lambda reference: self._resolved(stack_id, reference)

    def parameter(self, type_name: str, name: str) -> Any:
        """The value of an SSM parameter, for a template's parameter of a type.

        Raises
        ------
        AWSError
            ``ValidationError``: there is none.
        """
        value = self._ssm(name)
        if value is None:
            raise validation_error(
                f"Unable to fetch parameters [{name}] from parameter store for this account."
            )
        return value.split(",") if "<List<" in type_name or "CommaDelimited" in type_name else value

    def _resolved(self, stack_id: str, reference: str) -> str:
        text = reference.strip("{}").removeprefix("resolve:")
        service, _, rest = text.partition(":")
        if service in ("ssm", "ssm-secure"):
            value = self._ssm(rest)
            if value is None:
                raise validation_error(
                    f"Unable to fetch parameters [{rest}] from parameter store for this account."
                )
        elif service == "secretsmanager":
            value = self._secret(rest)
        else:
            raise validation_error(f"Could not resolve the dynamic reference {{{{{text}}}}}.")
        if service != "ssm":
            self._keep_secret(stack_id, frozenset((value,)))
        return value

    def _ssm(self, name: str) -> str | None:
        from botocore.exceptions import ClientError  # late: boto3's parts take long to import

        try:
            found = self._connect("ssm", None).get_parameter(Name=name, WithDecryption=True)
        except ClientError as error:
            if error.response["Error"]["Code"].startswith("Parameter"):
                return None
            raise _failed(error) from error
        return str(found["Parameter"]["Value"])

    def _secret(self, rest: str) -> str:
        from botocore.exceptions import ClientError  # late: boto3's parts take long to import

        identifier, *parts = _split_secret(rest)
        kind, key, stage, version = (*parts, "", "", "", "")[:4]
        asked = {"SecretId": identifier}
        if version:
            asked["VersionId"] = version
        else:
            asked["VersionStage"] = stage or _LATEST
        if kind not in ("", "SecretString"):
            raise validation_error(f"Secrets Manager: {kind} is not supported, only SecretString.")
        try:
            text = str(
                self._connect("secretsmanager", None).get_secret_value(**asked)["SecretString"]
            )
        except ClientError as error:
            raise _failed(error) from error
        except KeyError:
            raise validation_error(f"The secret {identifier} has no SecretString.") from None
        if not key:
            return text
        try:
            value = json.loads(text)[key]
        except (ValueError, KeyError, TypeError):
            raise validation_error(
                f"Could not find a value associated with JSONKey in SecretString: {key}"
            ) from None
        return value if isinstance(value, str) else json.dumps(value)


def _split_secret(rest: str) -> list[str]:
    """The secret's name or ARN, and the parts after it.

    Examples
    --------
    >>> _split_secret("arn:aws:secretsmanager:r:1:secret:db-x:SecretString:password")
    ['arn:aws:secretsmanager:r:1:secret:db-x', 'SecretString', 'password']
    """
    parts = rest.split(":")
    if parts[0] != "arn":
        return parts
    return [":".join(parts[:7]), *parts[7:]]


def _failed(error: Any) -> AWSError:
    told = error.response["Error"]
    return validation_error(f"{told['Message']} ({error.operation_name}: {told['Code']})")
