"""One answer in several dialects: the one `Accept` asks for, and rows spliced into the envelope each puts them in."""

from functools import lru_cache


@lru_cache(maxsize=256)
def chosen(accept: str, kinds: tuple[str, ...]) -> str:
    """The content type to answer in: the best that is asked for, of equals the one named first (RFC 9110, 12.5.1).
    The first of `kinds` is the usual one, and the answer to whoever asks for none of them, or for anything."""
    best, kind = 0.0, kinds[0]
    for part in accept.split(","):
        name, _, rest = part.strip().lower().partition(";")
        quality = _quality(rest)
        found = _matching(name.strip(), kinds)
        if found is not None and quality > best:
            best, kind = quality, found
    return kind


def _matching(name: str, kinds: tuple[str, ...]) -> str | None:
    if name in kinds:
        return name
    if name == "*/*" or (name.endswith("/*") and kinds[0].startswith(name[:-1])):
        return kinds[0]
    return None


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def spliced(path: tuple[str, ...], rows: bytes, envelope: bytes) -> bytes:
    """An envelope, which is a JSON object's text, with the rows put first in it under `path`, from outside in."""
    opened = b"".join(b'{"' + name.encode() + b'":' for name in path)
    rest = b"," + envelope[1:] if len(envelope) > 2 else b"}"
    return opened + rows + b"}" * (len(path) - 1) + rest
