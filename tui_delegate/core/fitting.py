"""Whether a model's answer is the JSON that was asked for.

What is only wrapped is unwrapped, what is slightly broken is mended, what does not fit becomes words that the
model can act on. Nothing is ever made up.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tui_delegate.core.arguments import is_whole
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_THOUGHT = re.compile(r"\A(?:<think>)?.*?</think>", re.DOTALL)
_FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)^[ \t]*\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)
_LONGEST_MEND = 256 * 1024


@dataclass(frozen=True, slots=True)
class Fitted:
    """An answer as JSON text, and its value; or what is wrong with it."""

    text: str
    value: object = None
    wrong: str = ""
    mended: bool = False


class AnswerSchema:
    """A JSON schema that answers have to hold. Raises an InputError where it is none."""

    def __init__(self, text: str, name: str = "the schema") -> None:
        self.text = text
        self._check = _compiled(text, name)

    def fit(self, answer: str) -> Fitted:
        """Find the JSON in an answer and check it."""
        body = answer.strip().removeprefix("\ufeff").strip()
        why = ""
        for candidate in _candidates(body):
            try:
                return self._checked(answer, candidate, _strict(candidate), mended=candidate != body)
            except ValueError as error:
                why = why or str(error)
        mended = _mended(body)
        if mended is None:
            return Fitted(answer, wrong=f"it is no JSON ({clean_line(why, 120)})")
        return self._checked(answer, json.dumps(mended, ensure_ascii=False), mended, mended=True)

    def _checked(self, answer: str, text: str, value: object, *, mended: bool) -> Fitted:
        import fastjsonschema

        try:
            self._check(value)
        except fastjsonschema.JsonSchemaValueException as error:
            return Fitted(answer, wrong=clean_line(str(error.message), 300))
        except RecursionError:
            return Fitted(answer, wrong="it is nested too deeply")
        return Fitted(text, value, mended=mended)


def _compiled(text: str, name: str) -> Callable[[object], object]:
    import fastjsonschema

    try:
        schema = json.loads(text)
        if not isinstance(schema, dict):
            raise InputError(f"{name} is no JSON schema: an object is wanted.")
        check: Callable[[object], object] = fastjsonschema.compile(
            schema, use_default=False, handlers={"http": _far, "https": _far, "file": _far}
        )
    except json.JSONDecodeError as error:
        raise InputError(f"{name} is no JSON: {error.msg} in line {error.lineno}.") from None
    except (fastjsonschema.JsonSchemaDefinitionException, re.error) as error:
        raise InputError(
            f"{name} is no JSON schema that can be used: {clean_line(str(error), 200)}."
        ) from None
    except (RecursionError, KeyError, TypeError, AttributeError, ValueError):
        raise InputError(f"{name} is no JSON schema that can be used.") from None
    return check


def _far(uri: str) -> object:
    raise InputError(f"The schema refers to {clean_line(uri, 200)}, which is not fetched.", "Put it inline.")


def _candidates(body: str) -> Iterator[str]:
    """Give what may be the JSON: all of it, a fence's inside, from the first bracket to the last."""
    yield body
    rest = _THOUGHT.sub("", body, count=1).strip() if "</think>" in body else body
    if rest != body:
        yield rest
    for found in _FENCED.finditer(rest):
        yield found[2].strip()
    if stretch := _stretch(rest):
        yield stretch


def _stretch(text: str) -> str:
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    return text[min(starts) : end + 1] if starts and end > min(starts) else ""


def _strict(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is no JSON number")


def _mended(body: str) -> object:
    """Mend quotes and commas, but never an end that did not come. None: it can't be done."""
    stretch = _stretch(body)
    if not stretch or len(stretch) > _LONGEST_MEND or not is_whole(stretch):
        return None
    import json_repair

    value = json_repair.loads(stretch)
    return value if isinstance(value, dict | list) and value else None
