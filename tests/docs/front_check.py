"""The README shows what was measured, in the order that a first look needs, and links of all documents lead somewhere.

    front_check.py SOURCE_TREE
"""

import pathlib
import re
import sys

# What the README has, in this order: how each part begins.
ORDER = ["# nodespan", "**Distributed arrays", "nodespan-bench`", "![Two nodes", "```cpp", "```sh\n./run demo", "## Why not",
         "## The one rule", "## The calls", "## Where to read on", "## Platforms, status, licence"]


def anchors(text):
    """The names that GitHub gives to headings."""
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def main():
    root = pathlib.Path(sys.argv[1])
    readme = (root / "README.md").read_text()
    problems = []

    places = [readme.find(part) for part in ORDER]
    problems += [f"README.md has no {part!r}" for part, place in zip(ORDER, places) if place < 0]
    if sorted(places) != places:
        problems.append(f"README.md has its parts in another order than {ORDER}")

    # The three numbers are those of the table that was measured.
    measured = (root / "docs/performance.md").read_text()
    numbers = re.findall(r"\*\*(\d+\.\d+ to \d+\.\d+)\*\*", readme[:readme.find("![Two nodes")])
    if len(numbers) != 3:
        problems.append(f"README.md begins with {len(numbers)} numbers instead of 3")
    problems += [f"README.md: {number} is not in docs/performance.md" for number in numbers if number not in measured]

    pages = [*root.glob("*.md"), *(root / "docs").glob("*.md"), root / "slurm" / "README.md"]
    count = 0
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in link:
                continue
            count += 1
            name, _, anchor = link.partition("#")
            target = (page.parent / name) if name else page
            if not target.exists():
                problems.append(f"{page.relative_to(root)}: there is no {link}")
            elif anchor and target.suffix == ".md" and anchor not in set(anchors(target.read_text())):
                problems.append(f"{page.relative_to(root)}: there is no heading for {link}")
    if count < 50:
        problems.append(f"only {count} links were found: does this test still read the documents?")

    # Every document can be found from the README.
    for page in sorted((root / "docs").glob("*.md")):
        if page.name != "api.md" and f"docs/{page.name}" not in readme:
            problems.append(f"README.md does not lead to docs/{page.name}")
    if problems:
        sys.exit("\n".join(problems))


main()
