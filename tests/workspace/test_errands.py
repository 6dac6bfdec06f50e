"""Who is sent on an errand, how it is set up, and what it leaves in the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.scripted import Chat, Raw, Scripted, scripted
from tui_delegate.core.depth import DEPTH, depth_of
from tui_delegate.core.errors import BackendError, ConfigError, DepthExceeded, ResolveError
from tui_delegate.core.events import Event, Opened, Spent, Started
from tui_delegate.core.messages import user
from tui_delegate.core.specs import Seat
from tui_delegate.engine.errand import Errand
from tui_delegate.workspace.errands import Errands, Told
from tui_delegate.workspace.origin import fresh_id

ASK = Errand((user("what?"),))
PROFILES = """
[profiles.one]
backend = "openai-compat"
base_url = "ORIGIN/v1"
default_model = "small"

[profiles.two]
backend = "openai-compat"
base_url = "ORIGIN/v1"
default_model = "large"
temperature = 0.7
num_ctx = 8192
fallback = ["one"]

[profiles.far]
backend = "openai-compat"
base_url = "https://models.example/v1"
default_model = "huge"

[profiles.quiet]
backend = "openai-compat"
base_url = "ORIGIN/v1"

[profiles.claude]
backend = "anthropic"
base_url = "ORIGIN/v1"
api_key_env = "NOBODY_SET_THIS"
default_model = "haiku"
"""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def opened(home: Path, origin: str = "http://127.0.0.1:9", *, top: str = "", **environ: str) -> Errands:
    """Open the errands of a home with these profiles, and what `top` says above them."""
    file = home / "profiles.toml"
    file.write_text(top + PROFILES.replace("ORIGIN", origin))
    file.chmod(0o600)
    return Errands.open(environ={"TUI_DELEGATE_HOME": str(home), **environ})


def sent(errands: Errands, *, profile: str = "", model: str = "", command: str = "ask") -> tuple[str, str]:
    place = errands.sent(profile, model, command)
    return place.profile, place.model


def test_a_flag_goes_before_the_workers_role_and_that_before_the_default_and_that_before_ollama(
    tmp_path: Path,
) -> None:
    usual, role = 'default_profile = "one"\n', '[roles]\nworker = "two"\n'
    assert sent(opened(tmp_path), profile="far") == ("far", "huge")
    assert sent(opened(tmp_path, top=usual + role), profile="far") == ("far", "huge")
    assert sent(opened(tmp_path, top=usual + role)) == ("two", "large")
    assert sent(opened(tmp_path, top=usual)) == ("one", "small")
    assert sent(opened(tmp_path))[0] == "ollama"


def test_a_model_may_come_by_its_flag_with_the_profile_or_from_it(tmp_path: Path) -> None:
    errands = opened(tmp_path, top='[roles]\nworker = "two/tiny"\n')
    assert sent(errands) == ("two", "tiny")
    assert sent(errands, model="mine") == ("two", "mine")
    assert sent(errands, profile="one/other") == ("one", "other")
    assert sent(errands, profile="one/other", model="mine") == ("one", "mine")
    assert sent(errands, profile="quiet") == ("quiet", "")


@pytest.mark.parametrize(
    ("command", "model"),
    [("ask", "builtin/worker"), ("map", "builtin/worker"), ("summarize", "builtin/digest")],
)
def test_the_builtin_engine_takes_the_model_that_the_verb_needs(
    tmp_path: Path, command: str, model: str
) -> None:
    errands = opened(tmp_path)
    assert sent(errands, profile="builtin", command=command) == ("builtin", model)
    assert sent(errands, profile="builtin", model="builtin/extract", command=command)[1] == "builtin/extract"


def test_a_name_that_leads_nowhere_or_lacks_its_key_is_refused_at_once(
    tmp_path: Path,
) -> None:
    errands = opened(tmp_path)
    for name in ("nobody", "../x"):
        with pytest.raises(ResolveError):
            errands.sent(name, "", "ask")
    with pytest.raises(ResolveError, match="NOBODY_SET_THIS"):
        errands.sent("claude", "", "ask")


def seat(errands: Errands, profile: str, *, told: float | None = None, spares: tuple[str, ...] = ()) -> Seat:
    return errands.seat(errands.sent(profile, "", "ask"), told, spares)


def test_the_temperature_is_a_tenth_for_near_and_far_unless_somebody_says_so(tmp_path: Path) -> None:
    errands = opened(tmp_path)
    assert seat(errands, "one").temperature == 0.1
    assert seat(errands, "far").temperature == 0.1
    assert seat(errands, "two").temperature == 0.7
    assert seat(errands, "two", told=0.0).temperature == 0.0


def test_named_spares_go_before_those_of_the_profile_and_each_is_taken_once(tmp_path: Path) -> None:
    errands = opened(tmp_path)
    found = seat(errands, "two", told=0.5, spares=("far", "one"))
    assert [(one.profile, one.temperature) for one in found.fallback] == [("far", 0.5), ("one", 0.5)]
    lost = seat(errands, "one", spares=("claude",))
    assert (lost.fallback, any("claude" in one for one in errands.reach.notices)) == ((), True)
    with pytest.raises(ResolveError, match="nobody"):
        seat(errands, "one", spares=("nobody",))


def test_the_window_is_asked_for_only_where_the_prompt_might_be_too_long(
    tmp_path: Path, server: Scripted
) -> None:
    errands = opened(tmp_path, server.origin)
    one, two = seat(errands, "one"), seat(errands, "two")
    assert (one.window, two.window, server.gets) == (None, 8192, [])
    assert errands.measured(one, 1500) is one
    assert (errands.measured(two, 10**6).window, server.gets) == (8192, [])
    errands.measured(one, 1600)
    assert server.gets != []
    errands.close()


def test_a_far_server_that_does_not_say_a_window_has_the_listed_one(
    tmp_path: Path, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.origin)
    errands = opened(tmp_path, "http://models.example")
    one = seat(errands, "one")
    listed = replace(one, model="claude-haiku-4-5")
    assert (listed.window, errands.measured(listed, 10**6).window) == (None, 200_000)
    assert errands.measured(one, 10**6).window is None
    errands.close()


def test_a_model_that_nobody_named_is_asked_of_the_server(tmp_path: Path, server: Scripted) -> None:
    errands = opened(tmp_path, server.origin)
    assert seat(errands, "quiet").model == "small"
    errands.close()
    with pytest.raises(BackendError):
        seat(opened(tmp_path), "quiet")


def run(errands: Errands, profile: str = "one", *, keep_text: bool = True) -> tuple[Told, list[Event]]:
    """Send somebody, with a journal, and give what it has of it."""
    at, heard = seat(errands, profile), list[Event]()
    journal = errands.journal(keep_text=keep_text)
    try:
        told = errands.do(ASK, at, "what?", command="ask", target="t.py", journal=journal, tell=heard.append)
        events = list(journal.events_of(told.run))
    finally:
        journal.close()
        errands.close()
    assert [type(one) for one in events if one.durable] == [type(one) for one in heard if one.durable]
    return told, events


def test_an_errand_is_a_run_in_the_journal_that_says_where_it_comes_from(
    tmp_path: Path, server: Scripted
) -> None:
    server.say(Chat("fine", prompt=30, completion=4))
    told, events = run(
        opened(tmp_path, server.origin, CLAUDE_SESSION_ID="claude-1", CODEX_SESSION_ID="codex-1")
    )
    first = events[0]
    assert isinstance(first, Opened)
    context = first.context
    assert (context.command, context.target, context.claude_session_id, context.codex_session_id) == (
        *("ask", "t.py", "claude-1"),
        "codex-1",
    )
    assert (context.cwd, told.context) == (str(Path.cwd()), context)
    assert (told.done.text, told.done.usage.prompt, told.unwritten) == ("fine", 30, None)
    assert server.request["temperature"] == 0.1


def test_without_keeping_text_the_journal_has_the_figures_only(tmp_path: Path, server: Scripted) -> None:
    server.say(Chat("a secret plan"))
    told, events = run(opened(tmp_path, server.origin), keep_text=False)
    assert told.done.text == "a secret plan"
    assert any(isinstance(event, Spent) and event.call.usage.completion for event in events)
    assert b"secret plan" not in b"".join(path.read_bytes() for path in tmp_path.glob("journal.db*"))


def test_a_fallback_is_told_and_the_seat_that_answered_is_given(tmp_path: Path, server: Scripted) -> None:
    server.say(Raw({"error": {"message": "no such model"}}, 404), Chat("fine"))
    told, events = run(opened(tmp_path, server.origin), "two")
    assert (told.done.seat.profile, told.done.text) == ("one", "fine")
    started = [event.profile for event in events if isinstance(event, Started)]
    assert started == ["two"]
    assert [event.call.profile for event in events if isinstance(event, Spent)] == ["two", "one"]


def test_each_level_takes_one_off_and_at_the_limit_nobody_is_sent(tmp_path: Path) -> None:
    assert opened(tmp_path).limits.depth == 3
    assert opened(tmp_path, **{DEPTH: "2"}).limits.depth == 1
    for told in ("3", "4", "99999999", "9" * 5000):
        with pytest.raises(DepthExceeded, match="from inside"):
            opened(tmp_path, **{DEPTH: told})
    deeper = Errands.open(["depth=9"], {"TUI_DELEGATE_HOME": str(tmp_path), DEPTH: "4"})
    assert deeper.limits.depth == 5


@pytest.mark.parametrize(
    ("told", "depth"),
    [("", 0), (" ", 0), ("0", 0), ("2", 2), (" 2 ", 2), ("٣", 1), ("-1", 1), ("x", 1), ("1e3", 1), ("²", 1)],
)
def test_what_is_junk_in_the_depth_counts_as_one_level(told: str, depth: int) -> None:
    assert depth_of({DEPTH: told}) == depth


def test_a_broken_profiles_file_and_a_broken_limit_are_errors_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text("[profiles")
    with pytest.raises(ConfigError):
        Errands.open(environ={"TUI_DELEGATE_HOME": str(tmp_path)})
    (tmp_path / "profiles.toml").unlink()
    with pytest.raises(Exception, match="tokens"):
        Errands.open(["tokens=lots"], {"TUI_DELEGATE_HOME": str(tmp_path)})


def test_names_of_runs_are_fresh_and_can_stand_in_json(tmp_path: Path) -> None:
    names = {fresh_id("r") for _ in range(1000)}
    assert len(names) == 1000
    assert json.loads(json.dumps(sorted(names)[0])).startswith("r-")
