from __future__ import annotations

from pathlib import Path

import pytest

from tui_delegate.tools.fences import finish, strip_fences

CODE = "import os\n\n\ndef main() -> None:\n    print(os.name)"
LONG = "\n".join(f"def f{n}() -> int:\n    return {n}\n" for n in range(6))
README = "# Title\n\nRun it:\n\n```bash\nnpm i\n```\n\nThen:\n\n```\nit says hello\n```\n\nDone."
DOCSTRING = '"""Reads rows.\n\n```\na,b\n```\n"""\n\nimport csv\n'
WORDS = '"""Doc.\n```\nsome words in here\n```\n"""\n'
PROMPT = 'PROMPT = """\nAnswer so:\n```json\n{}\n```\n"""\n'

TAKEN_OFF: list[tuple[str, str, str, str | None]] = [
    ("backticks", "a.py", f"```\n{CODE}\n```", CODE),
    ("a byte order mark before it", "a.py", f"\ufeff```python\n{CODE}\n```", CODE),
    ("a language", "a.py", f"```python\n{CODE}\n```\n", CODE),
    ("a language and more", "a.py", f'```python title="a.py" linenums=1\n{CODE}\n```', CODE),
    ("braces", "a.py", f"```{{.python .x}}\n{CODE}\n```", CODE),
    ("a space before the language", "a.py", f"``` python\n{CODE}\n```", CODE),
    ("a file name for a language", "a.py", f"```python:src/a.py\n{CODE}\n```", CODE),
    ("four", "a.py", f"````python\n{CODE}\n````", CODE),
    ("an end that is longer", "a.py", f"```python\n{CODE}\n`````", CODE),
    ("tildes", "a.py", f"~~~python\n{CODE}\n~~~", CODE),
    ("tildes with backticks inside", "a.md", "~~~\n```\nx\n```\n~~~", "```\nx\n```"),
    ("seven tildes", "a.py", f"~~~~~~~\n{CODE}\n~~~~~~~", CODE),
    ("blank lines around", "a.py", f"\n\n```python\n{CODE}\n```\n\n\n", CODE),
    ("spaces behind the fences", "a.py", f"```python   \n{CODE}\n```  ", CODE),
    ("an indented fence", "a.py", f"  ```python\n  {CODE.replace(chr(10), chr(10) + '  ')}\n  ```", None),
    ("only the fences indented", "a.py", f"   ```python\n{CODE}\n   ```", CODE),
    ("carriage returns", "a.py", "```python\r\nimport os\r\nx = 1\r\n```\r\n", "import os\r\nx = 1\r"),
    ("no end", "a.py", f"```python\n{CODE}", CODE),
    ("no beginning", "a.py", f"{CODE}\n```", CODE),
    ("an end glued to the last line", "a.py", "```python\nprint(1)```", "print(1)"),
    ("one line", "a.py", "```print(1)```", "print(1)"),
    ("one line with a language", "a.py", "```python print(1)```", "print(1)"),
    ("a sentence before", "a.py", f"Here is the file:\n\n```python\n{CODE}\n```", CODE),
    ("a sentence after", "a.py", f"```python\n{CODE}\n```\n\nThis prints the name of the system.", CODE),
    (
        "sentences and a list",
        "a.py",
        f"Sure!\n\n```python\n{CODE}\n```\n\n**Notes:**\n- It prints.\n- It ends.",
        CODE,
    ),
    ("the file's name before", "src/a.py", f"**src/a.py**\n```python\n{CODE}\n```", CODE),
    ("a heading before", "a.py", f"### `a.py`\n\n```python\n{CODE}\n```\n\n---\nLet me know!", CODE),
    ("a beginning behind a sentence", "a.py", f"Here is the file: ```python\n{CODE}\n```", CODE),
    ("a sentence before and no end", "a.py", f"Here you go:\n```python\n{CODE}", CODE),
    ("a numbered list", "a.py", "1. The file:\n   ```python\n   x = 1\n   if x:\n       y()\n   ```", None),
    ("a thought before", "a.py", f"<think>\nHm, ```x``` maybe.\n</think>\n\n```python\n{CODE}\n```", CODE),
    ("a thought and no fence", "a.py", f"<think>Hm.</think>\n\n{CODE}", CODE),
    ("a thought whose beginning was the prompt's", "a.py", f"Hm.\n</think>\n```python\n{CODE}\n```", CODE),
    ("fences in the file", "a.py", f"```python\n{PROMPT}```", PROMPT[:-1]),
    ("fences in a docstring", "a.py", f"```python\n{DOCSTRING}```", DOCSTRING[:-1]),
    ("words between fences", "a.py", f"```\n{WORDS}```", WORDS[:-1]),
    ("fences in the file and a sentence", "a.py", f"Here it is:\n```python\n{PROMPT}```\nDone.", PROMPT[:-1]),
    ("Markdown in a Markdown fence", "README.md", f"```markdown\n{README}\n```", README),
    (
        "Markdown in a bare fence",
        "README.md",
        "```\n# T\n\n```bash\nx\n```\n\nEnd.\n```",
        "# T\n\n```bash\nx\n```\n\nEnd.",
    ),
    ("Markdown in a longer fence", "README.md", f"````md\n{README}\n````", README),
    ("Markdown in tildes", "README.md", f"~~~markdown\n{README}\n~~~", README),
    ("Markdown without an end", "README.md", "```markdown\n# T\n\nText.", "# T\n\nText."),
    (
        "a Markdown fence around a bare block",
        "a.md",
        "```markdown\n# T\n\n```\nfoo bar\n```\nmore\n```",
        "# T\n\n```\nfoo bar\n```\nmore",
    ),
    ("a name without an ending", "LICENSE", "```\nMIT License\n```", "MIT License"),
    ("a Dockerfile", "Dockerfile", "Here it is:\n```dockerfile\nFROM x\n```", "FROM x"),
    ("JSON", "a.json", '```json\n{"a": "```"}\n```', '{"a": "```"}'),
    (
        "YAML",
        "a.yml",
        "Here is the workflow:\n```yaml\non: push\njobs:\n  a: b\n```",
        "on: push\njobs:\n  a: b",
    ),
    (
        "one block in the file's language",
        "a.py",
        f"Install it:\n```bash\npip install x\n```\nThe file:\n```python\n{CODE}\n```",
        CODE,
    ),
    (
        "one block that outweighs the others",
        "a.py",
        f"The file:\n```python\n{LONG}\n```\nUse it so:\n```python\nf1()\n```",
        LONG,
    ),
    (
        "an explanation full of code",
        "a.py",
        f"Here is `a.py` (Python 3.11):\n\n```python\n{CODE}\n```\n\n### Notes\n\n- `main()`: sets `x = 1`.\n"
        "- Parsing: it has none.\n\n1. **Run it**: `python a.py`\n",
        CODE,
    ),
    ("another language's sentence", "a.py", f"以下是文件：\n```python\n{CODE}\n```\n完成。", CODE),
    (
        "TOML and a sentence",
        "a.toml",
        "Here you go:\n\n```toml\n[a]\nb = 1\n```\n\nNote: b is one.",
        "[a]\nb = 1",
    ),
    ("a word", "a.py", f"Okay\n```python\n{CODE}\n```", CODE),
    ("a word and a dot", "a.py", f"Alright.\n\n```python\n{CODE}\n```\n", CODE),
    ("a number and the file's name", "src/n.py", f"1. n.py\n```python\n{CODE}\n```", CODE),
    ("a number and the file's name in bold", "n.py", f"1) **`n.py`**:\n```python\n{CODE}\n```", CODE),
    ("our own frame", "src/n.py", f'<file path="src/n.py">\n{CODE}\n</file>', CODE),
    ("our own frame with another name", "n.py", f'\n<file path="other.py">\n{CODE}\n</file>\n\n', CODE),
    ("our own frame and a fence", "n.py", f'<file path="n.py">\n```python\n{CODE}\n```\n</file>', CODE),
    ("our own frame in a fence", "n.py", f'```xml\n<file path="n.py">\n{CODE}\n</file>\n```', CODE),
    (
        "our own frame and sentences",
        "n.py",
        f'Here is the file:\n\n<file path="n.py">\n{CODE}\n</file>\n\nIt prints the name.',
        CODE,
    ),
    ("our own frame around prose", "doc/a.md", f'<file path="doc/a.md">\n{README}\n</file>', README),
    ("nothing at all inside", "a.py", "```python\n```", ""),
]

