"""What is not handed on unless it is named exactly: secrets, binaries, and folders full of neither's worth.

Judged by name, and by the first bytes. Ignore files are `ignore`'s.
"""

from __future__ import annotations

import re
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
_SECRET_FOLDERS: Final = frozenset(
    {".ssh", ".gnupg", ".aws", ".azure", ".kube", ".password-store", "keychains"}
)

_SECRET = re.compile(
    r"""
    \.env.*
    | .*\.(?:pem|key|p12|pfx|p8|jks|keystore|kdbx?|ppk|gpg|keychain|keychain-db|ovpn|mobileprovision)
    | id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?:[._-].*)? | id_[a-z0-9_-]+
    | [._]netrc | \.npmrc | \.yarnrc\.yml | \.pypirc | \.pgpass | \.my\.cnf | \.htpasswd | \.dockercfg
    | \.git-credentials | \.vault-token | \.terraformrc | kubeconfig
    | \.?(?:credentials?|secrets?|cookies?)(?:\.(?:json|toml|ya?ml|ini|cfg|conf|csv|txt|xml|db|sqlite3?|env))?
    | cookies?\.sqlite-(?:wal|shm) | (?:client_secret|service[-_]account).*\.json
    """,
    re.VERBOSE,
)
_BINARY = re.compile(
    r"""
    .*\.(?:7z|a|bin|bz2|dmg|gz|iso|jar|lz4|rar|tar|tgz|whl|xz|zip|zst
    | avi|avif|bmp|flac|gif|heic|ico|jpe?g|m4a|mkv|mov|mp[34]|mpeg|ogg|png|psd|tiff?|wav|web[mp]
    | class|dll|dylib|exe|lib|o|obj|py[cdo]|so|wasm
    | docx?|eot|odt|otf|pdf|pptx?|ttf|woff2?|xlsx?
    | db|gguf|np[yz]|onnx|parquet|pickle|pkl|pt|safetensors|sqlite3?)
    """,
    re.VERBOSE,
)
_BYTE_ORDER: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def is_junk(name: str) -> bool:
    """Whether a folder of this name holds nothing that a person wrote."""
    return name in JUNK


def is_secret_folder(name: str) -> bool:
    """Whether a folder of this name holds keys."""
    return name.casefold() in _SECRET_FOLDERS


def is_secret(name: str) -> bool:
    """Whether a file of this name holds keys, cookies or passwords."""
    return _SECRET.fullmatch(name.casefold()) is not None


def is_binary_name(name: str) -> bool:
    """Whether a file of this name is known not to be text."""
    return _BINARY.fullmatch(name.casefold()) is not None


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
