"""The colours of code in an answer, where they are the terminal's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from textual.highlight import ANSIDarkHighlightTheme, ANSILightHighlightTheme, HighlightTheme
from textual.style import Style

from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.answer import Answer
from tui_delegate.tui.widgets.colouring import _readable

if TYPE_CHECKING:
    from textual.app import ComposeResult

CODE = """```python
class A:
    def __init__(self): return 'single', "double", 1, None  # words
```

```html
<a href="x">&broken</a>
```

```json
{"a": 'b', oops}
```
"""


class Shown(Stage):
    def compose(self) -> ComposeResult:
        yield Answer()


@pytest.mark.parametrize("dark", [True, False])
def test_code_in_the_terminals_own_colours_is_drawn(dark: bool) -> None:
    async def main() -> str:
        app = Shown(ansi_color=True)
        async with app.run_test(size=(80, 24)) as pilot:
            app.theme = "ansi-dark" if dark else "ansi-light"
            answer = app.query_one(Answer)
            answer.show(CODE)
            await pilot.pause()
            return "\n".join(strip.text for strip in app.screen._compositor.render_strips())

    text = asyncio.run(main())
    for words in ("'single'", "__init__", 'href="x"', "oops"):
        assert words in text


@pytest.mark.parametrize("theme", [ANSIDarkHighlightTheme, ANSILightHighlightTheme])
def test_every_colour_that_is_misspelled_is_known(theme: type[HighlightTheme]) -> None:
    for style in filter(None, theme.STYLES.values()):
        assert Style.parse(_readable(style))


def test_a_colour_that_nobody_knows_is_none() -> None:
    assert _readable("ansi_purplish") == ""
