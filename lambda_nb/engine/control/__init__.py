"""The control plane: functions and everything that describes them, durable in SQLite."""

from lambda_nb.engine.control.control import Control

__all__ = ["Control"]
