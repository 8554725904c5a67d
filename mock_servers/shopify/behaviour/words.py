"""Shopify's words for what is wrong with a GraphQL request.

The codes are the vendor's (dossier §3.2). Its server is built on graphql-ruby, whose validator's sentences these are;
where no capture shows a sentence it is therefore assumed, as the contract's README says.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from mock_servers.core.clock import iso_seconds, moment_of
from mock_servers.core.graphql import (
    Asked,
    BadValue,
    BadVariable,
    Dialect,
    FieldError,
    Problem,
    Scalar,
    WindowRules,
)

Json = dict[str, Any]
DOCUMENTATION = "https://shopify.dev/api/usage/access-scopes"


def _static(problem: Problem) -> Json:
    say = STATIC.get(problem.rule)
    message, extensions = say(problem.facts) if say else (problem.message, {"code": FALLBACK.get(problem.rule)})
    error: Json = {"message": message}
    if problem.locations:
        error["locations"] = list(problem.locations)
    if problem.path:
        error["path"] = [str(step) if isinstance(step, int) else step for step in problem.path]
    if extensions := {name: value for name, value in extensions.items() if value is not None}:
        error["extensions"] = extensions
    return error


def _undefined_field(facts: Any) -> tuple[str, Json]:
    extensions = {"code": "undefinedField", "typeName": facts["type"], "fieldName": facts["field"]}
    return f"Field '{facts['field']}' doesn't exist on type '{facts['type']}'", extensions


def _argument_not_accepted(facts: Any) -> tuple[str, Json]:
    extensions = {
        "code": "argumentNotAccepted",
        "name": facts["name"],
        "typeName": facts["kind"],
        "argumentName": facts["argument"],
    }
    return f"{facts['kind']} '{facts['name']}' doesn't accept argument '{facts['argument']}'", extensions


def _arguments_missing(facts: Any) -> tuple[str, Json]:
    names = ", ".join(facts["arguments"])
    extensions = {
        "code": "missingRequiredArguments",
        "className": facts["kind"],
        "name": facts["name"],
        "arguments": names,
    }
    return f"{facts['kind']} '{facts['name']}' is missing required arguments: {names}", extensions


def _attribute_missing(facts: Any) -> tuple[str, Json]:
    extensions = {
        "code": "missingRequiredInputObjectAttribute",
        "argumentName": facts["argument"],
        "argumentType": facts["type"],
        "inputObjectType": facts["input"],
    }
    return (
        f"Argument '{facts['argument']}' on InputObject '{facts['input']}' is required. Expected type {facts['type']}",
        extensions,
    )


def _literal_incompatible(facts: Any) -> tuple[str, Json]:
    extensions = {
        "code": "argumentLiteralsIncompatible",
        "typeName": facts["kind"],
        "argumentName": facts["argument"],
    }
    return (
        f"Argument '{facts['argument']}' on {facts['kind']} '{facts['name']}' has an invalid value "
        f"({facts['value']}). Expected type '{facts['type']}'.",
        extensions,
    )


MISMATCHES = {"type": "Type mismatch", "list": "List dimension mismatch", "nullability": "Nullability mismatch"}


def _variable_mismatch(facts: Any) -> tuple[str, Json]:
    why = MISMATCHES[facts["why"]]
    extensions = {
        "code": "variableMismatch",
        "variableName": facts["variable"],
        "typeName": facts["given"],
        "argumentName": facts["argument"],
        "errorMessage": why,
    }
    return (
        f"{why} on variable ${facts['variable']} and argument {facts['argument']} "
        f"({facts['given']} / {facts['wanted']})",
        extensions,
    )


def _selections_missing(facts: Any) -> tuple[str, Json]:
    field, type_name = facts["field"], facts["type"]
    extensions = {"code": "selectionMismatch", "nodeName": f"field '{field}'", "typeName": type_name}
    return (
        f"Field must have selections (field '{field}' returns {type_name} but has no selections. "
        f"Did you mean '{field} {{ ... }}'?)",
        extensions,
    )


def _selections_on_leaf(facts: Any) -> tuple[str, Json]:
    field, chosen = facts["field"], json.dumps(facts["selections"])
    extensions = {"code": "selectionMismatch", "nodeName": f"field '{field}'", "typeName": facts["type"]}
    message = (
        f"Selections can't be made on scalars (field '{field}' returns {facts['type']} but has selections {chosen})"
    )
    return message, extensions


def _operation(facts: Any) -> str:
    return facts["operation"] or "anonymous query"


STATIC: dict[str, Any] = {
    "undefined_field": _undefined_field,
    "argument_not_accepted": _argument_not_accepted,
    "arguments_missing": _arguments_missing,
    "attribute_missing": _attribute_missing,
    "literal_incompatible": _literal_incompatible,
    "variable_mismatch": _variable_mismatch,
    "selections_missing": _selections_missing,
    "selections_on_leaf": _selections_on_leaf,
    "undefined_directive": lambda facts: (
        f"Directive @{facts['directive']} is not defined",
        {"code": "undefinedDirective", "directiveName": facts["directive"]},
    ),
    "variable_undeclared": lambda facts: (
        f"Variable ${facts['variable']} is used by {_operation(facts)} but not declared",
        {"code": "variableNotDefined", "variableName": facts["variable"]},
    ),
    "variable_unused": lambda facts: (
        f"Variable ${facts['variable']} is declared by {_operation(facts)} but not used",
        {"code": "variableNotUsed", "variableName": facts["variable"]},
    ),
    "variable_type": lambda facts: (
        f"{facts['type']} isn't a defined input type (on ${facts['variable']})",
        {"code": "variableRequiresValidType", "typeName": facts["type"], "variableName": facts["variable"]},
    ),
    "variable_default": lambda facts: (
        f"Default value for ${facts['variable']} doesn't match type {facts['type']}",
        {"code": "defaultValueInvalidType", "variableName": facts["variable"], "typeName": facts["type"]},
    ),
    "fragment_undefined": lambda facts: (
        f"Fragment {facts['fragment']} was used, but not defined",
        {"code": "useAndDefineFragment", "fragmentName": facts["fragment"]},
    ),
    "fragment_unused": lambda facts: (
        f"Fragment {facts['fragment']} was defined, but not used",
        {"code": "useAndDefineFragment", "fragmentName": facts["fragment"]},
    ),
    "type_undefined": lambda facts: (
        f"No such type {facts['type']}, so it can't be a fragment condition",
        {"code": "undefinedType", "typeName": facts["type"]},
    ),
    "type_not_composite": lambda facts: (
        f"Invalid fragment on type {facts['type']} (must be Union, Interface or Object)",
        {"code": "fragmentOnNonCompositeType", "typeName": facts["type"]},
    ),
}

FALLBACK = {
    "OverlappingFieldsCanBeMergedRule": "fieldConflict",
    "PossibleFragmentSpreadsRule": "cannotSpreadFragment",
    "ValuesOfCorrectTypeRule": "argumentLiteralsIncompatible",
    "UniqueArgumentNamesRule": "argumentNotUnique",
    "UniqueFragmentNamesRule": "fragmentNotUnique",
    "UniqueInputFieldNamesRule": "inputFieldNotUnique",
    "UniqueOperationNamesRule": "operationNameNotUnique",
    "UniqueVariableNamesRule": "variableNotUnique",
    "NoFragmentCyclesRule": "infiniteLoop",
    "KnownDirectivesRule": "directiveCannotBeApplied",
    "UniqueDirectivesPerLocationRule": "directiveNotUniqueForLocation",
}
"""Codes of the checks for which graphql-core's own sentence is passed on."""


