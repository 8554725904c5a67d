"""A schema's text, cut to the version asked for by the directives the file declares itself."""

from functools import cached_property
from typing import Any

import graphql as gq
from graphql import language

from mock_servers.core.graphql.nodes import directive_arguments


class Sdl:
    """A schema's text, parsed once and cut to the version asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def document(self) -> language.DocumentNode:
        return gq.parse(self.text, no_location=True)

    def schema(self, version: str = "") -> gq.GraphQLSchema:
        """The schema of one version: what `@available` excludes from it is not there at all, nor are the directives
        that only the SDL itself uses."""
        kept = (node for node in self.document.definitions if _available(node, version) and not _ours(node))
        definitions = tuple(_cut(node, version) for node in kept)
        return gq.build_ast_schema(language.DocumentNode(definitions=definitions), assume_valid=True)


def _ours(node: Any) -> bool:
    """A directive no query can use."""
    executable = {"QUERY", "MUTATION", "FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION"}
    if not isinstance(node, language.DirectiveDefinitionNode):
        return False
    return executable.isdisjoint(location.value for location in node.locations)


def _available(node: Any, version: str) -> bool:
    """Versions compare as text, as `2026-04` does."""
    asked = directive_arguments(node, "available")
    if asked is None or not version:
        return True
    return bool(asked.get("from", "") <= version and ("until" not in asked or version <= asked["until"]))


def _cut(node: Any, version: str) -> Any:
    changes = {}
    for name in ("fields", "values", "arguments"):
        members = getattr(node, name, None)
        if members and isinstance(node, (language.TypeDefinitionNode, language.FieldDefinitionNode)):
            kept = tuple(_cut(member, version) for member in members if _available(member, version))
            if len(kept) != len(members) or any(new is not old for new, old in zip(kept, members, strict=False)):
                changes[name] = kept
    if not changes:
        return node
    facts = {key: getattr(node, key) for key in node.keys if key != "loc"}
    return type(node)(**facts | changes)
