"""The unmodified Python package woocommerce against the fake, over loopback: signed in the clear, or by a key over TLS.

The fake serves plain HTTP; what takes off the TLS here is a few lines that do what any proxy in front of a store does.
The client is told not to verify the certificate, which is made for the occasion.
"""

import asyncio
import contextlib
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server

VERSION = "3.0.0"
CACHE = Path(__file__).parents[2] / ".clients" / "woocommerce" / VERSION
STORY = Path(__file__).parent / "python" / "story.py"
INSTALL_SECONDS = 180
STORY_SECONDS = 60
WAYS = ("signed", "basic", "query")


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python with the package, installed once into `.clients/`; the test is skipped where that cannot be."""
    made = CACHE / "bin" / "python"
    if not (CACHE / "complete").is_file():
        install = [str(made), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"woocommerce=={VERSION}"]
        try:
            for what in ([sys.executable, "-m", "venv", "--clear", str(CACHE)], install):
                done = subprocess.run(what, capture_output=True, timeout=INSTALL_SECONDS, check=False)
                if done.returncode != 0:
                    pytest.skip("the package registry is out of reach, or there is no venv here")
        except subprocess.TimeoutExpired:
            pytest.skip("the package registry did not answer in time")
        (CACHE / "complete").touch()
    return made


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate for loopback that nobody trusts."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is needed for a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*make, "-keyout", str(key), "-out", str(cert)], capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


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


async def tell(python: Path, context: ssl.SSLContext) -> dict:
    """Serve a store on loopback and let the client's story run against it."""
    sandbox = Sandbox(["woocommerce"])
    sandbox.fill(Size(orders=6, products=4))
    server = Server(sandbox, admin_token="unused")
    ready = asyncio.Event()
    serving = asyncio.create_task(server.run(ready.set, signals=False))
    await ready.wait()
    about = sandbox.world.credentials["woocommerce"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONWARNINGS": "ignore",  # of the certificate that is not verified
        "CONSUMER_KEY": about["consumer_key"],
        "CONSUMER_SECRET": about["consumer_secret"],
    }
    async with proxied(server.ports["woocommerce"], context) as secure:
        story = await asyncio.create_subprocess_exec(
            str(python),
            str(STORY),
            server.base_urls["woocommerce"],
            secure,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(story.communicate(), STORY_SECONDS)
        finally:
            if story.returncode is None:
                story.kill()
    server.stop()
    await serving
    assert story.returncode == 0, err.decode()
    schemes = {entry.rule for entry in sandbox.world.journal.entries("woocommerce") if entry.rule.startswith("broke")}
    assert schemes == set()
    return json.loads(out)


pytestmark = pytest.mark.client


@pytest.fixture(scope="module")
def heard(python: Path, certificate: ssl.SSLContext) -> dict:
    return asyncio.run(tell(python, certificate))


@pytest.mark.parametrize("way", WAYS)
def test_it_lists_filters_and_counts(heard, way):
    story = heard[way]
    assert (story["list"]["status"], len(story["list"]["body"])) == (200, 2)
    assert int(story["list"]["total"]) >= 6
    assert (story["filtered"]["status"], story["filtered"]["body"]) == (200, [])
    assert [order["id"] for order in story["array"]["body"]] == [story["made"]["body"]["id"]]


@pytest.mark.parametrize("way", WAYS)
def test_it_makes_changes_notes_and_deletes(heard, way):
    story = heard[way]
    made = story["made"]
    assert (made["status"], made["body"]["status"]) == (201, "processing")
    assert made["body"]["line_items"][0]["meta_data"][0]["key"] == "grün"
    assert story["changed"]["body"]["status"] == "completed"
    assert story["note"]["body"]["note"] == "Gepäck übergeben"
    assert (story["deleted"]["status"], story["gone"]["status"]) == (200, 404)


@pytest.mark.parametrize("way", WAYS)
def test_it_hears_refusals_as_the_store_words_them(heard, way):
    story = heard[way]
    assert story["absent"]["body"]["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert (story["invalid"]["status"], story["invalid"]["body"]["code"]) == (400, "rest_invalid_param")
    assert story["batch"]["body"]["update"][0]["error"]["code"] == "woocommerce_rest_product_invalid_id"


def test_a_wrong_secret_is_refused_in_either_mode(heard):
    signed, basic = heard["wrong secret, signed"], heard["wrong secret, basic"]
    assert (signed["status"], basic["status"]) == (401, 401)
    assert signed["body"]["message"] == "Invalid signature - provided signature does not match."
    assert basic["body"]["message"] == "Consumer secret is invalid."
