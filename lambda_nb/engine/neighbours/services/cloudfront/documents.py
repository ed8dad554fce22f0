"""What CloudFront keeps: documents by kind and id, in one attribute of moto's backend."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.exceptions import ServiceException

from lambda_nb.engine.neighbours.storage.pickle_reducers import named

Parameters = dict[str, Any]

_KEPT = "kept_by_lambda_nb"
_LETTERS = string.ascii_uppercase + string.digits
_PAGE = 100
_PAST = 50
"""ETags of a document that are told from ones it never had."""


@named
@dataclass
class CloudFrontDocument:
    """One resource.

    ``config`` is what the caller gave, with AWS's defaults filled in; ``more`` is what CloudFront
    adds; ``past`` has earlier ETags.
    """

    id: str
    etag: str
    created: datetime
    modified: datetime
    config: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict)
    past: tuple[str, ...] = ()

    def change(self, config: dict[str, Any]) -> None:
        """Replace what the caller gave: the document has another ETag then."""
        self.config = config
        self.past = (*self.past, self.etag)[-_PAST:]
        self.etag = new_id("E")
        self.modified = now()


class Store:
    """The documents of an account: CloudFront has no Regions.

    Parameters
    ----------
    backend
        moto's.
    """

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.account = str(backend.account_id)

    def all(self, kind: str) -> dict[str, CloudFrontDocument]:
        """The documents of a kind by id, in the order in which they were made."""
        everything: dict[str, dict[str, CloudFrontDocument]]
        everything = self.backend.__dict__.setdefault(_KEPT, {})
        return everything.setdefault(kind, {})

    def add(self, kind: str, document_id: str, config: dict[str, Any]) -> CloudFrontDocument:
        """Keep a new document."""
        moment = now()
        document = CloudFrontDocument(document_id, new_id("E"), moment, moment, config)
        self.all(kind)[document_id] = document
        return document

    def arn(self, kind: str, name: str) -> str:
        """The ARN of something of CloudFront."""
        return f"arn:aws:cloudfront::{self.account}:{kind}/{name}"


def new_id(prefix: str, length: int = 13) -> str:
    """An id or an ETag as CloudFront draws them: capital letters and digits."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def now() -> datetime:
    """The time, as moto writes it."""
    from moto.core.utils import utcnow

    moment: datetime = utcnow()
    return moment


class CloudFrontError(ServiceException):
    """A refusal, with AWS's code for it; the service model has its status."""


def error(code: str, message: str) -> CloudFrontError:
    """An error of CloudFront, to raise."""
    return CloudFrontError(code, message)


def invalid(message: str) -> CloudFrontError:
    """``InvalidArgument``, to raise."""
    return error("InvalidArgument", message)


def matching(document: CloudFrontDocument, given: str | None) -> None:
    """Refuse a change to a document by somebody who has not seen its newest state.

    Raises
    ------
    CloudFrontError
        ``InvalidIfMatchVersion`` without an ETag of this document, ``PreconditionFailed`` with an
        earlier one of it.
    """
    etag = (given or "").strip('"')
    if etag == document.etag:
        return
    if etag in document.past:
        raise error(
            "PreconditionFailed",
            "The request failed because it didn't meet the preconditions in one or more "
            f"request-header fields: {document.id} was changed since it had the ETag {etag}.",
        )
    raise error(
        "InvalidIfMatchVersion",
        "The If-Match version is missing or not valid for the resource. Send the ETag of the "
        f"newest answer about {document.id}.",
    )


def page(items: list[tuple[str, Any]], parameters: Parameters) -> dict[str, Any]:
    """One page of a list.

    Parameters
    ----------
    items
        What there is, each with its id.
    parameters
        Of the call: ``Marker``, ``MaxItems``.
    """
    marker = parameters.get("Marker") or ""
    given = str(parameters.get("MaxItems") or _PAGE)
    if not given.isdecimal() or int(given) == 0:
        raise invalid(f"The parameter MaxItems is a positive number; it is {given!r}.")
    if marker:
        places = [place for place, (name, _) in enumerate(items) if name == marker]
        if not places:
            raise invalid(f"The parameter Marker is no id of this list: {marker!r}.")
        items = items[places[0] + 1 :]
    size = int(given)
    shown = items[:size]
    told: dict[str, Any] = {
        "Marker": marker,
        "MaxItems": size,
        "IsTruncated": len(items) > size,
        "Quantity": len(shown),
    }
    if len(items) > size:
        told["NextMarker"] = shown[-1][0]
    if shown:
        told["Items"] = [item for _, item in shown]
    return told
