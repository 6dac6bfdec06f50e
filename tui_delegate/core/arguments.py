"""From the text of a tool call's arguments to checked values, or to words that the model can act on.

Strict JSON first; what is merely wrapped is unwrapped; what is slightly broken is mended and flagged; what
was cut off is refused. Nothing is ever made up. No tool may be run here, and none is known by name.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InvalidRequest
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.messages import ToolCall

LONGEST = 1024 * 1024
_DEEPEST = 64
_DIGITS = 30
_FENCE = re.compile(r"^```[\w-]*[ \t]*\n(.*?)\n?```$", re.DOTALL)
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_THOUGHT = re.compile(r"^(?:<think>)?.*?</think>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Arguments:
    """Checked arguments. `repaired`: the text was no strict JSON, and was mended."""

    values: dict[str, object]
    repaired: bool


class _Refused(Exception):
    """Why a text can't be used."""


def parse_arguments(call: ToolCall, schema: str) -> Arguments:
    """Read a call's arguments and check them against the tool's JSON schema.

    Raises an InvalidRequest whose message says what was wrong and which arguments there are.
    """
    try:
        text = call.arguments.strip().removeprefix("\ufeff").strip()
        values, repaired = _values(text, schema)
        return Arguments(_checked(values, schema), repaired)
    except _Refused as why:
        raise InvalidRequest(
            f"The call of {clean_line(call.name) or 'a tool without a name'} was not made: {why}. "
            f"Call it again with one JSON object. {_wanted(schema)}"
        ) from None


def _values(text: str, schema: str) -> tuple[dict[str, object], bool]:
    if not text:
        return {}, False
    if len(text) > LONGEST:
        raise _Refused("its arguments are longer than a megabyte")
    known = _known(schema)
    try:
        return _unwrapped(_strict(text), known), False
    except json.JSONDecodeError as error:
        bare = _bare(text)
        if bare != text:
            try:
                return _unwrapped(_strict(bare), known), True
            except json.JSONDecodeError:
                pass
        return _unwrapped(_mended(bare, str(error)), known), True


def _strict(text: str) -> object:
    try:
        return _decoder().decode(text)
    except RecursionError:
        raise _Refused("its arguments are nested too deeply") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(f"{clean_line(twice, 60)!r} is there twice")
    return made


def _no_constant(word: str) -> object:
    raise _Refused(f"{word} is no JSON number")


def _int(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise _Refused("a number in it is too long")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _Refused("a number in it is too large")
    return value


@lru_cache(maxsize=1)
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_int, parse_float=_float
    )


def _unwrapped(value: object, known: frozenset[str], depth: int = 0) -> dict[str, object]:
    """Take JSON out of strings, and the object out of an `arguments` that the tool does not have."""
    if isinstance(value, str) and depth < 3:
        try:
            return _unwrapped(_strict(value), known, depth + 1)
        except json.JSONDecodeError:
            raise _Refused("its arguments are a text, not an object") from None
    if not isinstance(value, dict):
        raise _Refused(f"its arguments are {_kind(value)}, not an object")
    if depth < 3 and len(value) == 1 and "arguments" in value and "arguments" not in known:
        return _unwrapped(value["arguments"], known, depth + 1)
    return value


def _kind(value: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _bare(text: str) -> str:
    """Take off what is around the object: remains of thinking, a code fence."""
    if "</think>" in text and not text.startswith("{"):
        text = _THOUGHT.sub("", text, count=1).strip()
    fenced = _FENCE.match(text)
    return fenced.group(1).strip() if fenced else text


def _mended(text: str, why: str) -> object:
    """Mend quotes, commas and words around the object, but never an end that did not come."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        raise _Refused(f"its arguments are no JSON ({why})")
    body = text[start : end + 1]
    if end < start or not is_whole(body):
        raise _Refused("its arguments are cut off, or a quote in them is not escaped")
    if len(body) > 64 * 1024:
        raise _Refused(f"its arguments are no JSON ({why})")
    if _nested(body) > _DEEPEST:
        raise _Refused("its arguments are nested too deeply")
    if _several(body):
        raise _Refused("its arguments are more than one object")
    import json_repair

    mended = json_repair.loads(body)
    if not isinstance(mended, dict) or not mended:
        raise _Refused(f"its arguments are no JSON ({why})")
    # Back through the strict reader: what it refuses, it refuses mended too.
    return _strict(json.dumps(mended))


def is_whole(text: str) -> bool:
    """Whether nothing of a broken text's end is missing: every bracket and every quote is closed."""
    return _closed(text) and not _open_quote(text)


def _outside(text: str) -> str:
    """What stands outside of strings."""
    return _STRING.sub("", text)


def _outline(text: str) -> str:
    return re.sub(r"[^{}\[\]]", "", _outside(text))


def _open_quote(text: str) -> bool:
    """Whether a string has no end: the closing brace may then be a part of it."""
    rest = _outside(text)
    return '"' in rest or "'" in rest or rest.count("“") != rest.count("”")


def _closed(text: str) -> bool:
    outline = _outline(text)
    return outline.count("{") <= outline.count("}") and outline.count("[") <= outline.count("]")


def _nested(text: str) -> int:
    depth = deepest = 0
    for bracket in _outline(text):
        depth += 1 if bracket in "{[" else -1
        deepest = max(deepest, depth)
    return deepest


def _several(text: str) -> bool:
    depth = 0
    outline = _outline(text)
    for at, bracket in enumerate(outline):
        depth += 1 if bracket in "{[" else -1
        if depth == 0 and at < len(outline) - 1:
            return True
    return False


def _checked(values: dict[str, object], schema: str) -> dict[str, object]:
    import fastjsonschema

    try:
        _validator(schema)(values)
    except fastjsonschema.JsonSchemaValueException as error:
        raise _Refused(clean_line(str(error.message).replace("data.", "").replace("data ", ""))) from None
    except RecursionError:
        raise _Refused("its arguments are nested too deeply") from None
    return values


@lru_cache(maxsize=256)
def _validator(schema: str) -> Callable[[object], object]:
    import fastjsonschema

    # Defaults are the tool's own business: filling them in would be making arguments up.
    check: Callable[[object], object] = fastjsonschema.compile(json.loads(schema), use_default=False)
    return check


def _properties(schema: str) -> dict[str, object]:
    found = json.loads(schema).get("properties")
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=256)
def _known(schema: str) -> frozenset[str]:
    return frozenset(_properties(schema))


def _wanted(schema: str) -> str:
    names = [clean_line(name, 60) for name in _properties(schema)]
    required = json.loads(schema).get("required")
    must = [name for name in names if isinstance(required, list) and name in required]
    if not names:
        return "It takes no arguments."
    return f"Its arguments: {', '.join(names)}" + (f" (required: {', '.join(must)})." if must else ".")
