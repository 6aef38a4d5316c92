"""JSON for other programs, held to the schemas that the documentation gives them."""

import json
from typing import Any

import jsonschema

from tests.process import ROOT


def schema(name: str) -> dict[str, Any]:
    """Give the schema of a command's JSON as it is published."""
    loaded: dict[str, Any] = json.loads((ROOT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


def validated(text: str, name: str) -> dict[str, Any]:
    """Read a command's JSON, which may say nothing that its schema does not name."""
    strict = _strict(schema(name))
    jsonschema.Draft202012Validator.check_schema(strict)
    document: dict[str, Any] = json.loads(text)
    jsonschema.validate(document, strict, format_checker=jsonschema.FormatChecker())
    return document


def _strict(part: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(part, list):
        return [_strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {"additionalProperties": False} if part.get("type") == "object" else {}
    return closed | {name: _strict(each) for name, each in part.items()}
