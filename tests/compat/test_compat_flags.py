"""1A.1 and 1A.2: the words that are given, and what comes back where they are wrong."""

from __future__ import annotations

import json
import re

import pytest

from tests.desk import Desk
from tests.scripted import Chat, Scripted

OLLAMA = '[profiles.ollama]\nbackend = "openai-compat"\nbase_url = "ORIGIN/v1"\ndefault_model = "m"\n'


@pytest.mark.same("1A.1 --version is a name and a version on stdout")
def test_version(desk: Desk) -> None:
    ended = desk.run("--version")
    assert (ended.code, ended.err) == (0, "")
    assert re.fullmatch(r"[a-z]+-delegate \d+\.\d+\.\d+\S*\n", ended.out)


@pytest.mark.same("1A.1 --profile and --model before the verb choose who answers")
def test_profile_and_model_before_the_verb(desk: Desk, server: Scripted) -> None:
    plain = desk.summarize().envelope
    other = desk.summarize("--profile", "claude").envelope
    model = desk.summarize("--model", "large").envelope
    assert (plain["profile"], plain["model"]) == ("worker", "small")
    assert (other["profile"], other["model"]) == ("claude", "haiku")
    assert (model["profile"], model["model"]) == ("worker", "large")
    assert server.request["model"] == "large"


@pytest.mark.same("1A.1 flags may be shortened, before the verb and after it")
@pytest.mark.parametrize(
    "words",
    [
        ("--prof", "claude", "--m=large", "--t", "0.5", "ask", "--p", "a.py", "--q", "why?", "--j"),
        ("--p", "claude", "write", "--c", "a.py", "--sp", "s", "--std", "--f", "--dif", "--j"),
    ],
    ids=["ask", "write"],
)
def test_shortened_flags(desk: Desk, server: Scripted, words: tuple[str, ...]) -> None:
    desk.file("a.py")
    ended = desk.run(*words)
    assert (ended.code, ended.envelope["profile"]) == (0, "claude")


@pytest.mark.same("1A.1 without default_profile the profile is ollama")
def test_the_default_profile_is_ollama(desk: Desk) -> None:
    desk.profiles(OLLAMA)
    assert desk.summarize().envelope["profile"] == "ollama"


@pytest.mark.same("1A.6 without any file the profile is ollama")
def test_a_fresh_home_means_ollama(desk: Desk) -> None:
    (desk.home / ".agent-delegate" / "profiles.toml").unlink()
    assert desk.ask("not-there").envelope["profile"] == "ollama"


@pytest.mark.same("1A.1 temperature 0.1 is sent unless another is given")
def test_temperature(desk: Desk, server: Scripted) -> None:
    desk.summarize()
    assert server.request["temperature"] == 0.1
    desk.summarize("--temperature", "0.7")
    assert server.request["temperature"] == 0.7


@pytest.mark.same("1A.1 wrong words are exit code 2, said on stderr, nothing on stdout")
@pytest.mark.parametrize(
    "words",
    [
        ("ask",),
        ("ask", "--paths", "a"),
        ("ask", "--question", "q"),
        ("write", "--spec", "s"),
        ("write", "--context", "a"),
        ("summarize", "--nonsense"),
        ("--temperature", "warm", "summarize"),
        ("ledger", "--limit", "many"),
        ("profiles",),
        ("profiles", "show"),
        ("no-such-verb",),
    ],
    ids=" ".join,
)
def test_wrong_words(desk: Desk, words: tuple[str, ...]) -> None:
    ended = desk.run(*words)
    assert (ended.code, ended.out, bool(ended.err)) == (2, "", True)


@pytest.mark.better("global flags stand after the verb too")
def test_global_flags_after_the_verb(desk: Desk, server: Scripted) -> None:
    desk.file("a.py")
    words = ("--profile", "claude", "--model", "large", "--temperature", "0.3")
    ended = desk.run("ask", *words, "--paths", "a.py", "--question", "q", "--json")
    assert (ended.envelope["profile"], ended.envelope["model"]) == ("claude", "large")
    assert server.request["temperature"] == 0.3
    before = desk.run("--profile", "claude", "summarize", "--json", "--model", "large", stdin="x").envelope
    assert (before["profile"], before["model"]) == ("claude", "large")


@pytest.mark.better("--json may stand before the verb")
def test_json_before_the_verb(desk: Desk) -> None:
    assert desk.run("--json", "summarize", stdin="x").content == "the answer"


@pytest.mark.better("wrong words under --json are an envelope")
@pytest.mark.parametrize("words", [("ask", "--json"), ("summarize", "--json", "--nonsense")], ids=" ".join)
def test_wrong_words_as_json(desk: Desk, words: tuple[str, ...]) -> None:
    ended = desk.run(*words)
    assert (ended.code, ended.envelope["command"]) == (2, words[0])
    assert ended.error["code"] == "input_error"


