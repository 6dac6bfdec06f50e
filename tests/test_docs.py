"""What the README says is so: its commands run, its tables are the code's own, its links lead somewhere.

Commands run in a stand-in home: every profile that leads off this machine leads to loopback there, and to a
real llama-server where one can run.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import realserver, tables
from tui_delegate.cli import main as cli
from tui_delegate.cli.output import EXIT_CODES
from tui_delegate.core import errors
from tui_delegate.core.limits import Limits
from tui_delegate.profiles.builtin import PROFILES
from tui_delegate.profiles.keys import KEYS
from tui_delegate.profiles.read import parse, settings_of
from tui_delegate.profiles.table import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ("README.md", "CHANGELOG.md", "themes/README.md")
QUESTION = "What is this and how do I start it? @README.md"
ASKED = "Who may sell copies? @LICENSE"
START = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/tui-delegate"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest"
CLOSED = "http://127.0.0.1:9"
CALL = '{"ts": "2026-11-20T08:00:00Z", "command": "ask", "prompt_eval_count": 9, "eval_count": 1}\n'
CHANGES_A_SERVER = re.compile(r"models (?:load|unload|pull) ")
STAYS_OPEN = re.compile(r"tui-delegate (?:web|chat|mcp|-)")
BEYOND_THE_MODEL = re.compile(r"qwen3| write ")
"""What the tiny model that stands in for all others may fail at: it was made for one thing."""
NEEDS_A_SERVER = re.compile(r"profile (?!builtin)\w|profiles test|doctor")
posix = pytest.mark.skipif(os.name != "posix", reason="the README's commands are written for a POSIX shell")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of the README and the lines that stand below it."""

    command: str
    output: tuple[str, ...]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def shown() -> list[Shown]:
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.rstrip("\n").split("\n")
            found.append(Shown(command, tuple(line for line in output if line and line != "…")))
    return found


def between(name: str) -> str:
    return README.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def rows_after(first_cell: str) -> list[list[str]]:
    """Give the cells of the table whose head begins with this word."""
    table = README.partition(f"\n| {first_cell} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.split("\n")[2:]]


def coded(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def argvs(text: str) -> list[list[str]]:
    """Give the arguments of every command of ours in a shell line."""
    reader = shlex.shlex(text, posix=True, punctuation_chars="|;<>()&")
    reader.whitespace_split = True
    words = list(reader)
    found = []
    for at, word in enumerate(words):
        if word.rpartition("/")[2] in ("tui-delegate", "tud"):
            rest = words[at + 1 :]
            ends = [place for place, one in enumerate(rest) if set(one) <= set("|;<>()&")]
            found.append(rest[: ends[0]] if ends else rest)
    return found


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Make a folder with the files that the examples name, a home, the commands on PATH, and one run."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("README.md", "LICENSE", "profiles.example.toml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "vendor").mkdir()
    (folder / "vendor" / "LICENSE.txt").write_bytes((ROOT / "LICENSE").read_bytes())
    (folder / "app.log").write_text("".join(log_lines()), encoding="utf-8")
    (folder / "calls.log").write_text(CALL, encoding="utf-8")
    (folder / "bin").mkdir()
    for name in ("tui-delegate", "tud"):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui_delegate "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    env = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "TUI_DELEGATE_HOME": str(folder / "home"),
        "ANTHROPIC_API_KEY": "not-a-key",
    }
    (folder / "home").mkdir()
    run(
        "tui-delegate run -q 'May I sell this? @LICENSE'",
        env | {"TUI_DELEGATE_HOME": write_profiles(folder, CLOSED)},
    )
    if realserver.why_not():
        yield env
        return
    with realserver.running() as server:
        write_profiles(folder, server.url)
        yield env


def log_lines() -> Iterator[str]:
    """Give the log of the README's example."""
    for at in range(1200):
        second = 3 * (at + 1)
        level, said = "INFO", f"served /orders/{1000 + at} in {20 + at % 17} ms"
        if at % 97 == 0:
            level, said = "WARN", f"pool is at {80 + at % 20} % of its connections"
        if 700 <= at <= 720:
            level, said = "ERROR", f"could not reach db-2: connection refused (try {at - 699})"
        clock = f"{8 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        yield f"2026-11-20T{clock}Z {level} shop: {said}\n"


