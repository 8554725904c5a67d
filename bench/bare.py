"""The reference: the least that can stand behind the same server and answer the same bytes.

Under /kept it is the least that can be called a stateful create: it decodes the order, numbers it, keeps it in a dict
and encodes it again, with no check, no transaction and no journal.

`python -m bench.bare FILE` reads {path: body} and the body of each POST by its path, and prints the port it serves on.
"""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from mock_servers.core.serving import _server
from seatrial.house import asyncio_run

KEPT_PATH = "/kept/orders"
JSON = (b"content-type", b"application/json")
Answer = tuple[dict[str, Any], dict[str, Any]]
decode = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


class Replies(Struct, frozen=True):
    """What to answer, by path; `posted` what a POST is answered with, and its status."""

    got: dict[str, str]
    posted: dict[str, tuple[int, str]]


class Bare:
    """An ASGI application that looks its answer up and decodes nothing."""

    def __init__(self, replies: Replies) -> None:
        self.got = {path: _answer(200, text.encode()) for path, text in replies.got.items()}
        self.posted = {path: _answer(status, text.encode()) for path, (status, text) in replies.posted.items()}
        self.kept: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["method"] != "GET":
            message = await receive()
            text = message["body"]
            while message.get("more_body"):
                message = await receive()
                text += message["body"]
            start, body = self._keep(text) if scope["path"] == KEPT_PATH else self.posted[scope["path"]]
        else:
            start, body = self.got[scope["path"]]
        await send(start)
        await send(body)

    def _keep(self, text: bytes) -> Answer:
        order = decode(text)
        id = str(len(self.kept))
        self.kept[id] = order = {"id": id, "status": "pending", "shipments": [], **order}
        return _answer(201, encode(order))


def _answer(status: int, body: bytes) -> Answer:
    headers = [JSON, (b"content-length", str(len(body)).encode())]
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


def main() -> None:
    """Serve, with the very configuration the fakes are served with."""
    replies = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(2048)
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    asyncio_run(_server(Bare(Replies(**replies))).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
