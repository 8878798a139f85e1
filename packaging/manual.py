"""Makes a program's man page and its completion in bash from what it says with --help.

    manual.py PROGRAM MAN_PAGE COMPLETION

A program that cannot start here, as where MPI works in jobs only, has neither: a warning, and no error.
"""

import os
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"  (-\S.*)")
HEADING = re.compile(r"([A-Za-z][A-Za-z ]*):$")
# As root, and where mpirun has bound this process, MPI wants to be told.
CONSENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def said_by(program, *arguments):
    done = subprocess.run([program, *arguments], env={**os.environ, **CONSENT}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    if done.returncode != 0 or not done.stdout.strip():
        raise RuntimeError(f"{program.name} {' '.join(arguments)} ends with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Help:
    """A help text in its parts: what it is, its usage, and sections of entries or lines."""

    def __init__(self, name, text):
        self.name, self.about, self.usage, self.sections = name, [], "", []
        section = None
        for line in text.rstrip().splitlines():
            heading = HEADING.match(line)
            if line.lower().startswith("usage:"): # our own programs', and those of Python's argparse
                self.usage = line[len("Usage:"):].strip()
            elif heading and self.usage:
                section = (heading[1].capitalize(), [])
                self.sections.append(section)
            elif line.strip() == "":
                section = section if section and section[0] == "Options" else None
            elif section and line.startswith(" "):
                section[1].append(line)
            elif self.usage and not self.sections and line.startswith(" "):
                self.usage += " " + line.strip()
            elif not self.usage or not self.sections and text.startswith("usage:"):
                if line.strip() != name:
                    self.about.append(line.strip().removeprefix(f"{name}: "))
            else: # plain sentences
                section = None
                if not self.sections or self.sections[-1][0] != "Notes":
                    self.sections.append(("Notes", []))
                self.sections[-1][1].append(line.strip())

    def options(self):
        """Each option as it is spelled in the help, with what is said of it in one line."""
        entries = []
        for title, lines in self.sections:
            for line in lines if "ption" in title else []:
                found = OPTION.match(line)
                if found:
                    spelled, _, text = found[1].partition("  ")
                    entries.append([spelled.strip(), [text.strip()] if text.strip() else []])
                elif entries:
                    entries[-1][1].append(line.strip())
        return [(spelled, " ".join(text)) for spelled, text in entries]


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"(?<=[,/=|])(?=\S)", r"\\:", text) # long lists and paths may go on in the next line
    return "\\&" + text if text.startswith((".", "'")) else text


def man_page(parts, version):
    one_line = " ".join(parts.about) or parts.name
    lines = [f'.TH {parts.name.upper()} 1 "" "nodespan {version}" "nodespan"', ".ad l", ".SH NAME",
             f"{parts.name} \\- {escaped(one_line)}", ".SH SYNOPSIS"]
    lines.append(f".B {parts.name}\n{escaped(parts.usage.removeprefix(parts.name).strip())}")
    has_options = False
    for title, section in parts.sections:
        if "ption" in title:
            if not has_options:
                lines.append(".SH OPTIONS")
                has_options = True
                for spelled, text in parts.options():
                    lines += [".TP", f".B {escaped(spelled)}", escaped(text)]
            continue
        lines.append(f".SH {title.upper()}")
        if title == "Notes":
            lines += [escaped(line) for line in section]
        else: # as it stands
            lines += [".nf", *(escaped(line[2:] if line.startswith("  ") else line) for line in section), ".fi"]
    lines += [".SH SEE ALSO", "The documents of nodespan, beside its examples, in share/doc/nodespan."]
    return "\n".join(lines) + "\n"


def completion(parts):
    words, values = [], []
    for spelled, _ in parts.options():
        names = re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", spelled.split(" Needs:")[0])
        words += [name for name in names if name.startswith("--")]
        choices = re.search(r"\{([\w,.-]+)\}", spelled)
        if names and choices:
            values.append(f'    {"|".join(names)}) COMPREPLY=($(compgen -W "{choices[1].replace(",", " ")}" -- "$word")); return ;;')
    commands = [line.split()[0] for title, section in parts.sections if title == "Subcommands" for line in section
                if re.match(r"  \S", line)]
    function = "_" + parts.name.replace("-", "_")
    return "\n".join([
        f"# Completion of {parts.name} in bash, made of its --help.",
        f"{function}() {{",
        '    local word="${COMP_WORDS[COMP_CWORD]}"',
        '    case "${COMP_WORDS[COMP_CWORD-1]}" in',
        *values,
        "    esac",
        f'    COMPREPLY=($(compgen -W "{" ".join(words + commands)}" -- "$word"))',
        "}",
        f"complete -o default -F {function} {parts.name}", ""])


def main():
    program, page, words = (pathlib.Path(argument) for argument in sys.argv[1:])
    for file in (page, words):
        file.unlink(missing_ok=True)
    try:
        parts = Help(program.name, said_by(program, "--help"))
        version = said_by(program, "--version").split()[-1]
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as reason:
        print(f"No man page of {program.name}, which does not start here: {reason}", file=sys.stderr)
        return
    for file, text in ((page, man_page(parts, version)), (words, completion(parts))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


main()
