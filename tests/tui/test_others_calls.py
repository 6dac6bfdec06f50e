"""A call that another process makes without a manager is a worker: it has a pane while it happens."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.scripted import Chat, scripted
from tests.tui.driver import Stand, drive, house_in

ASK = ("ask", "--profile", "here", "--paths", "notes.md", "--question", "what is due?")


def test_an_ask_of_another_process_is_a_pane_while_it_is_answered(tmp_path: Path) -> None:
    import asyncio
    import threading

    half = threading.Event()
    (tmp_path / "notes.md").write_text("rent is due\n", encoding="utf-8")
    house = house_in(tmp_path)

    async def main(stand: Stand) -> None:
        await stand.until(lambda: stand.main.talk is not None)
        asked = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tui_delegate", *ASK),
            cwd=tmp_path,
            env=os.environ
            | {"TUI_DELEGATE_HOME": str(house.config.parent), "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.PIPE,
        )
        await stand.until("ask in", "what is due?")
        assert "✓ done" not in stand.text
        half.set()
        said, _ = await asked.communicate()
        assert (asked.returncode, said) == (0, b"rent, and a great deal more\n")
        await stand.until("✓ done", "rent, and a great deal more")

    with scripted() as server:
        server.say(Chat("rent, and a great deal more", hold=half))
        house.config.write_text(
            f'[profiles.here]\nbackend = "openai-compat"\nbase_url = "{server.origin}/v1"\n'
            'default_model = "small"\n',
            encoding="utf-8",
        )
        drive(house, main, (160, 50))
