"""Answers that no honest fake would send: what proxies, load balancers and broken servers put in a vendor's place."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass

import httpx

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = b"<!doctype html><html><head><title>Sorry</title></head><body><h1>Something went wrong</h1></body></html>"
ANSWER_BYTES_MAXIMUM = 200_000
"""What the connectors under test read at most."""


@dataclass(frozen=True)
class Garbage:
    """`reply` makes it out of the request and the honest reply. `means` is the outcome a change has to be told by;
    empty where the answer may also pass for a good one."""

    name: str
    reply: Callable[[httpx.Request, httpx.Response], httpx.Response]
    means: str = "Unknown"

    def __str__(self) -> str:
        return self.name


def body(name: str, content: bytes, *, status: int = 200, means: str = "Unknown", **headers: str) -> Garbage:
    whole = JSON | {key.replace("_", "-"): value for key, value in headers.items()}
    return Garbage(name, lambda request, honest: httpx.Response(status, content=content, headers=whole), means)


def page(status: int, means: str) -> Garbage:
    return Garbage(
        f"{status} with a page", lambda request, honest: httpx.Response(status, content=PAGE, headers=HTML), means
    )


def redirect(status: int, means: str) -> Garbage:
    def reply(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
        return httpx.Response(status, headers={"location": "https://login.example/sign-in"})

    return Garbage(f"{status} to a sign-in page", reply, means)


def wait(text: str, status: int = 429) -> Garbage:
    return Garbage(
        f"{status} and wait {text!r}",
        lambda request, honest: httpx.Response(status, headers={"retry-after": text}),
        "NotApplied",
    )


def _cut_short(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    return httpx.Response(honest.status_code, content=honest.content[: len(honest.content) // 2], headers=JSON)


def _all_but_the_last_byte(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    return httpx.Response(honest.status_code, content=honest.content[:-1], headers=JSON)


def _something_behind(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    return httpx.Response(honest.status_code, content=honest.content + b"<!-- 0.012 s -->", headers=JSON)


def _another_charset(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    return httpx.Response(honest.status_code, content=honest.content.decode().encode("utf-16"), headers=JSON)


def _another_type(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    return httpx.Response(honest.status_code, content=honest.content, headers={"content-type": "text/plain"})


def _the_request(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    """A debugging proxy that answers with what it was sent, credentials and all."""
    text = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    return httpx.Response(500, text=f"{request.method} {request.url}\n{text}\n\n{request.content.decode()}")


def _the_request_refused(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    headers = [value for name, value in request.headers.items() if name in {"authorization", "x-shopify-access-token"}]
    words = f"credentials {' '.join(headers)} and {request.content.decode()[:2000]} are not welcome"
    return httpx.Response(403, json={"errors": words, "error": {"code": words[:90], "message": words}})


def _bomb(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    whole = gzip.compress(b"[" + b" " * (ANSWER_BYTES_MAXIMUM + 1) + b"]")
    return httpx.Response(200, content=whole, headers=JSON | {"content-encoding": "gzip"})


def _no_gzip(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    class Raw(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def] # an async generator of bytes
            yield honest.content

    return httpx.Response(200, stream=Raw(), headers=JSON | {"content-encoding": "gzip"})


def _breaks_off(request: httpx.Request, honest: httpx.Response) -> httpx.Response:
    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def] # an async generator of bytes
            yield honest.content[:10]
            raise httpx.ReadError("connection reset by peer")

    return httpx.Response(200, stream=Broken(), headers=JSON)


GARBAGE = (
    Garbage("cut short", _cut_short),
    Garbage("all but the last byte", _all_but_the_last_byte),
    Garbage("something behind it", _something_behind),
    Garbage("another charset", _another_charset),
    Garbage("another content type", _another_type, ""),
    Garbage("the request itself", _the_request),
    Garbage("the request itself, refused", _the_request_refused, "Refused"),
    Garbage("a bomb", _bomb),
    Garbage("no gzip", _no_gzip),
    Garbage("breaks off", _breaks_off),
    body("empty", b""),
    body("no content", b"", status=204),
    body("blanks", b" \r\n "),
    body("an empty object", b"{}"),
    body("a list", b"[]"),
    body("a number", b"7"),
    body("a text", b'"ok"'),
    body("null", b"null"),
    body("true", b"true"),
    body("wrong types", b'{"data": 7, "id": [], "errors": 3.5, "error": [1], "page": {}, "totalPages": "x"}'),
    body("nulls", b'{"data": null, "id": null, "errors": null, "extensions": null}'),
    body("no JSON", b"OK"),
    body("NaN", b'{"data": NaN}'),
    body("no UTF-8", b'{"data": "\xff\xfe\xfa"}'),
    body("half a character", b'{"data": "\\ud800"}'),
    body("a NUL", b'{"data": "\x00"}'),
    body("very deep", b"[" * 50_000),
    body("very deep, and closed", b'{"data":' * 5_000 + b"1" + b"}" * 5_000),
    body("too long", b" " * (ANSWER_BYTES_MAXIMUM + 1)),
    body("a length that is wrong", b"{}", content_length="999"),
    body("a page under 200 that is JSON by type", PAGE),
    page(200, "Unknown"),
    page(403, "Refused"),
    page(404, "Refused"),
    page(418, "Refused"),
    page(500, "Unknown"),
    page(502, "Unknown"),
    page(503, "NotApplied"),
    page(504, "Unknown"),
    page(520, "Unknown"),
    page(599, "Unknown"),
    redirect(301, "Refused"),
    redirect(302, "Unknown"),
    redirect(303, "Unknown"),
    redirect(307, "Refused"),
    redirect(308, "Refused"),
    body("101", b"", status=101),
    body("304", b"", status=304, means="Refused"),
    body("999", b"", status=999),
    wait("soon"),
    wait("-5"),
    wait("1e400"),
    wait("nan"),
    wait("99999999999999999999"),
    wait("Fri, 31 Dec 9999 23:59:59 GMT"),
    wait("Mon, 99 Foo 2026 99:99:99 GMT"),
    wait("", 503),
    wait("1, 2", 503),
)