@pytest.mark.same("1A.1 stdout is UTF-8 whatever the locale")
def test_utf8_whatever_the_locale(desk: Desk, server: Scripted) -> None:
    server.say(Chat("Grüße → 日本"))
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = desk.run("summarize", stdin="x", env=env)
    assert (ended.code, ended.out) == (0, "Grüße → 日本\n")


@pytest.mark.same("1A.2 ask, summarize and write print the content and nothing else")
def test_text_answers(desk: Desk) -> None:
    desk.file("a.py")
    asked = desk.run("ask", "--paths", "a.py", "--question", "q")
    summed = desk.run("summarize", stdin="x")
    drafted = desk.run("write", "--context", "a.py", "--spec", "s", "--stdout")
    for ended in (asked, summed, drafted):
        assert (ended.code, ended.out) == (0, "the answer\n")


@pytest.mark.same("1A.2 write says `wrote PATH` on stdout")
def test_wrote(desk: Desk) -> None:
    desk.file("a.py")
    ended = desk.run("write", "--context", "a.py", "--spec", "s", "--target", "out/b.py")
    assert (ended.code, ended.out) == (0, "wrote out/b.py\n")
    assert (desk.folder / "out" / "b.py").read_text() == "the answer\n"


@pytest.mark.same("1A.2 summarize sends two messages, ask and write three")
def test_messages(desk: Desk, server: Scripted) -> None:
    desk.file("a.py", "print(1)\n")
    desk.summarize(text="  a log\n")
    system, text = server.messages
    assert (system[0], bool(system[1]), text) == ("system", True, ("user", "  a log\n"))
    frame = '<file path="a.py">\nprint(1)\n\n</file>'
    desk.ask("a.py", question="  why? ")
    assert server.messages[0][0] == "system"
    assert server.messages[1:] == [("user", f"<corpus>\n{frame}\n</corpus>"), ("user", "  why? ")]
    desk.write("--stdout")
    assert server.messages[1:] == [("user", f"<context>\n{frame}\n</context>"), ("user", "a test")]


@pytest.mark.same("1A.2 the checks of write come in order, all before the model is asked")
def test_the_order_of_checks(desk: Desk, server: Scripted) -> None:
    desk.file("there.py")
    context = ("write", "--json", "--context", "not-there", "--spec", "s")
    no_target = desk.run("--profile", "nobody", *context)
    no_profile = desk.run("--profile", "nobody", *context, "--target", "../x", "--target-root", ".")
    outside = desk.run(*context, "--target", "../there.py", "--target-root", ".")
    exists = desk.run(*context, "--target", "there.py")
    corpus = desk.run(*context, "--target", "new.py")
    asked = [no_target, no_profile, outside, exists, corpus]
    assert [ended.code for ended in asked] == [2] * 5
    assert [ended.error["type"] for ended in asked] == [
        "missing_target",
        "resolve_error",
        "target_root_escape",
        "target_exists",
        "corpus_error",
    ]
    assert not server.asked


@pytest.mark.same("1A.2 blank stdin is empty_stdin")
@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_blank_stdin(desk: Desk, server: Scripted, text: str) -> None:
    ended = desk.summarize(text=text)
    assert (ended.code, ended.error["type"]) == (2, "empty_stdin")
    assert not server.asked
    said = desk.run("summarize", stdin=text)
    assert (said.code, said.out, bool(said.err)) == (2, "", True)


@pytest.mark.same("1A.2 status names version, profiles, the default's model and host, and the tools")
def test_status(desk: Desk) -> None:
    ended = desk.run("status")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert re.match(r"\S+-delegate v?\d+\.\d+\.\d+", lines[0])
    assert "default profile: worker" in lines
    (profiles,) = (line for line in lines if line.startswith("profiles:        "))
    assert profiles.removeprefix("profiles:        ").split(", ")[:2] == ["worker", "claude"]
    assert "default backend: openai-compat" in lines
    assert "default model:   small" in lines
    assert f"default host:    {desk.origin}/v1" in lines
    after = lines[lines.index("install state:") + 1 :]
    tools = ("claude-code", "codex-cli", "claude-desktop", "codex-app")
    assert all(any(line.startswith(f"  {tool} ") for line in after) for tool in tools)


@pytest.mark.better("status --json")
def test_status_json(desk: Desk) -> None:
    ended = desk.run("status", "--json")
    assert (ended.code, ended.err) == (0, "")
    text = json.dumps(ended.envelope)
    assert all(word in text for word in ("worker", "small", "claude-code", desk.origin))
    assert "sk-ant-secret" not in text