def write_profiles(folder: Path, url: str) -> str:
    """Lead every profile to this address, by a protocol that a llama-server speaks."""
    text = 'default_profile = "builtin"\n'
    for name, profile in PROFILES.items():
        if name != "builtin":
            spoken = "anthropic" if profile["backend"] == "anthropic" else "llamacpp"
            text += f'[profiles.{name}]\nbackend = "{spoken}"\nbase_url = "{url}"\n'
            text += 'default_model = "tiny-delegate"\ntemperature = 0\n'
    (folder / "home" / "profiles.toml").write_text(text, encoding="utf-8")
    return str(folder / "home")


def run(command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=env["HOME"],
        env=env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def flat(line: str) -> str:
    """Leave out of a line what differs from machine to machine."""
    line = re.sub(r"\b[0-9a-f]{7,}\b|\d[\d.,]*|~|\$", "#", line)
    return re.sub(r"#+", "#", " ".join(line.split()))


def examples() -> Iterator[object]:
    for one in shown():
        if not (CHANGES_A_SERVER.search(one.command) or STAYS_OPEN.search(one.command)):
            marks = [pytest.mark.real] if NEEDS_A_SERVER.search(one.command) else []
            yield pytest.param(one, id=one.command[:60], marks=marks)


@posix
@pytest.mark.parametrize("example", list(examples()))
def test_each_example_runs_and_prints_what_stands_below_it(example: Shown, stand_in: dict[str, str]) -> None:
    done = run(example.command, stand_in)
    said = done.stdout + done.stderr
    may_end = (0, 1, 65) if BEYOND_THE_MODEL.search(example.command) else (0,)
    assert done.returncode in may_end, said
    assert "Traceback" not in said
    there = {flat(line) for line in said.split("\n")}
    assert [line for line in example.output if flat(line) not in there] == [], said


@pytest.mark.parametrize(
    "text", [one.command for one in shown()] + re.findall(r"`(tui-delegate [^`]+)`", README)
)
def test_each_command_is_one_that_the_parser_takes(text: str) -> None:
    for argv in argvs(text):
        words = cli._with_verb(argv)
        cli._parser(words[0]).parse_args(words)


def test_the_readme_shows_every_verb() -> None:
    assert {cli._with_verb(argv)[0] for one in shown() for argv in argvs(one.command)} == set(cli.VERBS)


def test_two_lines_set_everything_up_and_uv_has_its_own() -> None:
    lines = [line for block in blocks("sh") for line in block.strip().split("\n")]
    assert lines == [START, TESTS]
    assert "`uv run tui-delegate` and `uv run --extra dev pytest`" in README


@posix
@pytest.mark.skipif(not (ROOT / ".ci" / "run").exists(), reason="an unpacked release has no .ci")
def test_ci_takes_the_test_command_out_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    reading = next(line for line in script.split("\n") if line.startswith("test_command="))
    env = {"HOME": str(ROOT), "PATH": os.environ["PATH"]}
    assert run(f'{reading}\necho "$test_command"', env).stdout == f"{TESTS}\n"


@posix
def test_the_first_command_has_two_workers_and_answers_with_true_quotations(stand_in: dict[str, str]) -> None:
    done = run(f"tui-delegate run --json --profile builtin {shlex.quote(QUESTION)}", stand_in)
    answer = json.loads(done.stdout)
    assert [one["status"] for one in answer["delegations"]].count("ok") >= 2
    lines = README.split("\n")
    quotes = re.findall(r'README\.md:(\d+): "(.*)"', answer["content"])
    assert len(quotes) > 5
    assert [(line, text) for line, text in quotes if text not in lines[int(line) - 1]] == []
    assert START in answer["content"]
    assert lines[2] in answer["content"]


@posix
def test_the_picture_is_what_the_first_run_prints(stand_in: dict[str, str]) -> None:
    done = run(f"tui-delegate run --profile builtin {shlex.quote(ASKED)}", stand_in)
    drawn = between("picture").strip("`\n").removeprefix("text\n").split("\n")
    assert f"$ tui-delegate run '{ASKED}'\n" in README.partition("<!-- picture -->")[0]
    said = [line for line in drawn if not line.startswith("· ") and line != "…"]
    assert said == done.stdout.rstrip("\n").split("\n")
    talk = {flat(line) for line in done.stderr.split("\n")}
    assert [line for line in drawn[1:] if line.startswith("· ") and flat(line) not in talk] == []


@pytest.mark.parametrize("name", list(tables.TABLES))
def test_the_tables_of_keys_and_settings_are_the_screens_own(name: str) -> None:
    assert between(name).strip() == tables.TABLES[name](), "python -m tests.tables writes them anew"


def test_each_picture_is_shown_and_each_that_is_shown_is_there() -> None:
    shown_here = re.findall(r"^!\[[^\]]+\]\((docs/pictures/[a-z]+\.svg)\)$", README, re.MULTILINE)
    there = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "pictures").iterdir())
    assert sorted(shown_here) == there


