#!/usr/bin/env python3
"""cures_check.py SOURCE_TREE: what nodespan-info --check says helps stands in docs/troubleshooting.md, word for word."""

import pathlib
import re
import sys

tree = pathlib.Path(sys.argv[1])
page = (tree / "docs/troubleshooting.md").read_text().replace("`", "")
source = (tree / "apps/info/cures.hpp").read_text()
cures = ["".join(re.findall(r'"([^"\n]*)"', body)) for body in re.findall(r"const char\* \w+\s*=((?:\s*\"[^\"\n]*\")+);", source)]
missing = [cure for cure in cures if cure not in page]
if len(cures) < 10 or missing:
    sys.exit(f"{len(cures)} cures found; not on the page:\n" + "\n".join(missing))
