"""Source code that stands in the template, as an archive."""

from __future__ import annotations

import io
import zipfile

from lambda_nb.engine.stacks.inline_modules import beside
from lambda_nb.engine.stacks.model import Refused

LONGEST = 4_194_304
"""Characters of ``ZipFile`` (CloudFormation template reference, AWS::Lambda::Function Code,
2026)."""
_FILES = {"python": "index.py", "nodejs": "index.js"}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def file_name(runtime: str) -> str:
    """The file that CloudFormation writes inline code to; the handler must name this module.

    Raises
    ------
    Refused
        The runtime takes no inline code.

    Examples
    --------
    >>> file_name("nodejs22.x")
    'index.js'
    """
    for prefix, name in _FILES.items():
        if runtime.startswith(prefix):
            return name
    raise Refused(
        "ZipFile can only be used when Runtime is set to a Node.js or Python runtime, not to "
        f"{runtime or 'nothing'}.",
        "InvalidRequest",
    )


def archive(source: str, runtime: str) -> bytes:
    """Inline code as a zip archive, with the modules that AWS puts beside it.

    It has the same bytes for the same source.

    Raises
    ------
    Refused
        The source is too long, or the runtime takes no inline code.
    """
    if len(source) > LONGEST:
        raise Refused(
            f"ZipFile has {len(source)} characters, more than {LONGEST}. Put the code into S3.",
            "InvalidRequest",
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in {**beside(runtime), file_name(runtime): source}.items():
            entry = zipfile.ZipInfo(name, date_time=_LONG_AGO)
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, text)
    return buffer.getvalue()
