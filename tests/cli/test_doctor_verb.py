"""`doctor`: servers that answer, refuse, keep silent or lack the model, and what the exit code says."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING

import pytest

from tests import realserver
from tests.cli.speaking import ollama, openai
from tests.loopback import Answer, Asked, Loopback, serving, table
from tui_delegate.cli.main import main
from tui_delegate.journal.health import examine
from tui_delegate.journal.store import Journal
from tui_delegate.workspace import sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Say = Callable[[Asked], Answer]

KEY = "canary-4711"
DEAD = "http://127.0.0.1:9"
LIST = {"data": [{"id": "big", "owned_by": "vllm", "max_model_len": 32768}]}
Report = dict[str, object]


def profile(name: str, url: str, model: str = "big", more: str = "") -> str:
    place = f'backend = "openai-compat"\nbase_url = "{url}"\ndefault_model = "{model}"'
    return f"[profiles.{name}]\n{place}\n{more}\n"


def locked(key: str = KEY, *, open_list: bool = False, tells_key: bool = False) -> Say:
    """A server of OpenAI's kind that wants a key."""

    def say(asked: Asked) -> Answer:
        right = asked.headers.get("authorization") == f"Bearer {key}"
        refused = Answer({"error": {"message": f"Incorrect key: {KEY}", "type": "invalid_api_key"}}, 401)
        if asked.line == "GET /v1/models":
            return Answer(LIST) if right or open_list else refused
        if asked.line == "GET /v1/key" and tells_key:
            return Answer({"data": {"limit": None}}) if right else refused
        return Answer({"error": "no such path"}, 404)

    return say


def doctor(home: Path, text: str, *servers: Say, words: tuple[str, ...] = ("--json",)) -> int:
    """Run the verb over profiles in which `{0}`, `{1}` are the addresses of servers that run."""

    async def running() -> int:
        async with AsyncExitStack() as stack:
            up: list[Loopback] = [await stack.enter_async_context(serving(say)) for say in servers]
            for number, server in enumerate(up):
                nonlocal text
                text = text.replace(f"{{{number}}}", server.url)
            (home / "profiles.toml").write_text(text)
            (home / "profiles.toml").chmod(0o600)
            return await asyncio.to_thread(main, ["doctor", *words])

    return asyncio.run(running())


def read(capsys: pytest.CaptureFixture[str]) -> tuple[Report, dict[str, Report]]:
    """Give the one object that was said, and its profiles by name."""
    out, err = capsys.readouterr()
    assert (err, out.count("\n")) == ("", 1)
    assert KEY not in out
    content = json.loads(out)["content"]
    return json.loads(out), {one["profile"]: one for one in content["profiles"]}


def facts(one: Report, *names: str) -> tuple[object, ...]:
    return tuple(one[name] for name in names)


def test_each_way_to_fail_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        'default_profile = "good"\n'
        + profile("good", "{0}")
        + profile("absent", "{0}", "huge")
        + profile("bare", "{0}", "")
        + profile("dead", DEAD)
        + profile("web", "{1}")
        + profile("mute", "{2}")
        + profile("keyless", "{0}", "big", 'api_key_env = "NO_SUCH_KEY"')
        + '[profiles.odd]\nbackend = "telepathy"\n'
    )
    mute: Say = lambda asked: Answer(silent=True)  # noqa: E731
    pages = table({"GET /": Answer(b"<html>hello</html>")})
    code = doctor(tmp_path, text, openai(), pages, mute, words=("--json", "--timeout", "1"))
    answer, seen = read(capsys)
    assert (code, answer["ok"], answer["command"]) == (1, False, "doctor")
    assert facts(seen["good"], "reach", "has_model", "problem", "in_use") == ("reachable", True, None, True)
    assert facts(seen["absent"], "reach", "has_model") == ("reachable", False)
    assert "no model 'huge'" in str(seen["absent"]["problem"])
    assert facts(seen["bare"], "has_model", "models", "problem") == (None, 1, None)
    assert facts(seen["dead"], "reach", "key") == ("unreachable", "n/a")
    assert facts(seen["web"], "reach") == ("reachable",)
    assert "not as a model server" in str(seen["web"]["problem"])
    assert facts(seen["mute"], "reach") == ("unreachable",)
    assert "did not answer within 1 s" in str(seen["mute"]["detail"])
    assert facts(seen["keyless"], "reach", "key") == ("reachable", "MISSING")
    assert "NO_SUCH_KEY is not set" in str(seen["keyless"]["problem"])
    assert facts(seen["odd"], "reach", "in_use") == ("unusable", True)
    assert facts(seen["llamacpp"], "in_use") == (False,)
    assert facts(seen["haiku"], "reach", "key", "in_use") == ("not asked", "MISSING", False)
    content = answer["content"]
    assert isinstance(content, dict)
    told = [one["where"] for one in content["problems"]]
    assert told == ["absent", "dead", "web", "mute", "keyless", "odd"]


def test_a_key_is_tried_and_an_open_list_proves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIGHT_API_KEY", KEY)
    text = 'default_profile = "right"\n'
    for name, place in {"right": 0, "wrong": 1, "open": 2, "router": 3, "routed": 4}.items():
        text += profile(name, f"{{{place}}}", "big", 'api_key_env = "RIGHT_API_KEY"')
    servers = (
        locked(),
        locked("another"),
        locked(open_list=True),
        locked(open_list=True, tells_key=True),
        locked("another", open_list=True, tells_key=True),
    )
    code = doctor(tmp_path, text, *servers)
    answer, seen = read(capsys)
    trust = {name: seen[name]["key_trusted"] for name in ("right", "wrong", "open", "router", "routed")}
    assert trust == {
        "right": "accepted",
        "wrong": "refused",
        "open": "not tried",
        "router": "accepted",
        "routed": "refused",
    }
    assert facts(seen["wrong"], "key", "reach", "detail") == ("set", "reachable", "401")
    assert seen["right"]["window"] == 32768
    assert (code, answer["ok"]) == (1, False)


