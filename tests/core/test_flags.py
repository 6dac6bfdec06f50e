from __future__ import annotations

import re
from pathlib import Path

import tui_delegate
from tui_delegate.core.flags import flag_words

PACKAGE = Path(tui_delegate.__file__).parent


def test_every_flag_that_is_raised_has_words() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "backends").glob("*.py"))
    raised = set(re.findall(r"""flag\("(\w+)"\)""", sources))
    assert len(raised) > 8
    assert {flag for flag in raised if flag_words(flag) == flag} == set()


def test_a_limit_is_named_by_its_own_name_where_it_has_no_other() -> None:
    assert flag_words("limit:subagent_max_uses_exceeded") == "stopped at the limit of delegations"
    assert flag_words("limit:max_steps") == "stopped at the limit max_steps"
    assert flag_words("limit:empty_answer") == "the model said nothing"
    assert flag_words("new") == "new"
