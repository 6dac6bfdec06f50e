from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.workspace.places import SECRETS
from tui_delegate import profiles
from tui_delegate.core.choice import Choice
from tui_delegate.core.errors import ConfigError
from tui_delegate.profiles import example
from tui_delegate.workspace.drafts import (
    KEPT,
    Draft,
    draft_of,
    free_name,
    problems,
    settings_with,
    table_of,
    usual_of,
)
from tui_delegate.workspace.keeping import ProfilesFile, uses_of

TABLE: dict[str, object] = {
    "backend": "openai-compat",
    "base_url": "https://box/v1",
    "base_urls": ["https://box/v1", "https://other/v1"],
    "default_model": "m",
    "api_key": SECRETS[0],
    "api_key_env": "BOX_API_KEY",
    "extra_headers": {"X-Token": SECRETS[1], "X-Title": "t"},
    "timeout": 12.5,
    "temperature": 0.25,
    "max_parallel": 3,
    "price": {"input": 0.15, "cached": 0.0, "output": 0.6},
    "fallback": ["a", "b/c"],
    "num_ctx": 4096,
    "keep_alive": -1,
    "think": "low",
    "instructions": "One.\nTwo.",
}


def kept(home: Path, text: str = "") -> ProfilesFile:
    if text:
        (home / "profiles.toml").write_text(text)
        (home / "profiles.toml").chmod(0o640)
    environ = {"TUI_DELEGATE_HOME": str(home)}
    return ProfilesFile.of(profiles.load(environ, home), environ)


def content(home: Path) -> dict[str, object]:
    return tomllib.loads((home / "profiles.toml").read_text())


def test_a_default_is_written_and_all_else_in_the_file_stays(tmp_path: Path) -> None:
    before = tomllib.loads(example())
    saved = kept(tmp_path, example()).set_default(Choice("farm", "deep/m", "openrouter", ""))
    after = content(tmp_path)
    assert after.pop("default_profile") == "farm"
    assert after.pop("roles") == {"manager": "farm/deep/m", "worker": "openrouter"}
    del before["default_profile"], before["roles"]
    assert after == before
    assert (tmp_path / "profiles.toml").stat().st_mode & 0o777 == 0o640
    assert saved.backup
    assert saved.backup.read_text() == example()


def test_that_comments_are_lost_is_said_and_where_they_are_still(tmp_path: Path) -> None:
    file = kept(tmp_path, '# mine\ndefault_profile = "ollama"\n')
    assert file.has_comments()
    saved = file.set_default(Choice("builtin"))
    assert saved.backup
    assert saved.backup.name in saved.words
    assert "Its comments" in saved.words
    assert not file.has_comments()
    again = file.set_default(Choice("ollama"))
    assert "Its comments" not in again.words


def test_a_first_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    saved = kept(tmp_path).set_default(Choice("builtin"))
    assert content(tmp_path) == {"default_profile": "builtin", "roles": {"manager": "builtin"}}
    assert (tmp_path / "profiles.toml").stat().st_mode & 0o777 == 0o600
    assert (saved.backup, saved.comments) == (None, False)


def test_the_other_programs_file_is_copied_and_never_changed(tmp_path: Path) -> None:
    theirs = tmp_path / ".agent-delegate" / "profiles.toml"
    theirs.parent.mkdir()
    text = '# theirs\nodd = 1\n[profiles.box]\nbackend = "ollama"\nstrange = 2\n[mcp]\nx = 1\n'
    theirs.write_text(text)
    saved = kept(tmp_path).set_default(Choice("box"))
    assert theirs.read_text() == text
    assert content(tmp_path)["profiles"] == {"box": {"backend": "ollama"}}
    assert str(theirs) in saved.words


def test_a_profile_that_someone_else_changed_is_not_written_over(tmp_path: Path) -> None:
    file = kept(tmp_path, '[profiles.a]\nbackend = "ollama"\n')
    was = file.table("a")
    (tmp_path / "profiles.toml").write_text('[profiles.a]\nbackend = "lmstudio"\n')
    with pytest.raises(ConfigError, match="changed meanwhile"):
        file.put("a", {"backend": "builtin"}, was)
    assert content(tmp_path) == {"profiles": {"a": {"backend": "lmstudio"}}}


def test_what_the_reader_would_refuse_is_not_written(tmp_path: Path) -> None:
    text = '[profiles.a]\nbackend = "ollama"\n'
    with pytest.raises(ConfigError):
        kept(tmp_path, text).put("a", {"backend": "ollama", "timeout": -1}, {"backend": "ollama"})
    assert (tmp_path / "profiles.toml").read_text() == text


