from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tui_delegate.core.errors import InputError
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.corpus.shelf import expand
from tui_delegate.corpus.values import Bounds


def plant(folder: Path, *names: str, text: str = "x\n") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def names(folder: Path, *words: str) -> list[str]:
    return [entry.name for entry in expand(words, folder).entries]


def refusal(folder: Path, *words: str) -> InputError:
    with pytest.raises(InputError) as caught:
        expand(words, folder)
    assert "\n" not in caught.value.message
    return caught.value


def test_a_file_is_counted_in_lines_bytes_and_tokens(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\ntwo \xc3\xa9")
    (entry,) = expand(["a.txt"], tmp_path).entries
    assert (entry.name, entry.lines, entry.size) == ("a.txt", 2, 13)
    assert entry.tokens == estimate_tokens("one\ntwo é")


def test_the_working_folder_may_be_said_in_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, "in/a.txt", "in/.gitignore", "in/d/b.txt", text="*.log\n")
    (tmp_path / "link").symlink_to("in", target_is_directory=True)
    monkeypatch.chdir(tmp_path / "in")
    for cwd in (Path(), Path("../in"), tmp_path / "link"):
        assert names(cwd, "d", "a.txt", str(tmp_path / "in" / "d")) == ["a.txt", "d/b.txt"]


def test_the_order_is_that_of_the_names_whatever_was_named_first(tmp_path: Path) -> None:
    plant(tmp_path, "b.txt", "A.txt", "c/a.txt", "B/z.txt")
    assert names(tmp_path, "c", "b.txt", ".") == ["A.txt", "b.txt", "B/z.txt", "c/a.txt"]


def test_a_file_is_there_once_however_often_it_is_named(tmp_path: Path) -> None:
    plant(tmp_path, "d/a.txt")
    (tmp_path / "d" / "0.txt").symlink_to("a.txt")
    words = ("d/a.txt", "./d//a.txt", "d", "d/../d/a.txt", "**/*.txt", str(tmp_path / "d" / "a.txt"))
    assert names(tmp_path, *words) == ["d/a.txt"]


def test_a_file_outside_the_working_folder_is_called_as_it_was_named(tmp_path: Path) -> None:
    plant(tmp_path, "a.txt", "in/b.txt", "c/d.txt")
    outside = (tmp_path / "c").as_posix()
    assert names(tmp_path / "in", "../a.txt", "b.txt", outside) == ["../a.txt", f"{outside}/d.txt", "b.txt"]


def test_a_folder_named_build_above_does_not_matter(tmp_path: Path) -> None:
    plant(tmp_path / "build" / "dist", "node_modules/m.js", "src/build/g.py", "a.py")
    inside = tmp_path / "build" / "dist"
    assert names(inside, ".") == ["a.py", "src/build/g.py"]
    assert names(inside, "node_modules") == ["node_modules/m.js"]


def test_secrets_binaries_and_junk_are_left_out_of_a_folder_and_said(tmp_path: Path) -> None:
    secret = (
        ".env",
        ".env.local",
        "tls.pem",
        "tls.key",
        "id_rsa",
        "id_ed25519.pub",
        ".netrc",
        ".npmrc",
        ".pypirc",
    )
    more = (
        "cookies.sqlite",
        "credentials.json",
        "login.keychain-db",
        ".ssh/config",
        ".aws/credentials",
        "Secrets.yaml",
        "prod.env",
        "terraform.tfstate",
    )
    plant(tmp_path, *secret, *more, ".git/config", "__pycache__/a.py", ".venv/b.py", "photo.png")
    plant(tmp_path, "ok.py", ".editorconfig", "id_generator.py", "cookies.py", "secrets.md", "monkey.txt")
    (tmp_path / "data").write_bytes(b"text\0more")
    found = expand(["."], tmp_path)
    kept = [entry.name for entry in found.entries]
    assert kept == [".editorconfig", "cookies.py", "id_generator.py", "monkey.txt", "ok.py", "secrets.md"]
    left = {item.name: item.why for item in found.left_out}
    assert {
        left[name] for name in (*secret, "cookies.sqlite", ".ssh/", ".aws/", "Secrets.yaml", "prod.env")
    } == {"may hold secrets"}
    assert (left["photo.png"], left["data"], left[".venv/"]) == ("binary", "binary", "not a person's work")


