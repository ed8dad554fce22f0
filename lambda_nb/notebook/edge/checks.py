"""What a user may mistake, told in a sentence: options, paths, distributions that are gone."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

from lambda_nb.notebook.errors import AWSError, NotebookError, UsageError, aws_errors

OPTIONS = ("headers", "params", "data", "json", "viewer", "location")
"""Of a request to a distribution."""


@contextlib.contextmanager
def told(name: str, identifier: str) -> Iterator[None]:
    """Turn boto3 errors of a distribution into short ones that say what to do.

    Raises
    ------
    UsageError
        The distribution is not there any more.
    NotebookError
        Something else went wrong.
    """
    try:
        with aws_errors():
            yield
    except AWSError as error:
        if error.code != "NoSuchDistribution":
            raise
        raise UsageError(
            f"the distribution {name!r} ({identifier}) has been deleted; "
            f"lambda_nb.distribution({name!r}, origin=...) makes it anew"
        ) from None
    except NotebookError as error:
        if "Could not connect" not in str(error):
            raise
        raise NotebookError(
            f"the engine of the distribution {name!r} does not answer; if it has ended, "
            f"lambda_nb.distribution({name!r}, origin=...) finds or makes it at the one that the "
            f"notebook uses now. {error}"
        ) from None


def options(method: str, given: Mapping[str, Any]) -> None:
    """Check the names of the options of a request.

    Raises
    ------
    UsageError
        There is no such option.
    """
    for name in given:
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, 1)
            hint = f"did you mean {near[0]}=?" if near else f"there are {', '.join(OPTIONS)}"
            raise UsageError(f"{method} has no option {name}=; {hint}")


def request(
    url: str, method: str, path: object, headers: object, viewer: object, location: object
) -> None:
    """Check what a request is sent to, and from where.

    Raises
    ------
    UsageError
        One of them is no text, the path is a whole address, or the headers are no mapping.
    """
    if not method.isalpha():
        raise UsageError(f"method is {method!r}; give a method and a path: 'GET', '/index.html'")
    if not isinstance(headers, (Mapping, NoneType)):
        raise UsageError(f"headers is {headers!r}; give them by name: {{'accept': 'text/html'}}")
    if not isinstance(path, str):
        raise UsageError(f"path is {path!r}; give text such as '/index.html'")
    if path.startswith(("http://", "https://")):
        rest = path.partition("://")[2].partition("/")[2]
        raise UsageError(f"{path!r} is an address; give only its path, '/{rest}': {url} is asked")
    if not isinstance(viewer, str):
        raise UsageError(
            f"viewer is {viewer!r}; give a city, a country's code such as 'DE', or '52.5,13.4'"
        )
    if not isinstance(location, str):
        raise UsageError(f"location is {location!r}; give a code such as 'fra'")
