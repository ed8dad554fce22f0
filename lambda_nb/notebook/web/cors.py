"""``--cors``: which pages may call an HTTP API.

The functions of an API share its settings. A tag of the API keeps what each cell asked for, so
that one cell does not undo what another wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.notebook.errors import UsageError

ANY = "*"
_TAG = "lambda_nb:cors:"
_ANY_AS_TAG = "any"  # a tag's value cannot hold an asterisk
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")


def origins(words: Sequence[str] | None) -> list[str] | None:
    """The origins after ``--cors``; without any it is every origin; ``None``: no such option.

    Raises
    ------
    UsageError
        A word is no origin.

    Examples
    --------
    >>> origins([]), origins(["https://example.com"]), origins(None)
    (['*'], ['https://example.com'], None)
    """
    if words is None:
        return None
    for word in words:
        if word != ANY and not _ORIGIN.fullmatch(word):
            raise UsageError(
                f"--cors {word!r}: an origin is a scheme and a host, such as https://example.com, "
                "without a path; --cors alone allows every origin"
            )
    return list(words) or [ANY]


def apply(
    gateway: Any, api: Mapping[str, Any], function: str, wanted: Sequence[str] | None
) -> None:
    """Let the origins that a function's cell wants call the API; those of other cells stay.

    Parameters
    ----------
    api
        As ``GetApi`` describes it.
    wanted
        Origins, of which ``*`` is every one. ``None``: the cell asks for none.
    """
    tags = dict(api.get("Tags", {}))
    key = _TAG + function
    value = None if wanted is None else _as_tag(wanted)
    if tags.get(key) == value:
        return
    meta = gateway.meta
    resource = f"arn:{meta.partition}:apigateway:{meta.region_name}::/apis/{api['ApiId']}"
    if value is None:
        gateway.untag_resource(ResourceArn=resource, TagKeys=[key])
        del tags[key]
    else:
        gateway.tag_resource(ResourceArn=resource, Tags={key: value})
        tags[key] = value
    all_wanted = sorted(
        {word for name, words in tags.items() if name.startswith(_TAG) for word in words.split()}
    )
    if not all_wanted:
        gateway.delete_cors_configuration(ApiId=api["ApiId"])
        return
    gateway.update_api(
        ApiId=api["ApiId"],
        CorsConfiguration={
            "AllowOrigins": [ANY] if _ANY_AS_TAG in all_wanted else all_wanted,
            "AllowMethods": [ANY],
            # In browsers an asterisk does not cover this header.
            "AllowHeaders": ["authorization", ANY],
        },
    )


def _as_tag(wanted: Sequence[str]) -> str:
    return _ANY_AS_TAG if ANY in wanted else " ".join(sorted(set(wanted)))
