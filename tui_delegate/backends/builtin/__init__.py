"""The builtin engine: models without weights, offline and by rule, behind the same port as any server.

It quotes, counts and outlines; it says so, and never pretends to be a language model. No network here.
"""

from tui_delegate.backends.builtin.engine import Builtin

__all__ = ["Builtin"]
