"""Bodies whose members may be spelled in any case: brought to the contract's own spelling, and checked after that."""

from typing import Any


class Casing:
    """The spellings a schema knows, found where they are first needed. Names it does not know stay as they came."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema
        self._known: dict[int, tuple[dict[str, tuple[str, Any]], Any]] = {}

    def spelled(self, value: Any) -> Any:
        """The value with known names respelled at every depth; of two spellings of one name, the last counts."""
        return self._spelled(value, self._root)

    def _spelled(self, value: Any, schema: Any) -> Any:
        if not isinstance(value, (dict, list)) or not isinstance(schema, dict):
            return value
        members, items = self._parts(schema)
        if isinstance(value, list):
            return [self._spelled(each, items) for each in value] if items is not None else value
        respelled = {}
        for name, member in value.items():
            spelling, inner = members.get(name.lower(), (name, None))
            respelled[spelling] = self._spelled(member, inner)
        return respelled

    def _parts(self, schema: dict[str, Any]) -> tuple[dict[str, tuple[str, Any]], Any]:
        """Members by their small letters, and what a list holds; over references and every alternative."""
        known = self._known.get(id(schema))
        if known is None:
            members: dict[str, tuple[str, Any]] = {}
            items = None
            left: list[Any] = [schema]
            while left:
                part = left.pop()
                if "$ref" in part:
                    left.append(self._found(part["$ref"]))
                for word in ("allOf", "anyOf", "oneOf"):
                    left += part.get(word, ())
                members |= {name.lower(): (name, inner) for name, inner in part.get("properties", {}).items()}
                items = part.get("items", items)
            known = self._known[id(schema)] = (members, items)
        return known

    def _found(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found