def test_a_name_that_says_nothing_is_a_secret_in_the_folder_where_it_is_one(tmp_path: Path) -> None:
    plant(tmp_path, ".docker/config.json", ".docker/php/Dockerfile", "docker/config.json", "config.json")
    plant(tmp_path, "home/.config/gh/hosts.yml", "hosts.yml")
    (tmp_path / "config").symlink_to(tmp_path / ".docker" / "config.json")
    kept = [".docker/php/Dockerfile", "config.json", "docker/config.json", "hosts.yml"]
    assert sorted(names(tmp_path, ".")) == kept
    assert names(tmp_path, ".docker", "**/hosts.yml") == [".docker/php/Dockerfile", "hosts.yml"]
    assert names(tmp_path, ".docker/config.json") == [".docker/config.json"]


def test_what_is_named_exactly_is_taken_all_the_same(tmp_path: Path) -> None:
    plant(tmp_path, ".env", "old.log", ".gitignore", text="*.log\n")
    (tmp_path / "data.bin").write_bytes(b"a\0b")
    assert names(tmp_path, ".env", "old.log", "data.bin") == [".env", "data.bin", "old.log"]


def test_text_with_a_byte_order_mark_is_text(tmp_path: Path) -> None:
    (tmp_path / "wide.txt").write_bytes("one\ntwo\n".encode("utf-16"))
    (entry,) = expand(["."], tmp_path).entries
    assert (entry.lines, entry.tokens) == (2, estimate_tokens("one\ntwo\n"))


def test_nothing_is_never_silent(tmp_path: Path) -> None:
    plant(tmp_path, "a.txt", "only/.env", "only/x.png")
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path, "a.txt", "only").message == (
        "only gives no file. Left out: only/.env (may hold secrets), only/x.png (binary)."
    )
    assert refusal(tmp_path, "empty").message == "empty gives no file: nothing is in there."
    assert refusal(tmp_path, "*.rs").message == "missing file: *.rs"
    assert "may hold secrets" in refusal(tmp_path, "only/.e*").message


def test_a_name_that_is_not_there_says_the_nearest(tmp_path: Path) -> None:
    plant(tmp_path, "README.md", "src/app.py")
    assert refusal(tmp_path, "READM.md").hint == "Did you mean README.md?"
    assert refusal(tmp_path, "src/ap.py").hint == "Did you mean src/app.py?"
    assert refusal(tmp_path, "scr/app.py").hint == "scr is not there either; src is."
    assert refusal(tmp_path, "a\nb").message == "missing file: a b"


@pytest.mark.parametrize("word", ["", "a\0b", "x" * 5000, "~nobody-here/x", "/proc/self/mem/x"])
def test_a_name_that_no_file_can_have_is_refused_in_words(word: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, word).code == "input_error"


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("*.py", ["a.py"]),
        ("**/*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("src/**", ["src/b.py", "src/deep/c.py", "src/deep/d.md"]),
        ("src/*", ["src/b.py", "src/deep/c.py", "src/deep/d.md"]),
        ("src/**/*.md", ["src/deep/d.md"]),
        ("s?c/[a-b].py", ["src/b.py"]),
        ("*/deep/*.md", ["src/deep/d.md"]),
        (".h*/*", [".hidden/e.py"]),
        (".hidden", [".hidden/e.py"]),
        ("./src/*.py", ["src/b.py"]),
    ],
)
def test_a_pattern_gives_what_matches_it(word: str, found: list[str], tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "src/b.py", "src/deep/c.py", "src/deep/d.md", ".hidden/e.py")
    assert names(tmp_path, word) == found


def test_a_name_that_looks_like_a_pattern_is_a_name_where_it_is_there(tmp_path: Path) -> None:
    plant(tmp_path, "[id].tsx", "i.tsx")
    assert names(tmp_path, "[id].tsx") == ["[id].tsx"]


def test_lines_after_a_name_are_not_part_of_it(tmp_path: Path) -> None:
    plant(tmp_path, "a.log", "b:10")
    assert names(tmp_path, "a.log:10-80", "b:10") == ["a.log", "b:10"]


