"""The script of the README's pictures still runs, and gives pictures that ask nobody for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pictures import PICTURES

ROOT = Path(__file__).parent.parent
TOLD = {
    "welcome": ("Welcome", "not running", "begin offline"),
    "workers": ("writing", "summarise", "migration", "done"),
    "cancelled": ("cancelled", "writing"),
    "edit": ("Result", "Leave"),
    "models": ("workers", "qwen3:32b", "loaded"),
    "sessions": ("sessions", "Translate"),
    "ledger": ("ledger", "claude-haiku"),
    "plots": ("tokens", "cost", "speed"),
    "theme": ("edited", "cancelled"),
    "small": ("ledger", "writing"),
    "wide": ("audit", "reports"),
}
"""Words that stand in each picture."""
MOST = 150_000
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the pictures are taken on a POSIX system")


def texts(picture: Path) -> str:
    root = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    return " ".join("".join(one.itertext()).replace("\xa0", " ") for one in root.iter() if "text" in one.tag)


def check(folder: Path) -> None:
    assert sorted(one.stem for one in folder.iterdir()) == sorted(TOLD)
    for name, words in TOLD.items():
        picture = folder / f"{name}.svg"
        source = picture.read_text(encoding="utf-8")
        assert len(source) < MOST, name
        assert set(re.findall(r"https?://[\w.]+", source)) <= {"http://www.w3.org", "http://127.0.0.1"}, name
        assert "@font-face" not in source, name
        said = texts(picture)
        assert [word for word in words if word not in said] == [], f"{name}: {said}"


def test_the_pictures_that_are_kept_are_whole() -> None:
    check(PICTURES)


def test_the_script_takes_all_of_them_anew(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.pictures", str(tmp_path / "taken")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    check(tmp_path / "taken")