def test_ollama_says_what_its_model_can_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        'default_profile = "o"\n[profiles.o]\nbackend = "ollama"\nbase_url = "{0}"\n'
        'default_model = "big:4b"\nnum_ctx = 8192\n[profiles.far]\nbackend = "ollama"\n'
        f'base_urls = ["{DEAD}", "{{0}}"]\n'
    )
    assert doctor(tmp_path, text, ollama()) == 0
    answer, seen = read(capsys)
    assert answer["ok"] is True
    assert "error" not in answer
    assert facts(seen["o"], "server", "has_model", "tools", "window") == ("ollama 0.15.2", True, True, 8192)
    assert facts(seen["far"], "reach", "detail") == ("reachable", "1 of 2 servers")


@pytest.mark.real
def test_a_real_server_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with realserver.running() as server:
        text = f'default_profile = "mine"\n[profiles.mine]\nbackend = "llamacpp"\nbase_url = "{server.url}"\n'
        assert doctor(tmp_path, text + 'default_model = "tiny-delegate"\n') == 0
    _, seen = read(capsys)
    assert facts(seen["mine"], "reach", "has_model", "tools") == ("reachable", True, True)
    assert str(seen["mine"]["server"]).startswith("llamacpp ")


def test_for_people_the_line_of_a_profile_is_agent_delegates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'default_profile = "up"\n' + profile("up", "{0}") + profile("down", DEAD)
    assert doctor(tmp_path, text, openai(), words=()) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert lines[0].startswith("up              backend=openai-compat  key=n/a     reachable  -> http://127.")
    assert lines[1] == "                openai-compat; big is there"
    assert lines[2].startswith("down            backend=openai-compat  key=n/a     unreachable (Nothing is")
    assert lines[2].endswith(f"  -> {DEAD}")
    assert "! down: Nothing is listening on 127.0.0.1:9." in lines
    assert [line for line in lines if line.startswith("sandbox:        best available here: ")]
    assert [line for line in lines if line.startswith("journal:        ")]
    assert "\x1b" not in out


def test_a_machine_without_a_server_is_told_what_the_verbs_would_lack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    assert doctor(tmp_path, "") == 1
    answer, seen = read(capsys)
    content = answer["content"]
    assert isinstance(content, dict)
    assert [one["where"] for one in content["problems"]] == ["ollama"]
    assert facts(seen["builtin"], "reach", "has_model", "tools") == ("built in", True, True)
    assert doctor(tmp_path, 'default_profile = "builtin"\n') == 0


def test_a_broken_file_and_a_damaged_journal_have_their_own_exit_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usable = 'default_profile = "builtin"\n'
    (tmp_path / "journal.db").write_bytes(b"nothing of the kind" * 50)
    assert doctor(tmp_path, usable) == 74
    answer, _ = read(capsys)
    error = answer["error"]
    assert isinstance(error, dict)
    assert "is damaged" in error["message"]
    assert doctor(tmp_path, f'[profiles.p]\napi_key = "{KEY}\n') == 78
    answer, seen = read(capsys)
    content = answer["content"]
    assert isinstance(content, dict)
    assert [one["where"] for one in content["problems"]][:2] == ["profiles file", "journal"]
    assert seen["builtin"]["reach"] == "built in"


@pytest.mark.parametrize("seconds", ["0", "nan", "-1", "1e9"])
def test_a_time_that_cannot_be_waited_is_a_slip(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--timeout", seconds]) == 2
    assert "--timeout takes seconds" in capsys.readouterr().err


def test_keys_that_others_may_read_and_a_log_that_nobody_can_write_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(f'default_profile = "builtin"\n[profiles.builtin]\napi_key = "{KEY}"\n')
    file.chmod(0o644)
    main(["doctor", "--json"])
    content = json.loads(capsys.readouterr().out)["content"]
    assert content["config"]["mode"] == "0644"
    assert "chmod 600" in content["config"]["warnings"][0]
    monkeypatch.setenv("TUI_DELEGATE_DEPTH", "2")
    main(["doctor", "--json"])
    content = json.loads(capsys.readouterr().out)["content"]
    assert (content["depth"], content["depth_limit"], content["sandbox"]["in_use"]) == (2, 3, None)


def test_a_sound_journal_is_sound_and_a_file_of_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert examine(path)[:1] == (None,)
    assert examine(path).writable
    with closing(Journal.open(path)):
        held = examine(path)
    assert (held.check, held.writable, held.problem) == ("ok", True, "")
    assert examine(path, longest=-1).check in ("", "ok")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t(x)")
    assert "no journal" in examine(other).problem
    (tmp_path / "file").write_text("")
    assert not examine(tmp_path / "file" / "journal.db").writable


def test_the_best_sandbox_is_the_first_that_works() -> None:
    tried = [
        sandbox.Sandbox("bwrap", False, "setting up uid map"),
        sandbox.Sandbox("landlock", True, "ABI 7"),
    ]
    assert (sandbox.best(tried), sandbox.best(tried[:1]), sandbox.best([])) == ("landlock", "none", "none")
    for one in sandbox.probe():
        assert one.works or one.detail
