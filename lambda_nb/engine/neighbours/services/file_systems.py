"""Changes to moto's EFS: ids as long as AWS's, which Lambda's own API insists on."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded

_DIGITS = 17


class _Letters:
    """moto's source of random letters, with more of them for ids."""

    def __init__(self, given: Any) -> None:
        self._given = given

    def get_random_hex(self, length: int = 8) -> str:
        """Hexadecimal digits."""
        return str(self._given.get_random_hex(max(length, _DIGITS)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._given, name)


def install() -> None:
    """Change moto's file systems."""
    when_loaded("moto.efs.models", _patch)


def _patch() -> None:
    from moto.efs import models

    module: Any = models
    module.mock_random = _Letters(module.mock_random)