def _explained(problem: BadValue) -> str:
    match problem.rule:
        case "null":
            return "Expected value to not be null"
        case "unknown_field":
            return f"Field is not defined on {problem.type}"
        case "not_object":
            return f"Expected {_shown(problem.value)} to be a key-value object."
        case "one_of":
            return f"'{problem.type}' requires exactly one argument, but {len(_keys(problem.value))} were provided."
        case "enum":
            return f"Expected {_shown(problem.value)} to be one of: {', '.join(problem.values)}"
        case _:
            return problem.detail or f"Could not coerce value {_shown(problem.value)} to {problem.type}"


def _keys(value: Any) -> Any:
    return value if isinstance(value, dict) else ()


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _variable(bad: BadVariable) -> Json:
    message = f"Variable ${bad.name} of type {bad.type} was provided invalid value"
    inner = [each for each in bad.problems if each.path]
    if inner:
        message += " for " + ", ".join(f"{'.'.join(map(str, each.path))} ({_explained(each)})" for each in inner)
    problems = [{"path": list(each.path), "explanation": _explained(each)} for each in bad.problems]
    extensions = {"code": "INVALID_VARIABLE", "value": bad.value, "problems": problems}
    return {"message": message, "locations": list(bad.locations), "extensions": extensions}


def _denied(selection: Asked, scopes: tuple[str, ...]) -> FieldError:
    named = [f"`{scope}`" for scope in scopes]
    if len(named) == 1:
        required = f"{named[0]} access scope."
    else:
        required = f"One of the following access scopes: {', '.join(named[:-1])} or {named[-1]}."
    return FieldError(
        f"Access denied for {selection.name} field. Required access: {required}",
        code="ACCESS_DENIED",
        documentation=DOCUMENTATION,
        requiredAccess=required,
    )


def _unbuilt(selection: Asked) -> FieldError:
    return FieldError(
        f"{selection.name} is in Shopify's schema, but this fake has not built it; nothing was done.",
        code="NOT_IMPLEMENTED",
    )


def _null(parent: str, name: str) -> FieldError:
    return FieldError(f"Cannot return null for non-nullable field {parent}.{name}", code="INTERNAL_SERVER_ERROR")


dialect = Dialect(problem=_static, variable=_variable, denied=_denied, unbuilt=_unbuilt, null=_null)


def _window_error(message: str) -> FieldError:
    return FieldError(message, code="BAD_REQUEST")


def window_rules(maximum: int) -> WindowRules:
    """What a connection takes. The first two sentences are observed, the others assumed."""
    return WindowRules(
        maximum=maximum,
        neither=lambda _name: _window_error("you must provide one of first or last"),
        both=lambda _name: _window_error("providing both first and last is not supported"),
        negative=lambda _name, word, _size: _window_error(f"{word} cannot be negative"),
        too_many=lambda _name, word, _size: _window_error(f"{word} cannot exceed {maximum}"),
    )


# Scalars --------------------------------------------------------------------------------------------------------------


def _moment(value: Any) -> str:
    try:
        if not isinstance(value, str):
            raise TypeError
        return iso_seconds(moment_of(value))
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise ValueError(f"invalid DateTime '{value}'") from error


def _decimal(value: Any) -> str:
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise TypeError
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
            raise InvalidOperation
        return f"{number:f}"
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"invalid decimal '{value}'") from error


def _url(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("invalid URL")
    return value


def _unsigned(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and value.isdecimal():
        return value
    raise ValueError(f"invalid UnsignedInt64 '{value}'")


SCALARS = {
    "DateTime": Scalar(str, _moment),
    "Decimal": Scalar(str, _decimal),
    "Money": Scalar(str, _decimal),
    "URL": Scalar(str, _url),
    "UnsignedInt64": Scalar(str, _unsigned),
    "JSON": Scalar(object, lambda value: value),
}
