"""Routes as a cell writes them: ``--http "GET /hello/{name}"``, ``--http /hello``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from lambda_nb.notebook.errors import UsageError

DEFAULT = "$default"
METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""Methods of a route of an HTTP API (Amazon API Gateway, "Create routes for HTTP APIs")."""
FORMS = "'GET /items/{id}', /items (any method) or $default (all other requests)"

_VARIABLE = re.compile(r"\{([^{}+]+)\+?\}")
_OPENS = ("ANY", "GET", DEFAULT)


def route_keys(words: Sequence[str]) -> list[str]:
    """The route keys that the words after ``--http`` mean, each once.

    A method and its path may be one word or two. A path alone is for any method.

    Raises
    ------
    UsageError
        A word is none of :data:`FORMS`.

    Examples
    --------
    >>> route_keys(["GET /items", "post", "/items", "/about", "$default"])
    ['GET /items', 'POST /items', 'ANY /about', '$default']
    """
    keys: dict[str, None] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        if word.upper() in METHODS and left and left[0].startswith("/"):
            word = f"{word} {left.pop(0)}"
        keys[_key(word)] = None
    return list(keys)


def _key(word: str) -> str:
    if word == DEFAULT:
        return word
    method, _, path = ("ANY", "", word) if word.startswith("/") else word.partition(" ")
    path = path.strip()
    if method.upper() not in METHODS or not path.startswith("/"):
        raise UsageError(f"--http {word!r}: give {FORMS}")
    return f"{method.upper()} {path}"


def parts(key: str) -> tuple[str, str]:
    """The method and the path of a route key; ``$default`` is any method of any path.

    Examples
    --------
    >>> parts("GET /items/{id}"), parts("$default")
    (('GET', '/items/{id}'), ('ANY', '/{any+}'))
    """
    if key == DEFAULT:
        return "ANY", "/{any+}"
    method, _, path = key.partition(" ")
    return method, path


def opens(key: str) -> bool:
    """Whether a browser can open the route: it sends GET."""
    return key.split(" ")[0] in _OPENS


def example(key: str) -> str:
    """A path that the route answers, with its variables' names as their values.

    Examples
    --------
    >>> example("GET /hello/{name}"), example("ANY /{proxy+}"), example("$default")
    ('/hello/name', '/proxy', '/')
    """
    return "/" if key == DEFAULT else quote(_VARIABLE.sub(r"\1", parts(key)[1]), safe="/%:@")


def source_arn(function_arn: str, api_id: str, key: str) -> str:
    """What a function's policy has to let in, so that this route of any stage may invoke it.

    Examples
    --------
    >>> source_arn("arn:aws:lambda:eu-west-1:000000000000:function:f", "a1", "GET /p/{id}")
    'arn:aws:execute-api:eu-west-1:000000000000:a1/*/GET/p/*'
    """
    _, partition, _, region, account, *_ = function_arn.split(":")
    api = f"arn:{partition}:execute-api:{region}:{account}:{api_id}"
    if key == DEFAULT:
        return f"{api}/*/{DEFAULT}"
    method, path = parts(key)
    return f"{api}/*/{'*' if method == 'ANY' else method}{_VARIABLE.sub('*', path)}"