def test_the_exit_codes_are_the_codes_own() -> None:
    told = {
        code: number
        for names, numbers, *_ in rows_after("code")
        for code, number in zip(
            coded(names), [*map(int, numbers.split(", "))] * len(coded(names)), strict=False
        )
    }
    assert told == EXIT_CODES


def test_every_refusal_is_named() -> None:
    refusals = {errors.LimitReached.code, *(kind.code for kind in errors.LimitReached.__subclasses__())}
    assert refusals == set(re.findall(r"`(subagent_\w+|denied)`", README))


def test_every_key_of_a_profile_is_explained_and_there_is_no_other() -> None:
    told = [key for row in rows_after("key of a profile") for key in coded(row[0])]
    assert sorted(told) == sorted(KEYS["profiles"])


def test_the_limits_are_the_usual_ones() -> None:
    usual = {limit.name: limit.default for limit in fields(Limits)}
    told = {name: row[1] for row in rows_after("limit") for name in coded(row[0])}
    assert told == {name: str(value).lower() for name, value in usual.items()}


def test_every_table_that_is_named_exists() -> None:
    named = set(re.findall(r"(?:`|^)\[(\w+)(?:\.[\w*]+)?\]", README, re.MULTILINE))
    assert named >= {"profiles", "roles", "limits", "agents", "teams", "tools"}
    assert named <= set(KEYS[""])


@pytest.mark.parametrize("block", blocks("toml"))
def test_each_profiles_file_loads_and_each_of_its_profiles_is_whole(block: str) -> None:
    settings = settings_of(parse(block.encode(), Source("README.md")), Source("README.md"), {})
    assert not settings.warnings
    assert settings.written >= {"ollama", "lmstudio", "llamacpp", "openrouter", "haiku"}


def test_the_profiles_that_are_there_are_named() -> None:
    sentence = README.partition("The profiles ")[2].partition(" are there")[0]
    assert coded(sentence) == list(PROFILES)


@pytest.mark.parametrize(
    "name", [name for row in rows_after("variable") for name in coded(row[0]) if name.isupper()]
)
def test_each_environment_variable_is_read(name: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tui_delegate").rglob("*.py")]
    assert any(f'"{name}"' in text for text in sources)


@pytest.mark.parametrize("page", PAGES)
def test_each_link_to_a_file_leads_to_one(page: str) -> None:
    place = ROOT / page
    links = re.findall(r"\]\(([^)\s]+)\)", place.read_text(encoding="utf-8"))
    away = [
        link for link in links if "://" not in link and not (place.parent / link.partition("#")[0]).exists()
    ]
    assert away == []


def test_the_changelog_opens_with_this_version() -> None:
    from tui_delegate import __version__

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\] - (\d{4}-\d\d-\d\d)$", text, re.MULTILINE)
    assert newest
    assert newest[1] == __version__
