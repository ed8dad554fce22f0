"""``AWS::Serverless-2016-10-31``, by AWS's own library."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine import json_schema
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates.transforms.around import Around

NAME = "AWS::Serverless-2016-10-31"
_one_at_a_time = threading.Lock()  # the library keeps the Region in a class


@dataclass(frozen=True, slots=True)
class _Session:
    """All that the library asks of a boto3 session."""

    region_name: str


def load() -> None:
    """Load the library, which takes a second, before it is needed."""
    json_schema.library()  # before the library imports it slowly
    importlib.import_module("samtranslator.translator.translator")


def without_serverless_resources(
    document: dict[str, Any], values: Mapping[str, Any], around: Around
) -> dict[str, Any]:
    """A template with CloudFormation's resources in the place of SAM's.

    Parameters
    ----------
    document
        The template; it is changed.
    values
        Of its parameters.
    around
        Where the stack is, and AWS's managed policies.

    Raises
    ------
    AWSError
        ``ValidationError``: it is no valid SAM template.
    """
    load()
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import (
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    # It warns of its own metrics and switches; errors reach the caller.
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    parameters = dict(values)
    with _one_at_a_time:
        translator = Translator(
            None,
            Parser(),
            plugins=[_applications(parameters)],
            boto_session=_Session(around.region),
        )
        try:
            # AWS's hashes in logical IDs (deployments, layers) depend on this form.
            to_py27_compatible_template(document, parameters)
            made = translator.translate(
                document,
                parameter_values=parameters,
                passthrough_metadata=True,
                get_managed_policy_map=lambda: dict(around.managed_policies()),
            )
            result: dict[str, Any] = undo_mark_unicode_str_in_template(made)
        except InvalidDocumentException as error:
            causes = sorted(error.causes, key=_place)
            raise _failed(" ".join([error.message, *(each.message for each in causes)])) from None
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise _failed(
                f"Internal transform failure. ({type(error).__name__}: {error})"
            ) from error
    return result


def _applications(parameters: dict[str, Any]) -> Any:
    """The library's plugin for nested applications, without the public repository."""
    from samtranslator.model.exceptions import InvalidResourceException
    from samtranslator.plugins.application.serverless_app_plugin import ServerlessAppPlugin

    class Applications(ServerlessAppPlugin):  # type: ignore[misc]
        def _make_service_call_with_retry(
            self, service_call: Any, app_id: str, semver: str, key: Any, logical_id: str
        ) -> None:
            raise InvalidResourceException(
                logical_id,
                f"The application {app_id} is in the Serverless Application Repository, which "
                "cannot be reached from here: give Location the address of its template.",
            )

    return Applications(parameters=parameters)


def _place(cause: Any) -> str:
    """Where an error stands among others: AWS lists them by the resources' names."""
    return str(getattr(cause, "_logical_id", cause.message))


def _failed(why: str) -> Exception:
    return validation_error(f"Transform {NAME} failed with: {why}")
