"""What is not handed on unless it is named exactly: secrets, binaries, and folders full of neither's worth.

Judged by name, and by the first bytes. Ignore files are `ignore`'s.
"""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 8192

JUNK: Final = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".jj",
        "node_modules",
        "bower_components",
        "__pycache__",
        "__pypackages__",
        ".venv",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".eggs",
        ".next",
        ".nuxt",
        ".gradle",
        ".terraform",
        ".idea",
        ".ipynb_checkpoints",
    }
)
MADE: Final = JUNK | {"build", "dist"}
"""What agent-delegate's verbs leave out of a folder besides: what a build has made."""
_SECRET_FOLDERS: Final = frozenset(
    {".ssh", ".gnupg", ".aws", ".azure", ".kube", ".password-store", "keychains"}
)

_KEYS: Final = frozenset(
    {
        *("pem", "key", "p12", "pfx", "p8", "jks", "keystore", "kdb", "kdbx", "ppk", "gpg"),
        *("keychain", "keychain-db", "ovpn", "mobileprovision", "env", "tfstate"),
    }
)
_SECRETS: Final = frozenset(
    {
        *(".netrc", "_netrc", ".npmrc", ".yarnrc.yml", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd"),
        *(".dockercfg", ".git-credentials", ".vault-token", ".terraformrc", "kubeconfig"),
        *("cookies.sqlite-wal", "cookies.sqlite-shm", "cookie.sqlite-wal", "cookie.sqlite-shm"),
    }
)
_SECRET_PLACES: Final = frozenset({".docker/config.json", "containers/auth.json", "gh/hosts.yml"})
"""Files whose name says nothing but in their folder."""
_SSH: Final = tuple(
    f"id_{kind}{after}"
    for kind in ("rsa", "dsa", "ecdsa", "ed25519", "xmss", "ecdsa_sk", "ed25519_sk")
    for after in "._-"
)
_TELLING: Final = frozenset({"credential", "credentials", "secret", "secrets", "cookie", "cookies"})
_DATA: Final = frozenset(
    {
        "",
        "json",
        "toml",
        "yml",
        "yaml",
        "ini",
        "cfg",
        "conf",
        "csv",
        "txt",
        "xml",
        "db",
        "sqlite",
        "sqlite3",
        "env",
    }
)
_BINARY: Final = frozenset(
    {
        *(
            "7z",
            "a",
            "bin",
            "bz2",
            "dmg",
            "gz",
            "iso",
            "jar",
            "lz4",
            "rar",
            "tar",
            "tgz",
            "whl",
            "xz",
            "zip",
            "zst",
        ),
        *(
            "avi",
            "avif",
            "bmp",
            "flac",
            "gif",
            "heic",
            "ico",
            "jpg",
            "jpeg",
            "m4a",
            "mkv",
            "mov",
            "mp3",
            "mp4",
            "mpeg",
            "ogg",
            "png",
            "psd",
            "tif",
            "tiff",
            "wav",
            "webm",
            "webp",
        ),
        *("class", "dll", "dylib", "exe", "lib", "o", "obj", "pyc", "pyd", "pyo", "so", "wasm"),
        *("doc", "docx", "eot", "odt", "otf", "pdf", "ppt", "pptx", "ttf", "woff", "woff2", "xls", "xlsx"),
        *(
            "db",
            "gguf",
            "npy",
            "npz",
            "onnx",
            "parquet",
            "pickle",
            "pkl",
            "pt",
            "safetensors",
            "sqlite",
            "sqlite3",
        ),
    }
)
NOTED_STARTS: Final = (
    ".",
    "_netrc",
    "id_",
    "kubeconfig",
    "credential",
    "secret",
    "cookie",
    "client_secret",
    "service_account",
    "service-account",
    *(place.partition("/")[2] for place in _SECRET_PLACES),
)
NOTED_ENDS: Final = tuple(f".{end}" for end in _BINARY | _KEYS)
"""A name that begins and ends otherwise is neither secret nor binary."""
_BYTE_ORDER: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def is_secret_folder(name: str) -> bool:
    """Whether a folder of this name holds keys."""
    return name.casefold() in _SECRET_FOLDERS


def is_secret(name: str, folder: str = "") -> bool:
    """Whether a file of this name, in a folder of that, holds keys, cookies or passwords."""
    name = name.casefold()
    stem, _, end = name.rpartition(".") if "." in name[1:] else (name, "", "")
    return (
        end in _KEYS
        or f"{folder.casefold()}/{name}" in _SECRET_PLACES
        or (name[0] == "." and name[1:] in _KEYS)
        or name in _SECRETS
        or name.startswith((".env", *_SSH))
        or (name.startswith("id_") and "." not in name)
        or (stem.removeprefix(".") in _TELLING and end in _DATA)
        or (end == "json" and stem.startswith(("client_secret", "service_account", "service-account")))
    )


def is_binary_name(name: str) -> bool:
    """Whether a file of this name is known not to be text."""
    _, dot, end = name.rpartition(".")
    return bool(dot) and end.casefold() in _BINARY


def is_binary(head: bytes) -> bool:
    """Whether a file that begins like this is no text."""
    return b"\0" in head[:HEAD_BYTES] and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def decode(raw: bytes) -> str:
    """Make text of bytes: by its byte order mark, else UTF-8; what can't be read is marked, never refused."""
    for mark, encoding in _BYTE_ORDER:
        if raw.startswith(mark):
            text = raw.decode(encoding, errors="replace")
            return text.removeprefix("\ufeff")
    return raw.decode("utf-8", errors="replace")
