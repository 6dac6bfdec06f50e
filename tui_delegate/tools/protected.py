"""Names that a worker's text is not put under unless a person names them: what runs by itself or is obeyed.

Judged by name as the most forgiving file system reads it. The disk is not looked at here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HISTORY: Final = "the history of this folder is kept there"
_AGENTS: Final = "coding agents obey it"
_EDITOR: Final = "an editor or debugger runs what it says"
_BUILD: Final = "what it says is run, with keys, where changes are checked"
_SHELL: Final = "a shell runs it by itself"
_PYTHON: Final = "Python runs it by itself"
_SECRET: Final = "secrets are kept there"


def _by_name(names: dict[str, str]) -> dict[str, str]:
    return {name: reason for reason, row in names.items() for name in row.split()}


_FOLDERS: Final = _by_name(
    {
        _HISTORY: ".git .hg .svn .jj .bzr .husky .githooks",
        _AGENTS: ".claude .codex .cursor .gemini .opencode .windsurf .continue .clinerules .aider .kiro .roo"
        " .amazonq .junie .agents .agent-delegate .tui-delegate",
        _EDITOR: ".vscode .idea .devcontainer .fleet .zed",
        _BUILD: ".circleci .buildkite .woodpecker .teamcity .semaphore .cargo",
        _SECRET: ".ssh .gnupg .aws .azure .kube .docker",
        _SHELL: ".direnv",
    }
)
_FILES: Final = _by_name(
    {
        _HISTORY: ".gitmodules .gitattributes .gitconfig .hgrc",
        _AGENTS: "agents.md agents.override.md claude.md claude.local.md gemini.md .cursorrules"
        " .windsurfrules .mcp.json .aider.conf.yml opencode.json opencode.jsonc",
        _EDITOR: ".vimrc .exrc .nvimrc .nvim.lua .dir-locals.el .gdbinit .lldbinit",
        _BUILD: ".gitlab-ci.yml .gitlab-ci.yaml jenkinsfile .travis.yml azure-pipelines.yml appveyor.yml"
        " .appveyor.yml bitbucket-pipelines.yml .drone.yml .cirrus.yml .woodpecker.yml cloudbuild.yaml"
        " buildspec.yml .pre-commit-config.yaml lefthook.yml",
        _SHELL: ".envrc .direnvrc .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile"
        " .zshrc .zshenv .zprofile .zlogin .zlogout .kshrc .cshrc .tcshrc .login .logout .inputrc .xinitrc"
        " .xprofile .xsession crontab .crontab",
        _PYTHON: "sitecustomize.py usercustomize.py conftest.py .pdbrc .pythonrc",
        _SECRET: ".netrc _netrc .npmrc .yarnrc .yarnrc.yml .pypirc .git-credentials .pgpass authorized_keys"
        " .htpasswd .dockercfg",
    }
)
_PAIRS: Final = {
    **dict.fromkeys(((".github", "workflows"), (".github", "actions")), _BUILD),
    **dict.fromkeys(((".gitea", "workflows"), (".forgejo", "workflows")), _BUILD),
    (".github", "copilot-instructions.md"): _AGENTS,
    (".github", "instructions"): _AGENTS,
    (".config", "fish"): _SHELL,
    (".config", "autostart"): _SHELL,
    (".config", "systemd"): _SHELL,
    (".config", "git"): _HISTORY,
    ("library", "launchagents"): _SHELL,
}
_ENVIRONMENT_SAMPLES: Final = frozenset({".env.example", ".env.sample", ".env.template", ".env.dist"})


def why_protected(parts: Sequence[str]) -> tuple[int, str]:
    """Say how many parts of a path it takes to name what is protected, and why. (0, ""): nothing is."""
    folded = [fold(part) for part in parts]
    for count, part in enumerate(folded, 1):
        reason = _FOLDERS.get(_long_name(part)) or _PAIRS.get(
            (folded[count - 2], part) if count > 1 else ("", "")
        )
        if not reason and count == len(folded):
            reason = _why_file(part)
        if reason:
            return count, reason
    return 0, ""


def is_named(parts: Sequence[str], count: int, allowed: Iterable[Sequence[str]]) -> bool:
    """Whether one of the paths that the person named reaches what is protected, and leads to this one."""
    path = [fold(part) for part in parts]
    for names in allowed:
        if count <= len(names) <= len(path) and [fold(name) for name in names] == path[: len(names)]:
            return True
    return False


def fold(part: str) -> str:
    """Read a name as the most forgiving file systems do: without case, look-alikes and what is cut off."""
    if not part.isascii():
        import unicodedata

        letters = unicodedata.normalize("NFKC", part)
        part = "".join(letter for letter in letters if unicodedata.category(letter) not in ("Cf", "Mn"))
    return part.upper().casefold().partition(":")[0].rstrip(". ")


def _why_file(name: str) -> str:
    if name.startswith(".env") and not name[4:5].isalpha() and name not in _ENVIRONMENT_SAMPLES:
        return _SECRET
    if name.endswith(".pth"):
        return _PYTHON
    return _FILES.get(name, "")


def _long_name(part: str) -> str:
    """Find the folder that Windows also calls by a short name: GIT~1."""
    stem, short, number = part.rpartition("~")
    if not short or not number.isdigit():
        return part
    return next((name for name in _FOLDERS if name.lstrip(".")[:6] == stem), part)
