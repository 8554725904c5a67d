"""The fakes on real ports, in a thread of their own, for code under test that wants an address."""

import asyncio
import secrets
import threading

from mock_servers.core.refusal import UsageError
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.serving import Server
from seatrial.house import asyncio_run

PATIENCE_SECONDS = 20.0


class Served:
    """Every vendor of a sandbox on a free loopback port, from construction until `close`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._server = Server(sandbox, admin_token=secrets.token_urlsafe(24))
        self.base_urls = {name: url for name, url in self._server.base_urls.items() if name}
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="seatrial", daemon=True)
        self._thread.start()
        if not self._ready.wait(PATIENCE_SECONDS) or self._failed is not None:
            raise UsageError(f"the fakes could not be served: {self._failed or 'they did not come up'}")

    def close(self) -> None:
        """Stop listening."""
        loop = self._loop
        if loop is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        try:
            asyncio_run(self._main())
        except BaseException as error:  # a thread has nobody to raise to
            self._failed = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.run(self._ready.set, signals=False)
