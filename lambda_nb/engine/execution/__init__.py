"""Execution environments: real processes that speak the real Runtime API."""

from lambda_nb.engine.execution.executor import Executor

__all__ = ["Executor"]
