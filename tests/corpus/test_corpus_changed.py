"""`--diff-only REV`: a diff of what git knows, new files whole, and no program of a stranger's run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tui_delegate.core.errors import InputError
from tui_delegate.corpus.changed import changed_since
from tui_delegate.corpus.values import Bounds


def git(folder: Path, *words: str) -> None:
    command = ["git", "-c", "init.defaultBranch=main", "-c", "user.name=x", "-c", "user.email=x@y", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def plant(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    plant(
        folder,
        **{"a.py": "one\ntwo\n", "gone.py": "gone\n", "same.py": "", "src/b.py": "b\n", ".env": "K=1\n"},
    )
    plant(folder, **{".gitignore": "*.log\n", "pic.png": "x", 'odd "name\t.py': "1\n", "blob": "a\0"})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    plant(folder, **{"a.py": "one\n2\n", "src/b.py": "B\n", ".env": "K=2\n", "pic.png": "y", "blob": "b\0"})
    plant(
        folder,
        **{
            "src/new.py": "new\r\n",
            "x.log": "",
            ".env.new": "",
            ".docker/config.json": "",
            'odd "name\t.py': "2\n",
            "src/é.py": "é\n",
        },
    )
    (folder / "gone.py").unlink()
    git(folder, "add", "src/é.py")
    return folder


def names(folder: Path, *words: str) -> list[str]:
    return [sheet.name for sheet in changed_since("main", words, folder).sheets]


def test_changed_files_are_given_as_diffs_and_new_ones_whole(repository: Path) -> None:
    packet = changed_since("main", ["."], repository)
    texts = {sheet.name: sheet.text for sheet in packet.sheets}
    assert list(texts) == ["a.py", "gone.py", 'odd "name\t.py', "src/b.py", "src/new.py", "src/é.py"]
    assert texts["a.py"].startswith("diff --git a/a.py b/a.py\nindex ")
    assert texts["a.py"].endswith("\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n")
    assert "\n-gone\n" in texts["gone.py"]
    assert "\n-1\n+2\n" in texts['odd "name\t.py']
    assert "\n+é\n" in texts["src/é.py"]
    assert texts["src/new.py"] == "new\n"
    assert {item.name: item.why for item in packet.left_out} == {
        ".env": "may hold secrets",
        ".env.new": "may hold secrets",
        ".docker/config.json": "may hold secrets",
        "blob": "binary",
        "pic.png": "binary",
    }


def test_only_what_the_words_name_is_given(repository: Path) -> None:
    assert names(repository, "src") == ["src/b.py", "src/new.py", "src/é.py"]
    assert names(repository, "s*/*b.py", "gone.py", ".env") == [".env", "gone.py", "src/b.py"]
    assert names(repository / "src", ".", "../a.py") == ["../a.py", "b.py", "new.py", "é.py"]
    (repository.parent / "link").symlink_to(repository, target_is_directory=True)
    assert names(repository.parent / "link", "src/b.py") == ["src/b.py"]
    assert names(repository.parent / "link", str(repository / "a.py")) == ["a.py"]


def test_nothing_is_never_silent(repository: Path) -> None:
    for words, said in (
        (["same.py"], "Nothing has changed since main in same.py."),
        ([".env*"], r"Nothing has changed since main in \.env\* but what is left out: \.env, \.env\.new\."),
        (["nowhere.py"], "missing file: nowhere.py"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            changed_since("main", words, repository)
        assert caught.value.type == "corpus_error"
    with pytest.raises(InputError, match="corpus too large"):
        changed_since("main", ["."], repository, Bounds(total_bytes=100))
    packet = changed_since("main", ["src/new.py", "src/b.py"], repository, Bounds(file_bytes=100))
    assert [sheet.name for sheet in packet.sheets] == ["src/new.py"]
    assert [item.name for item in packet.missed] == ["src/b.py"]


@pytest.mark.parametrize(
    "revision", ["", "-h", "--output=x", "no", "main..main", "main\nmain", "x\0", "main:a.py"]
)
def test_what_is_no_revision_is_refused(revision: str, repository: Path) -> None:
    with pytest.raises(InputError) as caught:
        changed_since(revision, ["."], repository)
    assert "revision" in caught.value.message
    assert "--diff-only main" in caught.value.hint
    assert not (repository / "x").exists()


def test_outside_a_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InputError, match=r"git says: .*not a git repository"):
        changed_since("main", ["."], tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git is not there"):
        changed_since("main", ["."], tmp_path)


def test_no_other_program_is_run_and_no_setting_changes_what_is_said(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = changed_since("main", ["."], repository)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    plant(
        repository,
        **{
            ".git/hooks/post-index-change": trap.read_text(),
            ".git/info/attributes": "*.py diff=odd filter=o=d.d\n",
        },
    )
    (repository / ".git" / "hooks" / "post-index-change").chmod(0o755)
    for name in ("diff.external", "diff.odd.command", "diff.odd.textconv", "core.fsmonitor", "core.pager"):
        git(repository, "config", name, str(trap))
    git(repository, "config", "filter.o=d.d.clean", str(trap))
    for name, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "color.ui": "always",
        "diff.renames": "copies",
        "diff.context": "0",
        "diff.orderFile": str(trap),
        "diff.relative": "true",
    }.items():
        git(repository, "config", name, value)
    (tmp_path / "sprung").unlink(missing_ok=True)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_DIFF_OPTS", "-u0")
    monkeypatch.setenv("GIT_PAGER", str(trap))
    os.utime(repository / "same.py", (1, 1))
    assert changed_since("main", ["."], repository) == before
    assert not (tmp_path / "sprung").exists()
