"""What went wrong with an origin, and what the viewer gets for it.

Statuses and words are those of the CloudFront Developer Guide, pages "HTTP 502 status code", "HTTP
504 status code" and "Standard logging reference".
"""

from __future__ import annotations

import asyncio
import socket

import aiohttp

from lambda_nb.engine.edge.model import OriginError

_BAD_GATEWAY = 502
_GATEWAY_TIMEOUT = 504
_TOO_LONG = "Got more than"  # what aiohttp says of a header; it has no class for that
_CERTIFICATE = (
    "CloudFront accepts no expired, invalid or self-signed certificate, and one of its names must "
    "be the origin's domain name or the Host that is forwarded. Make its authority known to this "
    "machine (SSL_CERT_FILE), or set the origin's protocol policy to http-only."
)


class NotConnectedError(OriginError):
    """There is no connection to the origin: another attempt may be made for any request."""


class NoAnswerError(OriginError):
    """The origin's answer does not come in time: requests that only read may be made again."""


def fault_of(error: Exception, at: str, read_timeout_s: float) -> OriginError:
    """The fault that an error of the HTTP client is.

    Parameters
    ----------
    at
        The origin's address, for the message.
    read_timeout_s
        How long its answer, or the next part of it, was waited for.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        text = f"{at} takes no connection in time. Does a firewall stand before it?"
        return NotConnectedError(_GATEWAY_TIMEOUT, "OriginCommError", text)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        text = f"The certificate of {at} does not pass: {error.certificate_error}. {_CERTIFICATE}"
        return OriginError(_BAD_GATEWAY, "OriginConnectError", text)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        text = f"{at} speaks no TLS that CloudFront accepts: {error.os_error}"
        return OriginError(_BAD_GATEWAY, "OriginConnectError", text)
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, socket.gaierror):
            text = f"The name of {at} cannot be resolved (NonS3OriginDnsError): {error.os_error}"
            return NotConnectedError(_BAD_GATEWAY, "OriginDnsError", text)
        text = f"{at} takes no connection: {error.os_error}. Does the server run at that port?"
        return NotConnectedError(_BAD_GATEWAY, "OriginConnectError", text)
    if isinstance(error, asyncio.TimeoutError):
        text = f"{at} sent nothing for {read_timeout_s:g} s, its response timeout."
        return NoAnswerError(_GATEWAY_TIMEOUT, "OriginCommError", text)
    if isinstance(error, aiohttp.ClientPayloadError):
        return OriginError(_BAD_GATEWAY, "OriginReadError", f"{at} broke its answer off: {error}")
    if isinstance(error, aiohttp.ClientResponseError):
        if error.message.startswith(_TOO_LONG):
            text = f"{at} sent a header that is too long: {error.message}"
            return OriginError(_BAD_GATEWAY, "OriginHeaderTooBigError", text)
        # The lines that follow show the bytes; a message is one line.
        text = (
            f"{at} sent what is no HTTP response: {error.message.partition(chr(10))[0].rstrip(':')}"
        )
        return OriginError(_BAD_GATEWAY, "OriginInvalidResponseError", text)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        text = f"{at} closed the connection without an answer."
        return OriginError(_BAD_GATEWAY, "OriginReadError", text)
    return OriginError(_BAD_GATEWAY, "OriginReadError", f"{at}: {error}")


def incomplete(at: str, seconds: float) -> OriginError:
    """The answer was not complete by the response completion timeout."""
    text = f"{at} did not complete its answer within {seconds:g} s, its completion timeout."
    return OriginError(_GATEWAY_TIMEOUT, "OriginCommError", text)


def unusable(message: str) -> OriginError:
    """An origin that the engine cannot be, or a request that cannot be sent to it."""
    return OriginError(_BAD_GATEWAY, "OriginError", message)
