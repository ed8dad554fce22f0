"""Policies of IAM need not name a version: templates of SAM and many others have none.

AWS takes such a document for one of version 2008-10-17 (IAM User Guide, "IAM JSON policy elements:
Version", 2026); moto refuses it.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded


def install() -> None:
    """Take documents without a version, and those of the older one."""
    when_loaded("moto.iam.policy_validation", _patch)


def _patch() -> None:
    from moto.iam.policy_validation import IAMPolicyDocumentValidator

    validator: Any = IAMPolicyDocumentValidator
    # Which versions there are is checked before.
    validator._validate_version = lambda self: None
