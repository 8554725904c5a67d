"""Other mock servers, each told to answer the same three requests with the same bodies, in the quickest way it has.

They keep no state (json-server does), check no token, count no calls and validate nothing, where ours does all of it.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from bench.servers import KEPT, BenchError, Generator, Process, answers, free_ports
from bench.throughput import Subject, loaded
from bench.workload import Expected

FOLDER = KEPT / "peers"
INSTALL_SECONDS = 300
TRIALS = 32
"""Requests of each operation that a peer must answer before it may take part."""
MOCKOON_SCHEMA = 33
OPERATIONS = ("get", "list", "create")
Command = Callable[[Path, Path, int], list[str]]


class Peer(Struct, frozen=True):
    """A package of the npm registry. `write` makes its configuration; `command` starts it from there on a port."""

    name: str
    package: str
    needs: str
    write: Callable[[Path, Expected], None]
    command: Command
    warm_up_seconds: float
    """How long its compiler gets with each operation before the first round counts."""
    list_path: str = ""
    """How a list of ten is asked for, where the vendor's own way is not understood."""


def started(
    expected: Expected, generator: Generator, on_step: Callable[[str], None]
) -> Iterator[Subject | tuple[str, str]]:
    """Each peer up and answering; or its name and why it is left out."""
    for peer in PEERS:
        on_step(f"{peer.name}: install and start")
        try:
            yield _started(peer, expected, generator)
        except (BenchError, OSError, subprocess.SubprocessError) as error:
            yield peer.name, str(error)


def _started(peer: Peer, expected: Expected, generator: Generator) -> Subject:
    for tool in ("npm", "node", peer.needs):
        if shutil.which(tool) is None:
            raise BenchError(f"{tool} is not on this machine")
    installed = _installed(peer)
    folder = installed / "config"
    folder.mkdir(exist_ok=True)
    peer.write(folder, expected)
    port = free_ports(1)
    # Servers differ in how they look up `localhost`, and in what they print; only the port is common ground.
    process = Process(peer.name, peer.command(installed / "node_modules", folder, port), folder=folder)
    process.port = port
    one = next(path for path in expected.got if path != "/api/orders")
    requests = {name: expected.requests[name] for name in OPERATIONS}
    if peer.list_path:
        requests["list"] = [_asking(text, peer.list_path) for text in requests["list"]]
    subject = Subject(peer.name, process, dict.fromkeys(OPERATIONS, port), requests, None, peer.warm_up_seconds)
    try:
        process.wait_until(lambda: answers(port, one))
        for operation in OPERATIONS:
            loaded(subject, operation, generator, times=TRIALS)
    except BenchError:
        process.stop()
        raise
    return subject


