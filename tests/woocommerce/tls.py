"""A served store for clients of other people's, in the clear and behind TLS.

The fake serves plain HTTP; what takes off the TLS here is a few lines that do what any proxy in front of a store does.
Clients are told not to verify the certificate, which is made for the occasion.
"""

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server

STORY_SECONDS = 60


@contextlib.asynccontextmanager
async def proxied(port: int, context: ssl.SSLContext) -> AsyncIterator[str]:
    """TLS in front of a port. The client opens a connection for each request, so the first line is all there is to
    look for."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        back.write(await reader.readline() + b"X-Forwarded-Proto: https\r\nConnection: close\r\n")

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while chunk := await source.read(65536):
                target.write(chunk)
                await target.drain()

        onward = asyncio.ensure_future(copy(reader, back))
        with contextlib.suppress(ConnectionError):
            await copy(there, writer)
        onward.cancel()
        await asyncio.gather(onward, return_exceptions=True)
        for each in (back, writer):
            each.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await each.wait_closed()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def told_by(story: Sequence[str], context: ssl.SSLContext, more: Mapping[str, str]) -> Any:
    """What a client's story heard: it is run with the store's two addresses, and prints JSON."""
    sandbox = Sandbox(["woocommerce"])
    sandbox.fill(Size(orders=6, products=4))
    server = Server(sandbox, admin_token="unused")
    ready = asyncio.Event()
    serving = asyncio.create_task(server.run(ready.set, signals=False))
    await ready.wait()
    about = sandbox.world.credentials["woocommerce"]
    environment = {
        "PATH": os.environ["PATH"],
        "CONSUMER_KEY": about["consumer_key"],
        "CONSUMER_SECRET": about["consumer_secret"],
        **more,
    }
    async with proxied(server.ports["woocommerce"], context) as secure:
        running = await asyncio.create_subprocess_exec(
            *story,
            server.base_urls["woocommerce"],
            secure,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(running.communicate(), STORY_SECONDS)
        finally:
            if running.returncode is None:
                running.kill()
    server.stop()
    await serving
    assert running.returncode == 0, err.decode()
    assert {
        entry.rule for entry in sandbox.world.journal.entries("woocommerce") if entry.rule.startswith("broke")
    } == set()
    return json.loads(out)
