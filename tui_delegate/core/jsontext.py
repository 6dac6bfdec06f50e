"""JSON text of values that are made again and again. The library sets up an encoder anew for each of them,
which is most of what a small one costs; here it is set up once.

Reading, and what a value means, is not done here.
"""

from __future__ import annotations

import json
import json.encoder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def json_writer(
    separators: tuple[str, str] = (", ", ": "), *, ascii_only: bool = False
) -> Callable[[object], str]:
    """Give what writes as `json.dumps` does, but for a value that holds itself: that is a RecursionError."""
    usual = json.JSONEncoder(separators=separators, ensure_ascii=ascii_only, check_circular=False)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return usual.encode
    quoted = json.encoder.encode_basestring_ascii if ascii_only else json.encoder.encode_basestring
    between, after_key = separators
    pieces = make(None, usual.default, quoted, None, after_key, between, False, False, True)
    return lambda value: "".join(pieces(value, 0))
