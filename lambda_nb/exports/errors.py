"""What goes wrong in an export."""

from __future__ import annotations


class ExportError(Exception):
    """Something cannot be exported or compared; the text says what, and what to do."""
