"""A running server's admin API, for the command line and for whoever drives the fakes from outside."""

import os
from collections.abc import Iterator
from typing import Any, Self

import httpx

from mock_servers.core.refusal import UsageError
from seatrial import running

TIME_OUT_SECONDS = 120.0


class Admin:
    """One server's admin API, for the length of a `with`. Whatever it refuses is raised as UsageError, in its words."""

    def __init__(self, env: dict[str, Any], transport: httpx.BaseTransport | None = None) -> None:
        self.env = env
        admin = env["admin"]
        self._client = httpx.Client(
            base_url=admin["base_url"],
            headers={"Authorization": f"Bearer {admin['token']}"},
            timeout=TIME_OUT_SECONDS,
            transport=transport,
            trust_env=False,
        )

    @classmethod
    def of_running(cls, port: int | None = None) -> "Admin":
        """The server named by SEATRIAL_ADMIN_URL and SEATRIAL_ADMIN_TOKEN, else the one running here."""
        url, token = os.environ.get("SEATRIAL_ADMIN_URL"), os.environ.get("SEATRIAL_ADMIN_TOKEN")
        if port is None and url and token:
            admin = cls({"admin": {"base_url": url, "token": token}, "vendors": {}})
            try:
                admin.env = admin.get("/env")
            except UsageError:
                admin.close()
                raise
            return admin
        return cls(running.find(port))

    def close(self) -> None:
        """Give its connection up."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, **query: Any) -> Any:
        """GET, with the empty parts of the query left out."""
        return self._asked("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """POST of JSON."""
        return self._asked("POST", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """PUT of JSON."""
        return self._asked("PUT", path, json=body)

    def delete(self, path: str, **query: Any) -> None:
        """DELETE."""
        self._asked("DELETE", path, params=query)

    def lines(self, path: str, body: Any) -> Iterator[dict[str, Any]]:
        """POST whose answer is a line of JSON for every step."""
        import json

        try:
            with self._client.stream("POST", path, json=body) as response:
                if response.is_error:
                    response.read()
                    raise UsageError(_said(response))
                for line in response.iter_lines():
                    yield json.loads(line)
        except httpx.HTTPError as error:
            raise self._away(error) from error

    def _asked(self, method: str, path: str, **how: Any) -> Any:
        try:
            response = self._client.request(method, path, **how)
        except httpx.HTTPError as error:
            raise self._away(error) from error
        if response.is_error:
            raise UsageError(_said(response))
        return response.json() if response.content else None

    def _away(self, error: httpx.HTTPError) -> UsageError:
        return UsageError(f"the admin API at {self._client.base_url} does not answer ({type(error).__name__})")


def _said(response: httpx.Response) -> str:
    """The refusal in one line."""
    try:
        body = response.json()
    except ValueError:
        return f"the admin API answered {response.status_code}"
    if isinstance(body.get("error"), dict):
        return str(body["error"].get("message", body["error"]))
    detail = body.get("detail", body)
    if isinstance(detail, list):
        return "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in detail)
    return str(detail)
