from __future__ import annotations

from pathlib import Path

import pytest

from tui_delegate.core.errors import ResolveError
from tui_delegate.rules import apply, hosts, texts
from tui_delegate.rules.state import install_state

OWN = {
    "claude-code": 3,
    "codex-cli": 1,
    "cursor": 2,
    "gemini-cli": 1,
    "opencode": 1,
    "copilot": 1,
    "aider": 1,
}


def host(home: Path, name: str, **environ: str) -> hosts.Host:
    return next(host for host in hosts.table(home, environ) if host.name == name)


def states(home: Path, **environ: str) -> dict[str, str]:
    return {name: state for name, state, _ in install_state(home, environ)}


def put(home: Path, names: str | None = None, **environ: str) -> list[tuple[str, str]]:
    everyone = hosts.table(home, environ)
    results = apply.install(hosts.chosen(everyone, names), everyone, dry_run=False, force=False)
    return [(result.tool, result.action) for result in results]


def take(home: Path, names: str | None = None, **environ: str) -> list[tuple[str, str]]:
    everyone = hosts.table(home, environ)
    results = apply.uninstall(hosts.chosen(everyone, names), everyone, dry_run=False, force=False)
    return [(result.tool, result.action) for result in results]


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if not path.name.endswith(".bak")
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in (".claude", ".codex", ".cursor", ".gemini", ".config/opencode", ".copilot", ".aider"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_every_tool_gets_its_files_and_a_second_install_changes_nothing(home: Path) -> None:
    before = tree(home)
    assert set(put(home)) == {
        *((name, "wrote_new") for name in OWN if name != "opencode"),
        *(("opencode", "wrote_new"), ("codex-cli,opencode", "wrote_new")),
    }
    after = tree(home)
    assert {action for _, action in put(home)} == {"unchanged"}
    assert tree(home) == after
    assert set(states(home).values()) == {"installed v2", "print only"}
    assert (home / ".codex/AGENTS.md").read_bytes() == texts.block("codex") + b"\n"
    for name, line in (
        (".claude/CLAUDE.md", b"@~/.claude/tui-delegate.md"),
        (".gemini/GEMINI.md", b"@./tui-delegate.md"),
    ):
        assert (home / name).read_bytes().splitlines()[1:2] == [line]
    for name in (".config/opencode/AGENTS.md", ".copilot/copilot-instructions.md", ".claude/tui-delegate.md"):
        assert (home / name).read_bytes() == texts.block("policy") + b"\n"
    assert {action for _, action in take(home)} == {"removed"}
    assert tree(home) == before
    assert {action for _, action in take(home)} == {"noop"}


def test_a_tool_that_is_not_here_gets_nothing(tmp_path: Path) -> None:
    assert put(tmp_path) == []
    assert not any(tmp_path.iterdir())
    assert set(states(tmp_path).values()) == {"not detected", "print only"}


def test_the_environment_says_where_a_tool_keeps_its_files(tmp_path: Path) -> None:
    environ = {
        "CLAUDE_CONFIG_DIR": str(tmp_path / "c"),
        "CODEX_HOME": str(tmp_path / "x"),
        "COPILOT_HOME": "~/p",
    }
    environ |= {"GEMINI_CLI_HOME": str(tmp_path / "g"), "XDG_CONFIG_HOME": str(tmp_path / "conf")}
    files = {name: host(tmp_path, name, **environ).file for name in OWN}
    assert files["claude-code"] == tmp_path / "c/CLAUDE.md"
    assert files["codex-cli"] == tmp_path / "x/AGENTS.md"
    assert files["gemini-cli"] == tmp_path / "g/.gemini/GEMINI.md"
    assert files["opencode"] == tmp_path / "conf/opencode/AGENTS.md"
    assert files["copilot"] == Path("~/p").expanduser() / "copilot-instructions.md"
    assert (
        host(tmp_path, "opencode", OPENCODE_CONFIG_DIR=str(tmp_path / "o")).file == tmp_path / "o/AGENTS.md"
    )
    spaced = host(tmp_path, "claude-code", CLAUDE_CONFIG_DIR="/a folder/c")
    assert spaced.include == "", "a line with a space in its path would be read to the space"


def test_codex_keeps_its_old_file_where_only_that_is_there(home: Path) -> None:
    (home / ".codex/instructions.md").write_text("mine\n")
    put(home, "codex")
    assert (home / ".codex/instructions.md").read_bytes() == b"mine\n\n" + texts.block("codex") + b"\n"
    assert not (home / ".codex/AGENTS.md").exists()


def test_one_file_under_two_names_is_written_once_with_all_that_both_need(home: Path) -> None:
    (home / ".codex/AGENTS.md").write_text("shared\n")
    (home / ".claude/CLAUDE.md").symlink_to(home / ".codex/AGENTS.md")
    results = put(home, "claude-code,codex-cli")
    assert results[:2] == [("claude-code", "appended"), ("codex-cli", "unchanged")]
    assert (home / ".codex/AGENTS.md").read_bytes() == b"shared\n\n" + texts.block("codex") + b"\n"
    assert not (home / ".claude/tui-delegate.md").exists()
    assert put(home, "claude-code")[0] == ("claude-code", "unchanged")
    assert take(home, "claude-code")[0] == ("claude-code", "noop"), "codex-cli reads it too"
    assert take(home, "claude-code,codex-cli")[0] == ("claude-code", "removed")
    assert (home / ".codex/AGENTS.md").read_bytes() == b"shared\n"
    assert (home / ".claude/CLAUDE.md").is_symlink()


@pytest.mark.parametrize("line", ["@~/.codex/AGENTS.md", "See @../.codex/AGENTS.md for more."])
def test_a_file_that_includes_the_other_gets_no_second_block(
    home: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    (home / ".claude/CLAUDE.md").write_text(f"{line}\n")
    assert put(home, "claude-code,codex-cli")[:2] == [
        ("claude-code", "unchanged"),
        ("codex-cli", "wrote_new"),
    ]
    assert put(home, "claude-code")[0] == ("claude-code", "unchanged")
    assert (home / ".claude/CLAUDE.md").read_text() == f"{line}\n"


def test_opencode_keeps_reading_the_file_that_a_file_of_its_own_would_hide(home: Path) -> None:
    (home / ".claude/CLAUDE.md").write_text("mine\n")
    assert put(home, "claude-code,opencode")[:2] == [("claude-code", "appended"), ("opencode", "unchanged")]
    assert not (home / ".config/opencode/AGENTS.md").exists()
    assert texts.block("policy") in (home / ".claude/CLAUDE.md").read_bytes(), "it follows no include"
    assert (
        host(home, "opencode", OPENCODE_DISABLE_CLAUDE_CODE="1").file == home / ".config/opencode/AGENTS.md"
    )


def test_a_skill_that_two_tools_share_stays_while_one_of_them_uses_it(home: Path) -> None:
    put(home, "codex-cli,opencode")
    assert ("codex-cli", "noop") in take(home, "codex-cli")
    assert (home / ".agents/skills/tui-delegate/SKILL.md").exists()
    take(home, "opencode")
    assert not (home / ".agents").exists()


def test_where_our_own_file_cant_be_written_the_block_stands_whole(home: Path) -> None:
    (home / ".claude/tui-delegate.md").write_text("somebody's notes\n")
    results = put(home, "claude-code")
    assert results[:2] == [("claude-code", "wrote_new"), ("claude-code", "refused")]
    assert (home / ".claude/CLAUDE.md").read_bytes() == texts.block("policy") + b"\n"
    assert (home / ".claude/tui-delegate.md").read_text() == "somebody's notes\n"


def test_the_state_says_what_is_wrong(home: Path) -> None:
    put(home, "claude-code,gemini-cli")
    (home / ".claude/tui-delegate.md").unlink()
    (home / ".codex/AGENTS.md").write_text("a\n<!-- tui-delegate:end -->\n")
    (home / ".copilot/copilot-instructions.md").write_text(
        "<!-- agent-delegate:begin v1.0.0-rc1 -->\nq\n<!-- agent-delegate:end -->\n"
    )
    seen = states(home)
    assert seen["claude-code"].startswith("broken: ")
    assert "tui-delegate.md is missing" in seen["claude-code"]
    assert seen["codex-cli"] == "broken: line 2 ends a block that no line began"
    assert seen["copilot"] == "agent-delegate's block"
    assert (seen["gemini-cli"], seen["opencode"]) == ("installed v2", "not installed")


def test_names_are_taken_as_agent_delegate_has_them_and_shorter() -> None:
    everyone = hosts.table(Path("/nowhere"), {})
    assert [host.name for host in hosts.chosen(everyone, "codex, claude-code,codex-cli")] == [
        "claude-code",
        "codex-cli",
    ]
    assert len(hosts.chosen(everyone, None)) == 9
    for names in ("", "codex,foo", ","):
        with pytest.raises(ResolveError, match="unknown tool"):
            hosts.chosen(everyone, names)


def test_claude_code_keeps_reading_the_file_that_a_claude_md_would_hide(home: Path) -> None:
    (home / ".claude/AGENTS.md").write_text("mine\n")
    assert put(home, "claude-code")[0] == ("claude-code", "appended")
    assert not (home / ".claude/CLAUDE.md").exists()
    take(home, "claude-code")
    assert (home / ".claude/AGENTS.md").read_text() == "mine\n"


def test_files_of_ours_stay_while_the_block_that_names_them_stays(home: Path) -> None:
    put(home, "claude-code")
    file = home / ".claude/CLAUDE.md"
    file.write_text(file.read_text().replace("@~/", "See @~/"))
    assert take(home, "claude-code") == [
        ("claude-code", action) for action in ("refused", "noop", "noop", "noop")
    ]
    assert (home / ".claude/tui-delegate.md").exists()


def test_both_blocks_in_one_file_are_told(home: Path) -> None:
    put(home, "codex-cli")
    file = home / ".codex/AGENTS.md"
    file.write_text(
        "<!-- agent-delegate:begin v0.2.0 -->\nq\n<!-- agent-delegate:end -->\n\n" + file.read_text()
    )
    everyone = hosts.table(home, {})
    result = apply.install(hosts.chosen(everyone, "codex"), everyone, dry_run=False, force=False)[0]
    assert (result.action, result.detail) == (
        "unchanged",
        "agent-delegate's block stands there too, in lines 1-3",
    )


def test_of_two_files_that_include_each_other_one_gets_the_block(home: Path) -> None:
    (home / ".claude/CLAUDE.md").write_text("@../.gemini/GEMINI.md\n")
    (home / ".gemini/GEMINI.md").write_text("@../.claude/CLAUDE.md\n")
    done = dict(put(home, "claude-code,gemini-cli")[:2])
    assert done == {"claude-code": "unchanged", "gemini-cli": "appended"}


def test_a_line_that_names_our_file_in_another_place_is_no_edit(home: Path) -> None:
    put(home, "gemini-cli")
    (home / "dot").mkdir()
    (home / ".gemini/GEMINI.md").rename(home / "dot/GEMINI.md")
    (home / ".gemini/GEMINI.md").symlink_to(home / "dot/GEMINI.md")
    assert put(home, "gemini-cli") == [("gemini-cli", "replaced")], "through a link it would not be found"
    assert (home / "dot/GEMINI.md").read_bytes() == texts.block("policy") + b"\n"
    assert dict(take(home, "gemini-cli")) == {"gemini-cli": "removed"}
    assert not (home / ".gemini/tui-delegate.md").exists()