LEFT_ALONE: list[tuple[str, str]] = [
    ("a.py", CODE + "\n"),
    ("a.py", DOCSTRING),
    ("a.py", PROMPT),
    ("a.py", "x = 1  \n\n\n"),
    ("a.py", ""),
    ("a.py", "\n\n"),
    ("a.py", "```"),
    ("a.js", "const a = `x`;\nconst b = ```;\n"),
    ("a.js", "/**\n * ```js\n * f()\n * ```\n */\nfunction f() {}\n"),
    ("a.rs", "/// ```\n/// f();\n/// ```\nfn f() {}\n"),
    ("a.sh", "cat <<'EOF'\n```\nx\n```\nEOF\n"),
    ("a.yml", "description: |\n  ```bash\n  x\n  ```\nname: y\n"),
    ("a.yml", "on: push\njobs:\n```\nx\n```\n- a\n"),
    ("a.toml", "note = 1\n```\nx\n```\n"),
    ("a.sh", "if true; then\n```\nx\n```\nfi\ndone\n"),
    ("a.py", "def f(x):\n```\nx\n```\n"),
    ("a.py", "else:\n```\nx\n```\n"),
    ("a.py", "x = '''```python\\ny\\n```"),
    ("a.sql", "SELECT 1\n```\nx\n```\n"),
    ("README.md", README),
    ("README.md", "```bash\nnpm i\n```\n\nThen run it:\n\n```bash\nnpm test\n```\n"),
    ("README.md", "```bash\nnpm i\n```\n\nThen it says:\n\n```\nhello you\n```\n"),
    ("README.md", "Look:\n\n```python\nx\n```\n\nDone.\n"),
    ("README.md", "Look:\n\n```markdown\n# T\n```\n"),
    ("README.md", "```markdown\n# A\n```\n\nor\n\n```markdown\n# B\n```\n"),
    ("README", "Look:\n\n```\nx\n```\n"),
    ("notes.txt", "Look:\n\n```\nx\n```\n"),
    ("README.md", "```bash\nnpm i"),
    ("README.md", "text\n```"),
    ("a.py", "```python\na = 1\n```\n\nand\n\n```python\nb = 2\n```"),
    ("a.py", "```python\na = 1\n```\n\nThen look at this one\n\n```\nb = 2\n```"),
    ("a.xml", '<file path="a.xml">\n<x/>\n</file>\n'),
    ("a.html", '<file path="a.html">\n<p>x</p>\n</file>\n'),
    ("a.md", '<file path="sample">\ntext\n</file>\n'),
    ("a.py", '<file path="a.py">\nx = 1\n</file>\n\n<file path="b.py">\ny = 1\n</file>\n'),
    ("a.py", 'x = """\n<file path="a.py">\n</file>\n"""\n'),
    ("a.xml", "<think>a</think>"),
    ("a.html", "<p></think></p>\n"),
    ("a.py", "# a ``` in a line\nx = '~~~'\n"),
    ("a.diff", "+```\n+x\n+```\n"),
    ("review.prompt", "Read this file closely.\n\n```python\nx = 1\n```\n\nSay what is wrong with it.\n"),
    ("a.feature", "Feature: It works\n\n  Given a text\n  ```\n  x\n  ```\n"),
    ("", "Here it is:\n```python\nx\n```\n"),
]


