"""Where tests find recorded bytes, bad inputs and the real server. Nothing else in the project looks there.

Recorded streams and most bad inputs stand beside the tests; a folder of larger assets next to the checkout
is used where there is one, and nothing needs it.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TypedDict

HERE = Path(__file__).parent
WIRE = HERE / "wire"
TINY_DELEGATE = HERE / "real" / "tiny-delegate.gguf"
_BESIDE = HERE.parent.parent / "shared"


class BadInput(TypedDict, total=False):
    """One row: `b` holds bytes as latin-1 text, `input` a value; `want` is what may come of it."""

    family: str
    id: str
    b: str
    input: object
    want: str


def bad_inputs(family: str) -> list[BadInput]:
    """All rows of a family, from the larger collection where it is there."""
    beside = _BESIDE / "bad-inputs.jsonl"
    source = beside if beside.is_file() else HERE / "data" / "bad-inputs.jsonl"
    with source.open(encoding="utf-8") as lines:
        rows: list[BadInput] = [json.loads(line) for line in lines]
    return [row for row in rows if row["family"] == family]


def wire_body(name: str) -> bytes:
    """The body of a recorded answer, without the command and the headers before it."""
    raw = (WIRE / name).read_bytes()
    if not raw.startswith(b"$ "):
        return raw
    _, _, answer = raw.replace(b"\r\n", b"\n").partition(b"\nHTTP/1.1 ")
    return answer.partition(b"\n\n")[2]


def llama_server() -> Path | None:
    """The real server: `LLAMA_SERVER`, then the folder beside the checkout, then PATH."""
    for place in (os.environ.get("LLAMA_SERVER", ""), str(_BESIDE / "real" / "llama-server")):
        if place and os.access(place, os.X_OK):
            return Path(place)
    found = shutil.which("llama-server")
    return Path(found) if found else None
