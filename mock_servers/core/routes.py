"""From method and path to an operation, without walking over routes: one step per segment, however many there are."""

from collections.abc import Container, Iterable
from urllib.parse import unquote

from contracts.contract import Operation


class Node:
    """A place in the tree of segments: fixed children, one free child, and free children with something around them."""

    __slots__ = ("around", "fixed", "folded", "free", "methods")

    def __init__(self) -> None:
        self.fixed: dict[str, Node] = {}
        self.folded: dict[str, Node] = {}
        """Fixed children that are found in whatever case they are written, by their names in lower case."""
        self.free: Node | None = None
        self.around: list[tuple[str, str, Node]] = []
        self.methods: dict[str, tuple[Operation, tuple[str, ...]]] = {}


class Routes:
    """The operations of one vendor by method and path. Paths are as they came: percent-encoded."""

    def __init__(self, operations: Iterable[Operation], any_case: Container[str] = ()) -> None:
        """`any_case` are the surfaces whose paths mind no case where they are fixed."""
        self._any_case = any_case
        self._exact: dict[tuple[str, str], Operation] = {}
        self._near: dict[tuple[str, str], tuple[Operation, str]] = {}
        """Operations whose only free segment is their last, such as `/orders/{id}`: found without a walk."""
        self._root = Node()
        for operation in operations:
            self._add(operation)
        for method, head in tuple(self._near):
            if node_of(self._root, head).around:
                del self._near[method, head]  # `{id}.json` beside `{id}`: only a walk can tell
        self._taken = {tuple(path.rsplit("/", 1)) for _, path in self._exact}

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | tuple[None, tuple[str, ...]]:
        """The operation and its path's values; or None and the methods that this path does know."""
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact, {}
        head, _, last = path.rpartition("/")
        near = self._near.get((method, head))
        if near is not None and last and "%" not in last and (head, last) not in self._taken:
            return near[0], {near[1]: last}
        values: list[str] = []
        segments = path.split("/")
        if "%" in path:  # a slash that was encoded is part of a value, so each segment is decoded by itself, and once
            segments = [unquote(segment) for segment in segments]
            if any("\0" in segment for segment in segments):
                return None, ()  # no name anywhere holds one, and not every database takes it
        node = _walk(self._root, segments, 1, values)
        if node is None:
            return None, ()
        found = node.methods.get(method)
        if found is None:
            return None, tuple(sorted(node.methods))
        operation, names = found
        return operation, dict(zip(names, values, strict=True))

    def _add(self, operation: Operation) -> None:
        node, names = self._root, []
        for segment in operation.path.split("/")[1:]:
            if "{" not in segment:
                child = node.fixed.setdefault(segment, Node())
                if operation.surface in self._any_case:
                    node.folded[segment.lower()] = child
                node = child
                continue
            before, rest = segment.split("{", 1)
            name, after = rest.split("}", 1)
            if "{" in after:
                raise ValueError(f"{operation.path}: a segment has one free part at most")
            names.append(name)
            node = _free_child(node, before, after)
        if operation.method in node.methods:
            raise ValueError(f"{operation.id} and {node.methods[operation.method][0].id} share {operation.path}")
        node.methods[operation.method] = (operation, tuple(names))
        head, _, last = operation.path.rpartition("/")
        if not names:
            self._exact[operation.method, operation.path] = operation
        elif "{" not in head and node is node_of(self._root, head).free:
            self._near[operation.method, head] = (operation, last[1:-1])


def node_of(root: Node, path: str) -> Node:
    """The node at a path without free segments."""
    for segment in path.split("/")[1:]:
        root = root.fixed[segment]
    return root


def _free_child(node: Node, before: str, after: str) -> Node:
    if not before and not after:
        node.free = node.free or Node()
        return node.free
    for known_before, known_after, child in node.around:
        if (known_before, known_after) == (before, after):
            return child
    child = Node()
    node.around.append((before, after, child))
    node.around.sort(key=lambda each: -len(each[0]) - len(each[1]))  # the most exact first
    return child


def _walk(node: Node, segments: list[str], at: int, values: list[str]) -> Node | None:
    """Fixed segments win over free ones; a dead end is walked back from."""
    if at == len(segments):
        return node if node.methods else None
    segment = segments[at]
    fixed = node.fixed.get(segment) or node.folded.get(segment.lower())
    if fixed is not None and (found := _walk(fixed, segments, at + 1, values)) is not None:
        return found
    kept = len(values)
    for before, after, child in node.around:
        if len(segment) > len(before) + len(after) and segment.startswith(before) and segment.endswith(after):
            values.append(segment[len(before) : len(segment) - len(after)])
            if (found := _walk(child, segments, at + 1, values)) is not None:
                return found
            del values[kept:]
    if node.free is not None and segment:
        values.append(segment)
        if (found := _walk(node.free, segments, at + 1, values)) is not None:
            return found
        del values[kept:]
    return None
