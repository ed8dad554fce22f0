"""What the types of AWS IoT have in common."""

from __future__ import annotations

TAG_CALLS = ("TagResource", "UntagResource", "resourceArn", "tags", "tagKeys")
"""IoT's operations for tags; see :class:`lambda_nb.engine.stacks.types.by_calls.ByCalls`."""
