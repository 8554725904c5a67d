"""What we ask, held against the schema the contract keeps, and against what a query may cost."""

import math

import pytest
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    parse,
    validate,
)

from connectors.shopify import documents
from connectors.shopify.documents import Document

ALL = [thing for thing in vars(documents).values() if isinstance(thing, Document)]
MAXIMUM = 1000
FREE = {"MoneyBag", "MoneyV2", "MailingAddress", "PageInfo", "UserError"}
PAGE_SIZE = 40


@pytest.fixture(scope="module")
def schema():
    from pathlib import Path

    import contracts

    folder = Path(next(iter(contracts.__path__)))
    return build_schema((folder / "shopify" / "schema.graphql").read_text())


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
def test_every_document_is_valid_in_the_vendors_schema(schema, document):
    assert validate(schema, parse(document.text)) == []


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
def test_every_document_asks_for_far_less_than_a_query_may(schema, document):
    cost = requested_cost(schema, document.text)
    assert cost <= MAXIMUM / 5
    assert abs(cost - document.cost) <= 5, f"the first guess should be near {cost}"


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
def test_a_document_has_the_name_of_its_operation(document):
    (operation,) = [node for node in parse(document.text).definitions if isinstance(node, OperationDefinitionNode)]
    assert operation.name.value == document.name
    assert (operation.operation.value == "mutation") == document.mutation
    if document.mutation:
        (field,) = operation.selection_set.selections
        assert field.name.value == document.name, "payloads are read under the document's name"


# The rule as it was derived from live query and cost pairs: objects cost 1, connections 2 + m(n) x node with
# m(n) = floor(2 ln max(2, n)), values nothing, a mutation 10 for itself, its payload and that payload's objects.


def requested_cost(schema, text):
    tree = parse(text)
    fragments = {node.name.value: node for node in tree.definitions if not isinstance(node, OperationDefinitionNode)}
    (operation,) = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
    root = schema.mutation_type if operation.operation.value == "mutation" else schema.query_type

    def fields(selection_set):
        for node in selection_set.selections:
            if isinstance(node, FragmentSpreadNode):
                yield from fields(fragments[node.name.value].selection_set)
            elif isinstance(node, FieldNode):
                yield node

    def children(node, kind):
        return sum(cost(child, kind) for child in fields(node.selection_set))

    def cost(node, parent):
        declared = parent.fields[node.name.value].type
        kind = get_named_type(declared)
        if is_leaf_type(kind) or kind.name in FREE or kind.name.endswith("UserError"):
            return 0
        if kind.name.endswith("Connection"):
            size = next(page_size(argument.value) for argument in node.arguments if argument.name.value == "first")
            (rows,) = [child for child in fields(node.selection_set) if child.name.value == "nodes"]
            each = 1 + children(rows, get_named_type(kind.fields["nodes"].type))
            return 2 + math.floor(2 * math.log(max(2, size))) * each
        assert not is_list_type(get_nullable_type(declared)) or "edges" not in node.name.value
        return 1 + children(node, kind)

    if root is schema.mutation_type:
        (field,) = fields(operation.selection_set)
        payload = get_named_type(root.fields[field.name.value].type)
        deeper = 0
        for node in fields(field.selection_set):
            kind = get_named_type(payload.fields[node.name.value].type)
            if node.selection_set and not kind.name.endswith("UserError"):
                deeper += children(node, kind)
        return 10 + deeper
    return sum(cost(node, root) for node in fields(operation.selection_set))


def page_size(value):
    return int(value.value) if hasattr(value, "value") else PAGE_SIZE
