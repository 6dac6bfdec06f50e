"""1A.6 and its verbs: where the file is found, what may stand in it, what `profiles` and `doctor` say."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.scripted import Raw, Scripted

SMALL = '[profiles.ollama]\nbackend = "openai-compat"\nbase_url = "{}/v1"\ndefault_model = "{}"\n'
LABELS = ["name", "backend", "base_url", "default_model", "api_key_env", "api_key set", "timeout"]
BUILT_IN = {
    "ollama": (
        r"openai-compat|ollama",
        r"http://(localhost|127\.0\.0\.1):11434(/v1)?",
        r"qwen3-coder:480b-cloud|-",
        "-",
    ),
    "lmstudio": (
        r"openai-compat|lmstudio",
        r"http://(localhost|127\.0\.0\.1):1234(/v1)?",
        r"qwen2\.5-coder.*|-",
        "-",
    ),
    "openrouter": (
        r"openai-compat",
        r"https://openrouter\.ai/api/v1",
        r"meta-llama/llama-3\.3-70b-instruct",
        "OPENROUTER_API_KEY",
    ),
    "haiku": (r"anthropic", r"https://api\.anthropic\.com(/v1)?", r"claude-haiku-4-5", "ANTHROPIC_API_KEY"),
}
"""Backend, address, model, key; a local server may have its own protocol, and be asked for its model."""
CALLED = ("ollama", "lmstudio", "openrouter", "haiku")


def shown(out: str) -> dict[str, str]:
    return {line[:15].strip(): line[15:] for line in out.splitlines()[: len(LABELS)]}


@pytest.mark.same("1A.6 the file: AGENT_DELEGATE_CONFIG before AGENT_DELEGATE_HOME before the home folder")
def test_where_the_file_is(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    for path, model in ((tmp_path / "dir" / "profiles.toml", "by-dir"), (tmp_path / "f.toml", "by-file")):
        path.write_text(SMALL.format(desk.origin, model))
    folder, file = (
        {"AGENT_DELEGATE_HOME": str(tmp_path / "dir")},
        {"AGENT_DELEGATE_CONFIG": str(tmp_path / "f.toml")},
    )
    assert desk.summarize(env=folder).envelope["model"] == "by-dir"
    assert desk.summarize(env={**folder, **file}).envelope["model"] == "by-file"
    assert desk.summarize().envelope["model"] == "small"


@pytest.mark.same("1A.6 a named file that is not there leaves what is built in, and no other file")
def test_a_named_file_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    for name in ("AGENT_DELEGATE_CONFIG", "AGENT_DELEGATE_HOME"):
        listed = desk.run("profiles", "list", env={name: str(tmp_path / "no")}).out.splitlines()
        assert [line for line in listed if line.split(" ")[0] in CALLED] == ["ollama (default)", *CALLED[1:]]
        assert "worker" not in listed


BROKEN = """
default_profile = "good"
[profiles.good]
backend = "openai-compat"
base_url = "ORIGIN/v1"
default_model = "m"
timeout = "30"
[profiles.broken]
backend = "openai-compat"
base_url = "localhost:1234/v1"
default_model = "m"
timeout = "long"
"""


@pytest.mark.same(
    "1A.6 a profile is read when it is asked for: a wrong one fails no other; a number may be quoted"
)
def test_a_broken_profile(desk: Desk) -> None:
    desk.profiles(BROKEN)
    assert desk.summarize().envelope["profile"] == "good"
    ended = desk.summarize("--profile", "broken")
    assert (ended.code, ended.error["type"]) == (2, "resolve_error")


@pytest.mark.better("doctor names a profile that is broken, and goes on to the others")
def test_doctor_of_a_broken_profile(desk: Desk) -> None:
    desk.profiles(BROKEN)
    ended = desk.run("doctor")
    assert (ended.code, "[profiles.broken] base_url" in ended.out) == (1, True)
    assert any(line.startswith("good ") and " reachable" in line for line in ended.out.splitlines())


@pytest.mark.same("1A.2 profiles list: names in the file's order, the default marked")
def test_list(desk: Desk) -> None:
    ended = desk.run("profiles", "list")
    assert (ended.code, ended.err, ended.out.splitlines()[:2]) == (0, "", ["worker (default)", "claude"])
    (desk.home / ".agent-delegate" / "profiles.toml").unlink()
    fresh = desk.run("profiles", "list").out.splitlines()
    assert [line for line in fresh if line.split(" ")[0] in CALLED] == ["ollama (default)", *CALLED[1:]]


@pytest.mark.same("1A.2 profiles show: seven aligned lines, never the key")
def test_show(desk: Desk) -> None:
    ended = desk.run("profiles", "show", "claude")
    lines = ended.out.splitlines()
    assert (ended.code, [line[:15].strip() for line in lines[:7]]) == (0, LABELS)
    known = shown(ended.out)
    assert list(known.values()) == ["claude", "anthropic", f"{desk.origin}/v1", "haiku", "-", "yes", "120.0"]
    assert "sk-ant-secret" not in ended.out
    missing = desk.run("profiles", "show", "nobody")
    assert (missing.code, missing.out, "nobody" in missing.err) == (2, "", True)


@pytest.mark.same("1A.6 the built-in profiles")
@pytest.mark.parametrize("name", CALLED)
def test_built_in(desk: Desk, name: str) -> None:
    (desk.home / ".agent-delegate" / "profiles.toml").unlink()
    known = shown(desk.run("profiles", "show", name).out)
    told = (known["backend"], known["base_url"], known["default_model"], known["api_key_env"])
    assert all(re.fullmatch(pattern, said) for pattern, said in zip(BUILT_IN[name], told, strict=True)), told
    assert known["api_key set"] == "no"


@pytest.mark.same("1A.2 profiles init: writes once, never over a file")
def test_init(desk: Desk, tmp_path: Path) -> None:
    home = tmp_path / "made"
    first = desk.run("profiles", "init", env={"AGENT_DELEGATE_HOME": str(home)})
    path = home / "profiles.toml"
    assert (first.code, first.out) == (0, f"config at {path}\n")
    assert f"wrote default config -> {path}" in first.err
    listed = desk.run("profiles", "list", env={"AGENT_DELEGATE_HOME": str(home)}).out.splitlines()
    assert listed[0] == "ollama (default)"
    assert [line for line in listed if line.split(" ")[0] in CALLED][1:] == list(CALLED[1:])
    path.write_text(SMALL.format("http://127.0.0.1:1", "mine"))
    second = desk.run("profiles", "init", env={"AGENT_DELEGATE_HOME": str(home)})
    assert (second.code, second.out) == (0, f"config at {path}\n")
    assert 'default_model = "mine"' in path.read_text()


KEYED = """default_profile = "a"
[profiles.a]
backend = "openai-compat"
base_url = "ORIGIN/v1///"
default_model = "m"
api_key_env = "MY_KEY"
[profiles.a.extra_headers]
X-Title = "me"
[profiles.b]
backend = "openai-compat"
base_url = "ORIGIN/v1"
default_model = "m"
api_key = "inline"
"""


@pytest.mark.same("1A.6 keys of a profile: by the environment and inline, headers, a slash at the end")
def test_keys_of_a_profile(desk: Desk, server: Scripted) -> None:
    desk.profiles(KEYED)
    desk.summarize(env={"MY_KEY": "from-env"})
    asked = server.asked[-1]
    assert (asked.path, asked.headers["x-title"]) == ("/v1/chat/completions", "me")
    assert asked.headers["authorization"] == "Bearer from-env"
    desk.summarize("--profile", "b")
    assert server.asked[-1].headers["authorization"] == "Bearer inline"
    assert shown(desk.run("profiles", "show", "a", env={"MY_KEY": "from-env"}).out)["api_key set"] == "yes"


@pytest.mark.better("a key that is not set is an error that names its variable, before anything is sent")
def test_a_key_that_is_not_set(desk: Desk, server: Scripted) -> None:
    desk.profiles(KEYED)
    ended = desk.summarize()
    assert (ended.code, ended.error["code"], server.asked) == (1, "auth", [])
    assert "MY_KEY" in str(ended.error["message"])


@pytest.mark.same("1A.6 an unknown profile, backend or a missing key is resolve_error")
def test_resolve_errors(desk: Desk, server: Scripted) -> None:
    desk.profiles(
        '[profiles.ollama]\nbackend = "telepathy"\nbase_url = "ORIGIN/v1"\ndefault_model = "m"\n'
        '[profiles.bare]\nbackend = "openai-compat"\ndefault_model = "m"\n'
    )
    for flags in (("--profile", "nobody"), (), ("--profile", "bare")):
        ended = desk.summarize(*flags)
        assert (ended.code, ended.error["type"]) == (2, "resolve_error")
        said = desk.run(*flags, "summarize", stdin="x")
        assert (said.code, said.out, bool(said.err)) == (2, "", True)
    assert "nobody" in str(desk.summarize("--profile", "nobody").error["message"])
    assert not server.asked


@pytest.mark.same("1A.2 doctor: a line per profile, 1 when one is unreachable")
def test_doctor_lines(desk: Desk, server: Scripted) -> None:
    desk.profiles(
        'default_profile = "up"\n[profiles.up]\nbackend = "openai-compat"\nbase_url = "ORIGIN/v1"\n'
        'default_model = "small"\napi_key_env = "NO_SUCH_KEY"\n[profiles.down]\nbackend = "anthropic"\n'
        'base_url = "http://127.0.0.1:1"\ndefault_model = "m"\n'
    )
    ended = desk.run("doctor")
    (up,) = (line for line in ended.out.splitlines() if line.startswith("up "))
    (down,) = (line for line in ended.out.splitlines() if line.startswith("down "))
    assert ended.code == 1
    assert "backend=openai-compat" in up
    assert "key=MISSING" in up
    assert " reachable" in up
    assert f"-> {desk.origin}/v1" in up
    assert "key=n/a" in down
    assert "unreachable (" in down
    assert "-> http://127.0.0.1:1" in down


@pytest.mark.better("the README's haiku profile without base_url works")
def test_haiku_without_base_url(desk: Desk) -> None:
    desk.profiles(
        '[profiles.haiku]\nbackend = "anthropic"\napi_key_env = "ANTHROPIC_API_KEY"\n'
        'default_model = "claude-haiku-4-5"\n'
    )
    known = shown(desk.run("profiles", "show", "haiku").out)
    assert known["base_url"].startswith("https://api.anthropic.com")


@pytest.mark.better("messages carry no KeyError's quotation marks")
def test_messages_without_quotes(desk: Desk) -> None:
    message = str(desk.summarize("--profile", "nobody").error["message"])
    assert message[0] not in "'\""
    assert "nobody" in message


@pytest.mark.better("a profiles file that is not TOML is a typed error with file and line, exit 78")
def test_a_broken_file(desk: Desk) -> None:
    desk.profiles('default_profile = "a"\n[profiles.a\n')
    ended = desk.summarize()
    assert (ended.code, ended.error["type"]) == (78, "resolve_error")
    assert "profiles.toml:2" in str(ended.error["message"])


@pytest.mark.better("a written file adds to the built-in profiles")
def test_a_file_adds(desk: Desk) -> None:
    assert desk.run("profiles", "show", "lmstudio").code == 0


@pytest.mark.better("profiles init makes the folder of AGENT_DELEGATE_CONFIG")
def test_init_makes_folders(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "no" / "where" / "p.toml"
    ended = desk.run("profiles", "init", env={"AGENT_DELEGATE_CONFIG": str(path)})
    assert (ended.code, ended.out, path.is_file()) == (0, f"config at {path}\n", True)


@pytest.fixture
def silent() -> Iterator[list[socket.socket]]:
    """Five servers that take a connection and say nothing."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(5)]


