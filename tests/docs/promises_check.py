"""Each promise of the headers and of docs/design.md has a test that would fail if it were broken.

    promises_check.py SOURCE_TREE

A promise is a sentence with "never", "nobody" or "always" in it. docs/promises.md lists them: a table whose first column
quotes the words, and whose second names the tests. A promise that is not listed, a line whose words nobody writes any
more, and a test that does not exist are errors.
"""

import pathlib
import re
import sys

WORD = re.compile(r"\b(never|nobody|always)\b", re.IGNORECASE)
# Words of others: what Linux calls its settings.
EXCLUDED = "huge pages: never, always, advise"

CODE = re.compile(r"\bnobody\b\s*(=|\)|:|;|,\s*accumulate)|!= nobody")  # a name in a program, and no promise


def plain(text):
    """The text without comment signs and markup, in one line."""
    text = re.sub(r"^\s*(///<?|//|\*|-)\s?", " ", text, flags=re.MULTILINE)
    text = re.sub(r"///<", " ", text)
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", text)).strip()


def rows(page):
    """The lines of the table: what is promised, and the tests behind it."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if len(cells) >= 4 and cells[1] and not set(cells[1]) <= set("-: ") and cells[1] != "promise":
            yield plain(cells[1]), re.findall(r"`([^`]+)`", cells[2])


def named_tests(root):
    """Suite.Name of each GoogleTest, and the text of what registers the other tests."""
    suites, scripts = set(), ""
    for file in sorted((root / "tests").rglob("*")):
        if file.suffix in (".cpp", ".c", ".hpp"):
            for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", file.read_text()):
                suites.add(f"{suite}.{name}")
        elif file.name == "CMakeLists.txt":
            scripts += file.read_text()
    return suites, scripts


def main():
    root = pathlib.Path(sys.argv[1])
    promises = list(rows((root / "docs/promises.md").read_text()))
    suites, scripts = named_tests(root)
    problems, seen = [], set()

    for file in [*sorted((root / "include").rglob("*.h*")), root / "docs/design.md"]:
        text = plain(file.read_text())
        kept = []
        for promise in [promise for promise, _ in promises] + [EXCLUDED]:
            for match in re.finditer(re.escape(promise), text):
                kept.append(match.span())
                seen.add(promise)
        for word in WORD.finditer(text):
            if CODE.match(text, word.start()) or text[max(0, word.start() - 3):word.start()] == "!= ":
                continue
            if not any(start <= word.start() and word.end() <= end for start, end in kept):
                around = text[max(0, word.start() - 60):word.end() + 60]
                problems.append(f"{file.relative_to(root)}: no test is named for: ...{around}...")

    for promise, tests in promises:
        if promise not in seen:
            problems.append(f"docs/promises.md: nobody promises: {promise}")
        if not tests:
            problems.append(f"docs/promises.md: no test is named for: {promise}")
        for test in tests:
            if test not in suites and test not in scripts:
                problems.append(f"docs/promises.md: no test is called {test}")

    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
