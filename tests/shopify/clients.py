"""Other people's clients, each in a place of its own, telling a story against a shop that is served on loopback."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server

NODE = Path(__file__).parents[2] / ".node"
INSTALL_SECONDS = 120
STORY_SECONDS = 60


def npm_package(name: str, version: str) -> Path:
    """The package's own package.json folder, installed once into `.node/`. Skips the test where that cannot be."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node.js and npm are needed to run Shopify's own client")
    home = NODE / f"{name.rsplit('/', 1)[-1]}-{version}"
    if not (home / "node_modules" / name).is_dir():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}', encoding="utf-8")
        what = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", f"{name}@{version}"]
        try:
            done = subprocess.run(what, cwd=home, capture_output=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("the npm registry did not answer in time")
        if done.returncode != 0:
            pytest.skip("the npm registry is out of reach")
    return home / "package.json"


async def tell(command: list[str], sandbox: Sandbox, **environment: str) -> dict[str, Any]:
    """Serve the sandbox's shop, run a story against it, and answer what it printed as JSON."""
    server = Server(sandbox, admin_token="unused")
    ready = asyncio.Event()
    serving = asyncio.create_task(server.run(ready.set, signals=False))
    await ready.wait()
    credentials = sandbox.world.credentials["shopify"]
    told = {
        "PATH": os.environ["PATH"],
        "BASE_URL": server.base_urls["shopify"],
        "SHOP": credentials["shop"],
        "TOKEN": credentials["access_token"],
        "CLIENT_ID": credentials["client_id"],
        "CLIENT_SECRET": credentials["client_secret"],
    }
    story = await asyncio.create_subprocess_exec(
        *command, env=told | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(story.communicate(), STORY_SECONDS)
    finally:
        if story.returncode is None:
            story.kill()
        server.stop()
        await serving
    assert story.returncode == 0, err.decode()
    return dict(json.loads(out))