@pytest.mark.parametrize(
    ("name", "text", "file"), [row[1:] for row in TAKEN_OFF], ids=[row[0] for row in TAKEN_OFF]
)
def test_what_models_put_around_a_file_is_taken_off(name: str, text: str, file: str | None) -> None:
    stripped = strip_fences(text, name)
    assert stripped.what
    if file is None:
        assert "`" not in stripped.text
        compile(stripped.text, name, "exec")
    else:
        assert stripped.text == file


@pytest.mark.parametrize(("name", "text"), LEFT_ALONE)
def test_harmless_text_comes_out_letter_for_letter(name: str, text: str) -> None:
    assert strip_fences(text, name).text == text


def test_the_files_of_this_house_come_through_unharmed_and_out_of_a_fence_unchanged() -> None:
    root = Path(__file__).parent.parent.parent
    paths = [path for ending in ("py", "md", "toml") for path in root.glob(f"[a-zA-Z]*/**/*.{ending}")]
    assert len(paths) > 100
    for path in [*paths, *root.glob("*.md")]:
        text = path.read_text(encoding="utf-8")
        assert strip_fences(text, path.name).text == text, path
        language = {".py": "python", ".md": "markdown"}.get(path.suffix, "toml")
        wrapped = f"```{language}\n{text.rstrip()}\n```\n"
        assert strip_fences(wrapped, path.name).text == text.rstrip(), path


def test_several_blocks_are_left_and_said() -> None:
    assert strip_fences("```python\na = 1\n```\n\nand\n\n```python\nb = 2\n```", "a.py").what == "several"
    framed = '<file path="a.py">\nx = 1\n</file>'
    assert strip_fences(f"{framed}\n\n{framed}", "a.py").what == "several"


def test_what_the_seed_strips_is_stripped_too() -> None:
    for text in ("```python\nx\n```", "```\nx\n```\n", " \n```json\n{}\n```  "):
        assert strip_fences(text).text == "\n".join(text.strip().splitlines()[1:-1])


def test_a_file_ends_with_one_line_end() -> None:
    rows = [("a", "a\n"), ("a\n\n \n", "a\n"), ("a\r\nb\r\n\r\n", "a\r\nb\r\n"), ("a\r\nb\nc", "a\r\nb\nc\n")]
    assert [finish(text) for text, _ in rows] == [ended for _, ended in rows]
    assert [finish(text) for text in ("", "\n", " \r\n ")] == ["", "", ""]


def test_a_long_answer_is_read_in_one_go() -> None:
    strip_fences("`" * 200_000, "a.py")
    strip_fences("```\n" * 50_000, "a.py")
    strip_fences("<think>" * 50_000, "a.py")
    strip_fences('<file path="a">\n' * 50_000, "a.py")
    strip_fences("word " * 100_000 + "\n```\nx\n```", "a.py")
    strip_fences("a" * 300_000 + "\n```\nx\n```", "a.py")
