"""docs/troubleshooting.md shows the messages of the sources: all of them, and no others.

    messages_check.py SOURCE_TREE

Fixed text is compared, piece by piece: what stands between {} in the sources, between … on the page. Tables whose first
column is headed `message` show our own messages, others what other programs print.
"""

import pathlib
import re
import sys

SHORTEST = 12  # characters of a piece that says something

# Calls whose texts people get to see: what is thrown, and what goes to standard error.
TELLERS = {"error", "malformed", "refuse", "refuse_by_system", "require", "complain", "work_on", "tell", "print", "fputs",
           "throw_mismatch"}

# Not on the page, and why.
EXCLUDED = {
    "elements differ in size": "a type that files hold has the size of the array's elements",
}

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:\\.|[^"\\\n])*")
      | (?P<character>'(?:\\.|[^'\\\n])+')
      | (?P<number>\d[\w'.]*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<other>\S)""",
    re.VERBOSE | re.DOTALL,
)


def tokens_of(source):
    """Names, texts and signs; texts that stand beside each other are one, as in C++."""
    tokens = []
    for match in TOKEN.finditer(source):
        kind, value = match.lastgroup, match.group()
        if kind in ("comment", "character", "number"):
            continue
        if kind == "text":
            value = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), value[1:-1])
            if tokens and tokens[-1][0] == "text":
                value = tokens.pop()[1] + value
        tokens.append((kind, value))
    return tokens


def pieces_of(text):
    """The fixed text between the places of a format string."""
    text = re.sub(r"(\{\{|\}\})|\{[^{}]*\}", lambda m: m.group(1)[0] if m.group(1) else "\0", text)
    return [piece.strip() for piece in text.split("\0")]


def told(tokens):
    """The texts in the arguments of calls in TELLERS."""
    for at, (kind, value) in enumerate(tokens[:-1]):
        if kind != "name" or value not in TELLERS or tokens[at + 1] != ("other", "("):
            continue
        depth = 0
        for kind, value in tokens[at + 1:]:
            depth += (kind, value) == ("other", "(")
            depth -= (kind, value) == ("other", ")")
            if depth == 0:
                break
            if kind == "text":
                yield value


def first_column(page):
    """The messages on the page: what stands between backticks in the first column of tables of messages."""
    is_ours = False
    for number, line in enumerate(page.splitlines(), 1):
        if not line.startswith("|"):
            is_ours = False
            continue
        first = re.split(r"(?<!\\)\|", line)[1].strip()
        if first == "message":
            is_ours = True
        elif is_ours and not set(first) <= set("-: "):
            for message in re.findall(r"`([^`]+)`", first):
                yield number, message.replace("\\|", "|")


def main():
    root = pathlib.Path(sys.argv[1])
    page = (root / "docs/troubleshooting.md").read_text()
    shown = page.replace("\\|", "|")

    written = {}  # all fixed text, and who has it
    missing = []
    for folder in ("src", "include", "apps"):
        for file in sorted((root / folder).rglob("*.[ch]pp")):
            tokens = tokens_of(file.read_text())
            for kind, value in tokens:
                if kind == "text":
                    for piece in pieces_of(value):
                        written.setdefault(piece, file.name)
            if folder == "apps":  # programs' own messages may be on the page, but need not
                continue
            for text in told(tokens):
                longest = max(pieces_of(text), key=len)
                if len(longest) >= SHORTEST and longest not in shown and longest not in EXCLUDED:
                    missing.append(f"{file.name}: not on the page: {text}")

    everything = "\n".join(written)
    for number, message in first_column(page):
        for piece in message.split("…"):
            piece = piece.strip(" :;,()[]{}")
            if re.search(r"\w{2}", piece) and piece not in everything:
                missing.append(f"troubleshooting.md:{number}: not in the sources: {piece}")

    for line in dict.fromkeys(missing):
        print(line)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
