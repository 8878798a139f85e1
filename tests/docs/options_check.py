"""docs/options.md has every field of every struct of options, in order, with type and default.

Called with the folder of the sources. Reads `struct x_options { ... }` of the public headers, C's as well, and
the arguments with defaults of the constructors listed below, and compares them with the table under `## x_options`.
"""
import re
import sys
from pathlib import Path

CONSTRUCTORS = {"queue": "queue.hpp"}  # classes whose options are arguments


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


def normalised(text):
    return re.sub(r"\s+", " ", text).strip()


def fields_of(body, default_of_all):
    found = []
    for statement in body.split(";"):
        match = re.fullmatch(r"(.*?)\s*(\w+)\s*(?:=\s*(.*))?", normalised(statement))
        if match and match.group(1):
            found.append((match.group(2), match.group(1), match.group(3) or default_of_all))
    return found


def in_headers(include):
    structs = {}
    for header in sorted(include.rglob("*.h*")):
        text = without_comments(header.read_text())
        for name, body in re.findall(r"struct (\w+_options)\s*\{(.*?)\n\}", text, flags=re.S):
            # In C the macro of the header sets all to 0.
            structs[name] = fields_of(body, "0" if header.suffix == ".h" else None)
    for name, header in CONSTRUCTORS.items():
        text = normalised(without_comments((include / header).read_text()))
        arguments = re.search(rf"explicit {name}\(([^()]*)\)", text).group(1).split(",")
        structs[name] = [field for a in arguments if "=" in a for field in fields_of(a, None)]
    return structs


def in_page(text):
    tables = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        name = section.split("\n", 1)[0].strip()
        rows = [line.strip("|").split("|") for line in section.split("\n") if line.startswith("| `")]
        tables[name] = [tuple(cell.strip().strip("`") for cell in row[:3]) for row in rows]
        for row in rows:
            if len(row) != 4 or not row[3].strip():
                sys.exit(f"options.md, {name}: a row says nothing of {row[0]}")
    return tables


def main():
    root = Path(sys.argv[1])
    headers = in_headers(root / "include" / "nodespan")
    page = in_page((root / "docs" / "options.md").read_text())
    if len(headers) < 10:
        sys.exit(f"found only {sorted(headers)}: does this test still read the headers?")
    wrong = [f"{name}: only in the {'headers' if name in headers else 'page'}"
             for name in sorted(headers.keys() ^ page.keys())]
    for name in sorted(headers.keys() & page.keys()):
        if headers[name] != page[name]:
            wrong.append(f"{name}\n  headers: {headers[name]}\n  page:    {page[name]}")
    if wrong:
        sys.exit("docs/options.md and the headers differ:\n" + "\n".join(wrong))


main()
