"""The answers that a load balancer makes itself, as an Application Load Balancer words them."""

from __future__ import annotations

from http import HTTPStatus

from lambda_nb.engine.api.wire.http import Header, Reply

SERVER: Header = (b"server", b"awselb/2.0")

_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n"
    "<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
)


def page(status: int, *headers: Header) -> Reply:
    """The page for a status.

    Examples
    --------
    >>> page(502).body.decode().splitlines()[1]
    '<head><title>502 Bad Gateway</title></head>'
    """
    title = f"{status} {phrase(status)}".rstrip()
    return Reply(status, _PAGE.format(title).encode(), [SERVER, *headers], b"text/html")


def phrase(status: int) -> str:
    """The reason phrase of a status; of 504 as a load balancer spells it.

    Examples
    --------
    >>> phrase(504), phrase(599)
    ('Gateway Time-out', '')
    """
    if status == 504:
        return "Gateway Time-out"
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
