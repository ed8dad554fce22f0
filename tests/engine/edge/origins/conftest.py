"""What tests of origins share."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from edge_origins_lab import Server, Speak, Tidy

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.gateways.shared.addresses import Addresses


async def _connect(service: str) -> object:
    raise AssertionError(f"nobody asks {service}")


@pytest.fixture
async def origins() -> AsyncIterator[Origins]:
    """Origins of an engine that nobody asks."""
    keys = Keys("AKIDEXAMPLE", "secret")
    made = Tidy(
        Origins(
            "http://127.0.0.1:1", keys, "us-east-1", _connect, lambda identifier: None, Addresses()
        )
    )
    yield made
    await made.close()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Start servers: ``await serve(answer(b"a"), hangs_up)``."""
    running: list[Server] = []

    async def start(*answers: bytes | Speak, tls: ssl.SSLContext | None = None) -> Server:
        server = Server(*answers)
        await server.start(tls)
        running.append(server)
        return server

    yield start
    for server in running:
        await server.close()