def _installed(peer: Peer) -> Path:
    folder = FOLDER / peer.name
    if (folder / "installed").is_file() and (folder / "installed").read_text() == peer.package:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    npm = ["npm", "install", "--prefix", ".", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(
        [*npm, peer.package], cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        raise BenchError(
            f"npm could not install {peer.package}: {(done.stderr.strip() or 'no reason').splitlines()[-1]}"
        )
    (folder / "installed").write_text(peer.package)
    return folder


def _asking(request: str, path: str) -> str:
    method, _, rest = request.split(" ", 2)
    return f"{method} {path} {rest}"


def _bodies(expected: Expected) -> tuple[str, str, str]:
    """One order, a list of ten, and what a create is answered with."""
    one = next(text for path, text in expected.got.items() if path != "/api/orders")
    return one, expected.got["/api/orders"], expected.posted["/api/orders"][1]


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


# json-server: a file of documents, the only one here that keeps what is created


def _write_json_server(folder: Path, expected: Expected) -> None:
    orders = [json.loads(text) for path, text in expected.got.items() if path != "/api/orders"]
    _write(folder / "db.json", {"orders": orders})
    _write(folder / "routes.json", {"/api/*": "/$1"})


def _json_server(modules: Path, folder: Path, port: int) -> list[str]:
    program = ["node", str(modules / "json-server/lib/cli/bin.js")]
    return [*program, "--quiet", "--no-gzip", "--no-cors", "--host", "127.0.0.1", "--port", str(port),
            "--routes", str(folder / "routes.json"), str(folder / "db.json")]  # fmt: skip


# Mockoon: static routes, templates off; its stateful buckets are slower still


def _write_mockoon(folder: Path, expected: Expected) -> None:
    one, ten, created = _bodies(expected)
    routes = [
        _mockoon_route(1, "get", "api/orders/:id", 200, one),
        _mockoon_route(2, "get", "api/orders", 200, ten),
        _mockoon_route(3, "post", "api/orders", 201, created),
    ]
    environment = {
        "uuid": _uuid(0), "lastMigration": MOCKOON_SCHEMA, "name": "orders", "endpointPrefix": "", "latency": 0,
        "port": 3000, "hostname": "127.0.0.1", "folders": [], "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "proxyMode": False, "proxyHost": "", "proxyRemovePrefix": False, "cors": False, "headers": [],
        "tlsOptions": {"enabled": False, "type": "CERT", "pfxPath": "", "certPath": "", "keyPath": "", "caPath": "",
                       "passphrase": ""},
        "proxyReqHeaders": [], "proxyResHeaders": [], "data": [], "callbacks": [],
    }  # fmt: skip
    _write(folder / "orders.json", environment)


def _mockoon_route(number: int, method: str, endpoint: str, status: int, body: str) -> dict[str, Any]:
    reply = {
        "uuid": _uuid(100 + number), "body": body, "latency": 0, "statusCode": status, "label": "",
        "headers": [{"key": "Content-Type", "value": "application/json"}], "bodyType": "INLINE", "filePath": "",
        "databucketID": "", "sendFileAsBody": False, "rules": [], "rulesOperator": "OR", "disableTemplating": True,
        "fallbackTo404": False, "default": True, "crudKey": "id", "callbacks": [],
    }  # fmt: skip
    return {
        "uuid": _uuid(number), "type": "http", "documentation": "", "method": method, "endpoint": endpoint,
        "responses": [reply], "responseMode": None, "streamingMode": None, "streamingInterval": 0,
    }  # fmt: skip


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _mockoon(modules: Path, folder: Path, port: int) -> list[str]:
    program = ["node", str(modules / "@mockoon/cli/bin/run.js"), "start", "--data", str(folder / "orders.json")]
    return [*program, "--port", str(port), "--hostname", "127.0.0.1", "--repair", "--disable-log-to-file",
            "--disable-admin-api"]  # fmt: skip


# Prism: examples out of an OpenAPI document, nothing declared that it would have to check


def _write_prism(folder: Path, expected: Expected) -> None:
    one, ten, created = _bodies(expected)
    identified = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    create = _prism_operation("201", created) | {"requestBody": {"content": {"application/json": {"schema": {}}}}}
    paths = {
        "/api/orders": {"get": _prism_operation("200", ten), "post": create},
        "/api/orders/{id}": {"get": _prism_operation("200", one), "parameters": [identified]},
    }
    _write(folder / "orders.json", {"openapi": "3.0.3", "info": {"title": "o", "version": "1"}, "paths": paths})


def _prism_operation(status: str, body: str) -> dict[str, Any]:
    content = {"application/json": {"example": json.loads(body)}}
    return {"responses": {status: {"description": "", "content": content}}}


def _prism(modules: Path, folder: Path, port: int) -> list[str]:
    program = ["node", str(modules / "@stoplight/prism-cli/dist/index.js"), "mock", "-h", "127.0.0.1", "-p", str(port)]
    return [*program, "-v", "silent", "--cors", "false", str(folder / "orders.json")]


# WireMock: static stubs, its request journal off


def _write_wiremock(folder: Path, expected: Expected) -> None:
    one, ten, created = _bodies(expected)
    mappings = folder / "mappings"
    mappings.mkdir(exist_ok=True)
    _write(mappings / "one.json", _wiremock_stub("GET", {"urlPathPattern": "/api/orders/[0-9]+"}, 200, one))
    _write(mappings / "list.json", _wiremock_stub("GET", {"urlPath": "/api/orders"}, 200, ten))
    _write(mappings / "create.json", _wiremock_stub("POST", {"urlPath": "/api/orders"}, 201, created))


def _wiremock_stub(method: str, url: dict[str, str], status: int, body: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    return {"request": {"method": method, **url}, "response": {"status": status, "body": body, "headers": headers}}


def _wiremock(modules: Path, folder: Path, port: int) -> list[str]:
    jar = next((modules / "wiremock/build").glob("wiremock-standalone-*.jar"), None)
    if jar is None:
        raise BenchError("its npm package holds no jar")
    return ["java", "-jar", str(jar), "--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", str(folder),
            "--no-request-journal", "--disable-request-logging", "--disable-banner",
            "--disable-response-templating", "--disable-gzip"]  # fmt: skip


PEERS = (
    Peer("json-server", "json-server@0.17.4", "node", _write_json_server, _json_server, 4.0, "/api/orders?_limit=10"),
    Peer("mockoon", "@mockoon/cli@9.9.0", "node", _write_mockoon, _mockoon, 4.0),
    Peer("prism", "@stoplight/prism-cli@5.14.2", "node", _write_prism, _prism, 4.0),
    Peer("wiremock", "wiremock@3.13.2", "java", _write_wiremock, _wiremock, 12.0),
)