@pytest.mark.better("doctor asks all servers at once")
def test_doctor_is_concurrent(desk: Desk, silent: list[socket.socket]) -> None:
    text = 'default_profile = "p0"\n'
    for place, listener in enumerate(silent):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        text += f'[profiles.p{place}]\nbackend = "openai-compat"\nbase_url = "{url}"\ndefault_model = "m"\n'
    desk.profiles(text)
    began = time.monotonic()
    ended = desk.run("doctor")
    assert time.monotonic() - began < 12
    assert (ended.code, ended.out.count("unreachable (") >= 5) == (1, True)


@pytest.mark.better("doctor tries the key and looks for the model, and its exit code tells")
def test_doctor_looks(desk: Desk, server: Scripted) -> None:
    good = desk.run("doctor", "--json")
    assert (good.envelope["command"], good.err) == ("doctor", "")
    assert any("/models" in one.path for one in server.gets)
    desk.profiles(
        'default_profile = "worker"\n[profiles.worker]\nbackend = "openai-compat"\n'
        'base_url = "ORIGIN/v1"\ndefault_model = "absent"\n'
    )
    ended = desk.run("doctor")
    assert (ended.code, "absent" in ended.out) == (1, True)


@pytest.mark.better("a missing key of the default profile makes doctor's exit code 1")
def test_doctor_misses_a_key(desk: Desk, server: Scripted) -> None:
    desk.profiles(
        'default_profile = "worker"\n[profiles.worker]\nbackend = "openai-compat"\n'
        'base_url = "ORIGIN/v1"\ndefault_model = "small"\napi_key_env = "NO_SUCH_KEY"\n'
    )
    ended = desk.run("doctor")
    assert ended.code == 1
    assert "MISSING" in ended.out
    server.say(Raw({}, 200))
