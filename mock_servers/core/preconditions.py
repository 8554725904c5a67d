"""Entity tags: a document's version as the vendor's `ETag`, and the `If-Match` without which nothing is changed."""

from base64 import b64encode

from mock_servers.core.fake import Call
from mock_servers.core.refusal import Refusal
from mock_servers.core.store import Document


def etag(call: Call, document: Document) -> str:
    """`W/"AAAAAAAAB9E="`: eight bytes of the version, which no other document and no other state of this one has."""
    tag = f'"{b64encode(document.version.to_bytes(8, "big")).decode()}"'
    rule = call.surface.etags
    return f"W/{tag}" if rule is not None and rule.weak else tag


def must_match(call: Call, document: Document) -> None:
    """Refuses with `precondition_missing` without an `If-Match`, with `precondition_failed` when it names another
    state. Weak and strong forms of a tag count as one where the vendor's tags are weak."""
    given = call.request.header(b"if-match")
    if given is None or not given.strip():
        raise Refusal("precondition_missing")
    tags = [part.strip() for part in given.split(",")]
    wanted = etag(call, document)
    rule = call.surface.etags
    if rule is not None and rule.weak:
        tags = [tag.removeprefix("W/") for tag in tags]
        wanted = wanted.removeprefix("W/")
    if "*" not in tags and wanted not in tags:
        raise Refusal("precondition_failed")
