"""A screen that is closed ends what it was waiting for, before its widgets go."""

from __future__ import annotations

import asyncio

from textual.screen import Screen

from tui_delegate.tui.stage import Stage


class Waiting(Screen[None]):
    def on_mount(self) -> None:
        self.waits = self.run_worker(asyncio.Event().wait())


def test_what_a_closed_screen_waited_for_never_looks_for_its_widgets() -> None:
    async def main() -> None:
        app, screen = Stage(), Waiting()
        async with app.run_test() as pilot:
            await app.push_screen(screen)
            await pilot.pause()
            closing = app.pop_screen()
            assert screen.waits.is_cancelled
            await closing

    asyncio.run(main())