def test_links_do_not_lead_out_or_round_and_round(tmp_path: Path) -> None:
    plant(tmp_path, "out.txt", ".env", "d/a.txt", "d/e/b.txt")
    (tmp_path / "d" / "loop").symlink_to(tmp_path / "d", target_is_directory=True)
    (tmp_path / "d" / "self").symlink_to("self")
    (tmp_path / "d" / "out").symlink_to(tmp_path / "out.txt")
    (tmp_path / "d" / "harmless.txt").symlink_to(tmp_path / ".env")
    found = expand(["d"], tmp_path)
    assert [entry.name for entry in found.entries] == ["d/a.txt", "d/e/b.txt"]
    assert {item.name: item.why for item in found.left_out} == {
        "d/harmless.txt": "a link out of the folder",
        "d/loop": "a link to a folder",
        "d/out": "a link out of the folder",
        "d/self": "a link that leads nowhere",
    }
    (tmp_path / "d2").symlink_to("d", target_is_directory=True)
    assert names(tmp_path, "d2") == ["d2/a.txt", "d2/e/b.txt"]


def test_a_bottomless_folder_has_a_bottom(tmp_path: Path) -> None:
    plant(tmp_path, "a.txt", "d/" * 150 + "b.txt")
    assert names(tmp_path, ".") == ["a.txt"]
    assert names(tmp_path, "**/" * 12 + "a.txt") == ["a.txt"]
    assert expand(["."], tmp_path).left_out[0].why == "too deep"


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a file that says that it is empty")
def test_a_file_that_is_longer_than_it_says_is_bounded_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too large: 11 bytes > 10"):
        expand(["/proc/self/mountinfo"], tmp_path, Bounds(file_bytes=10))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    plant(tmp_path, "a.txt")
    assert names(tmp_path, ".") == ["a.txt"]
    assert refusal(tmp_path, "pipe").message == "pipe: not a file"


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such a name")
def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.txt")).write_text("x")
    plant(tmp_path, "a.txt")
    found = expand(["."], tmp_path)
    assert [entry.name for entry in found.entries] == ["a.txt"]
    assert [item.why for item in found.left_out] == ["its name is not UTF-8"]


def test_a_file_that_is_too_large_is_refused_by_name_and_left_out_of_a_folder(tmp_path: Path) -> None:
    plant(tmp_path, "big.txt", text="x" * 101)
    plant(tmp_path, "a.txt")
    bounds = Bounds(file_bytes=100)
    with pytest.raises(InputError, match=r"big\.txt: too large: 101 bytes > 100"):
        expand(["big.txt"], tmp_path, bounds)
    found = expand(["."], tmp_path, bounds)
    assert [(item.name, item.why) for item in found.left_out] == [("big.txt", "too large: 101 bytes > 100")]


def test_all_together_has_a_bound_in_bytes_and_in_tokens(tmp_path: Path) -> None:
    plant(tmp_path, "a.txt", "b.txt", text="x" * 60)
    with pytest.raises(
        InputError, match=r"corpus too large: 120 bytes > 100, 20 too many\. The biggest: a\.txt \(60\)|b"
    ):
        expand(["."], tmp_path, Bounds(total_bytes=100))
    with pytest.raises(InputError, match="about 38 tokens > 37"):
        expand(["."], tmp_path, Bounds(tokens=37))
    assert expand(["."], tmp_path, Bounds(tokens=38)).tokens == 38


def test_the_environment_sets_the_bounds() -> None:
    environ = {"AGENT_DELEGATE_MAX_FILE_BYTES": "10", "AGENT_DELEGATE_MAX_CORPUS_BYTES": " 20 "}
    assert Bounds.of_environ(environ) == Bounds(10, 20)
    assert Bounds.of_environ({}) == Bounds(750_000, 3_000_000)


@pytest.mark.parametrize("told", ["ten", "-1", "0", "1.5", "1e6", "٣", "9" * 40])
def test_a_bound_that_is_no_number_is_an_error(told: str) -> None:
    with pytest.raises(InputError, match="AGENT_DELEGATE_MAX_FILE_BYTES must be a whole number above 0"):
        Bounds.of_environ({"AGENT_DELEGATE_MAX_FILE_BYTES": told})