def test_a_profile_is_taken_out_alone(tmp_path: Path) -> None:
    file = kept(tmp_path, '[profiles.a]\nbackend = "ollama"\n[profiles.b]\nbackend = "builtin"\n')
    file.drop("a")
    assert content(tmp_path) == {"profiles": {"b": {"backend": "builtin"}}}


def test_where_a_profile_is_named_is_known_before_it_goes(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text(
        'default_profile = "a"\n[roles]\nworker = "a/m"\n[agents.x]\nprofile = "a"\n'
        '[profiles.b]\nbackend = "ollama"\nfallback = ["a/q"]\n[profiles.a]\nbackend = "ollama"\n'
    )
    settings = profiles.load({"TUI_DELEGATE_HOME": str(tmp_path)}, tmp_path)
    assert uses_of(settings, "a") == ["default_profile", "roles.worker", "agents.x", "profiles.b.fallback"]
    assert uses_of(settings, "b") == []


def test_a_profile_goes_through_a_form_and_back_unchanged() -> None:
    draft = draft_of(TABLE)
    assert table_of(draft, TABLE) == TABLE
    assert not any(secret in repr(draft) for secret in SECRETS)


def test_a_key_is_kept_replaced_or_removed() -> None:
    texts = draft_of(TABLE).texts
    assert table_of(Draft(texts, "  new\n"), TABLE)["api_key"] == "new"
    assert "api_key" not in table_of(Draft(texts, drop_key=True), TABLE)
    assert "new" not in repr(Draft(texts, "new"))


def test_headers_keep_their_values_unless_they_are_told_others() -> None:
    texts = dict(draft_of(TABLE).texts)
    assert texts["extra_headers"] == f"X-Token: {KEPT}\nX-Title: {KEPT}"
    texts["extra_headers"] = f"X-Token: {KEPT}\n\nX-New: a: b"
    assert table_of(Draft(texts), TABLE)["extra_headers"] == {"X-Token": SECRETS[1], "X-New": "a: b"}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("base_url", "box"),
        ("base_urls", "http://a, b"),
        ("timeout", "soon"),
        ("timeout", "0"),
        ("temperature", "-1"),
        ("max_parallel", "2.5"),
        ("num_ctx", "9" * 30),
        ("price", "cheap"),
        ("price", "input 1"),
        ("price", "input 1, output x"),
        ("keep_alive", "a while"),
        ("api_key_env", "sk-1234"),
        ("extra_headers", "no colon"),
        ("extra_headers", "bad name: x"),
        ("default_model", "a\x1bb"),
    ],
)
def test_what_is_wrong_is_said_of_its_key_in_the_readers_words(key: str, text: str) -> None:
    table = table_of(Draft({"backend": "builtin", key: text}), {})
    found = problems("mine", table, {})
    assert list(found) == [key]
    assert not found[key].startswith((":", "["))
    assert "sk-1234" not in found[key]


def test_a_name_that_no_table_may_have_is_said_of_the_name() -> None:
    for name in ("", "a/b", "[bold]", " a", "x" * 100):
        assert list(problems(name, {"backend": "builtin"}, {})) == ["name"]
    assert problems("a.b c-d", {"backend": "builtin"}, {}) == {}


def test_what_a_profile_lacks_for_a_call_is_said_of_its_key() -> None:
    assert list(problems("x", {}, {})) == ["backend"]
    assert list(problems("x", {"backend": "olama"}, {})) == ["backend"]
    assert list(problems("x", {"backend": "openai-compat"}, {})) == ["base_url"]
    assert problems("ollama", {}, {}) == {}
    assert problems("x", {"backend": "anthropic"}, {}) == {}


def test_what_holds_where_a_key_is_left_out_is_known() -> None:
    assert usual_of("haiku", "")["default_model"] == "claude-haiku-4-5"
    assert usual_of("haiku", "ollama") == {"base_url": "http://127.0.0.1:11434"}
    assert usual_of("new", "lmstudio") == {"base_url": "http://127.0.0.1:1234"}
    assert usual_of("new", "") == {}


def test_a_copy_gets_a_name_that_is_free(tmp_path: Path) -> None:
    settings = settings_with(profiles.load({}, tmp_path), "ollama-2", {"backend": "ollama"}, {})
    assert free_name("ollama", settings) == "ollama-3"
