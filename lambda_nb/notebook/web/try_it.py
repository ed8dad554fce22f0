"""A command for a terminal that calls a route."""

from __future__ import annotations

import shlex

_WITH_BODY = ("PATCH", "POST", "PUT")
_TOKENS = ("CUSTOM", "JWT", "COGNITO_USER_POOLS")


def curl(
    method: str, url: str, authorization: str, region: str, *, service: str = "execute-api"
) -> str:
    """A curl command.

    Parameters
    ----------
    method
        ``ANY`` calls it with GET.
    authorization
        The route's authorization type; ``AWS_IAM`` signs with the shell's own credentials.

    Examples
    --------
    >>> curl("GET", "http://a/items", "NONE", "us-east-1")
    'curl http://a/items'
    >>> curl("POST", "http://a/items", "JWT", "us-east-1")
    "curl --json '{}' -H 'authorization: TOKEN' http://a/items"
    """
    words = ["curl"]
    if method == "HEAD":
        words.append("--head")
    elif method not in ("ANY", "GET", "POST"):
        words += ["-X", method]
    if method in _WITH_BODY:
        words += ["--json", "{}"]  # which also means POST
    if authorization in _TOKENS:
        words += ["-H", "authorization: TOKEN"]
    signed = ""
    if authorization == "AWS_IAM":
        # Not quoted as a word: the shell has to fill the keys in.
        signed = (
            f' --aws-sigv4 aws:amz:{region}:{service} --user "$AWS_ACCESS_KEY_ID:'
            '$AWS_SECRET_ACCESS_KEY"'
        )
    return f"{shlex.join(words)}{signed} {shlex.quote(url)}"
