"""Every command line of every document is run as it stands there, from the top of a checkout.

    commands_check.py SOURCE_TREE PROGRAMS LAUNCH SCRATCH

Commands are the lines of ```sh blocks, the lines that begin with "$ " in blocks without a language, and what stands
between backticks and looks like a whole command. Each page has a scratch folder that looks like a checkout with its
build/bin, and its commands run there in their order. Their mpirun is LAUNCH, which starts ranks as root and on few cores
too, whichever MPI this is. What follows a "$ " line is the output that is expected.

What cannot run here is listed below with its reason; programs and options of such commands must exist all the same. An
entry that no document needs any more is an error.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

# (page, pattern of the whole command, why it is not run)
NOT_RUN = [
    (".*", r"\./run .*", "each waits for the ./run that started this test, and most build or measure for minutes"),
    (".*", r".*mpirun .*nodespan-bench.*", "measures for minutes; the programs' own tests run each case"),
    (".*", r".*with_hosts\.sh .*", "makes network namespaces; the tests of hosts run it"),
    (".*", r"sbatch .*", "needs a Slurm; the tests of batch jobs run the scripts"),
    (".*", r"mpirun .*--host .*", "needs other hosts"),
    (".*", r"ctest --test-dir build .*", "a test that runs tests waits for itself"),
    ("docs/ensemble.md", r"mpirun -n 4 build/bin/nodespan-ensemble", "takes a minute; ./run demo is the same"),
    ("docs/from_python.md", r"mpirun .*nodespan-threads", "measures how threads wake, for minutes on a busy machine"),
    ("docs/(embedding|c_and_fortran).md", r"(cmake .*|export PKG_CONFIG_PATH.*|mpi(cc|cxx|fort) .*)",
     "the tests of consumers run these lines, which docs.shown_commands compares"),
    ("docs/races.md", r"(cmake .*|.*mpirun .*program(\.py)?|mpi(cc|cxx|fort) .*)", "a program of one's own; a test of consumers builds one like this"),
    (".*", r"cmake( -D\S+)+", "options, and no command by themselves"),
    ("CONTRIBUTING.md", r"cmake --(preset|build) .*", "builds; ./run does the same"),
]
# Commands that fail the second time, which the page says: (page, command, exit code)
FAILS = [("docs/tutorial.md", "mpirun -n 2 build/bin/tutorial_saved_rod 4000", 1)]
# Pages with measured figures: numbers of the output are not compared.
MEASURED = {"docs/from_python.md", "docs/checkpoints.md"}
# What a page takes for granted.
PREPARE = {
    "docs/files.md": [
        "truncate -s 480000 t.raw",
        "build/bin/nodespan-convert --quiet t.raw results.h5:/run/7/temperature --type float64 --shape 300x200",
        "printf 'time,height\\n0,1.5\\n1,2.5\\n' > heights.csv",
        "truncate -s 15728640 scan.raw"],
    "docs/report.md": ["NODESPAN_REPORT=report.json mpirun -n 2 build/bin/example_transfers"],
}

# Between backticks stand parts of commands as well: whole ones name a program, or go to ./run and its like.
WHOLE = re.compile(r"(?:[A-Z_]+=\S+ )*(?:mpirun .*(?:build/bin/|nodespan-|example_|tutorial_).*|mpirun --version"
                   r"|(?:sbatch|ctest|cmake|\./run|build/bin/\S+|tests/\S+\.sh) .+)")


class Command:
    def __init__(self, page, text):
        self.page, self.text, self.expected = page, text, []


def commands_of(page, text):
    """The page's commands, in their order."""
    found, language, inside = [], None, False
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line.startswith("```"):
            inside = not inside
            language = line[3:].strip() if inside else None
            is_script = False
            command = None
        elif inside and language == "sh":
            is_script = is_script or line.startswith("#!")
            line = re.sub(r"(^|\s+)#.*$", "", line)
            if line.strip() and not is_script:
                found.append(Command(page, line.strip()))
        elif inside and language == "":
            if line.startswith("$ "):
                command = Command(page, line[2:].strip())
                found.append(command)
            elif command:
                command.expected.append(line.rstrip())
        elif not inside:
            for code in re.findall(r"`([^`]+)`", line):
                if WHOLE.fullmatch(code) and "..." not in code and "…" not in code:
                    found.append(Command(page, code))
    return found


def why_not_run(command, used):
    if command.text.startswith("jq ") and not shutil.which("jq"):
        return "there is no jq here"
    for entry in NOT_RUN:
        if re.fullmatch(entry[0], command.page) and re.fullmatch(entry[1], command.text):
            used.add(entry)
            return entry[2]
    return None


def problem_of_not_run(command, root, programs):
    """Programs, scripts and options that it names must exist."""
    words = command.text.split()
    if words[0] == "./run":
        if f"./run {words[1]}" not in (root / "run").read_text():
            return f"./run has no {words[1]}"
    for i, word in enumerate(words):
        if word.startswith("build/bin/"):
            program = programs / pathlib.PurePath(word).name
            if not program.exists():
                return f"there is no {word}"
            for option in (w for w in words[i + 1:] if w.startswith("--")):
                text = subprocess.run([program, "--help"], capture_output=True, text=True).stdout
                if option.split("=")[0] not in text:
                    return f"{word} has no {option}"
        elif re.match(r"(slurm|tests)/", word) and not (root / word).exists():
            return f"there is no {word}"
    return None


def fits(expected, output, is_measured):
    """Whether the lines are the expected ones, in any order; "..." stands for any more."""
    def plain(line):
        line = re.sub(r"\s+", " ", line.strip())
        return re.sub(r"\b[0-9a-f]{16}\b|\d+(\.\d+)?|\bnan\b", "#", line) if is_measured else line
    wanted = [plain(line) for line in expected if line.strip()]
    got = [plain(line) for line in output.replace("\0", "").splitlines() if line.strip()]
    if is_measured:  # tables may have more or fewer blanks and signs between their numbers
        wanted, got = ([re.sub(r"[# ]+", "#", line) for line in lines] for lines in (wanted, got))
    if "..." in wanted:
        return all(line in got for line in wanted if "..." not in line)
    return sorted(wanted) == sorted(got)


def run_page(page, commands, root, programs, launch, scratch):
    folder = scratch / page.replace("/", "_")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "build").mkdir(parents=True)
    (folder / "build" / "bin").symlink_to(programs)
    (folder / "build" / "launch").symlink_to(launch)
    (folder / ".path").mkdir()
    (folder / ".path" / "mpirun").symlink_to(launch)
    for name in ("apps", "slurm", "tests", "run"):
        (folder / name).symlink_to(root / name)
    environment, problems = dict(os.environ), []
    environment["PATH"] = f"{folder / '.path'}:{environment['PATH']}"

    def run(text):
        script = f"{text}\nstatus=$?\nenv -0 > .environment\nexit $status"
        try:
            done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace", timeout=240)
        except subprocess.TimeoutExpired:
            return None
        saved = folder / ".environment"
        if saved.exists():
            environment.update(pair.split("=", 1) for pair in saved.read_text(errors="replace").split("\0") if "=" in pair)
        return done

    for text in PREPARE.get(page, []):
        done = run(text)
        if done is None or done.returncode != 0:
            problems.append(f"{page}: to prepare: {text}\n{done and done.stdout + done.stderr}")
    failing = list(FAILS)
    seen = set()
    for command in commands:
        start = time.monotonic()
        done = run(command.text)
        expected_code = 0
        for entry in failing:
            # The first time it has still to do; the second time it fails.
            if entry[0] == page and entry[1] == command.text and command.text in seen:
                expected_code = entry[2]
        seen.add(command.text)
        print(f"{time.monotonic() - start:5.1f} s  {page}: {command.text}", flush=True)
        if done is None:
            problems.append(f"{page}: {command.text}\nstill running after 240 s")
        elif done.returncode != expected_code:
            problems.append(f"{page}: {command.text}\nexit code {done.returncode}\n{done.stdout}{done.stderr}")
        elif command.expected and not fits(command.expected, done.stdout, page in MEASURED):
            problems.append(f"{page}: {command.text}\nshould print\n" + "\n".join(command.expected) +
                            f"\nand prints\n{done.stdout}")
    return problems


def main():
    root, programs, launch, scratch = (pathlib.Path(a).resolve() for a in sys.argv[1:5])
    only = sys.argv[5] if len(sys.argv) > 5 else None  # one page, for whoever writes it
    problems, used, count = [], set(), 0
    pages = [root / "README.md", root / "CONTRIBUTING.md", root / "slurm" / "README.md", *sorted((root / "docs").glob("*.md"))]
    for path in pages:
        page = str(path.relative_to(root))
        if only and page != only:
            continue
        commands = []
        for command in commands_of(page, path.read_text()):
            reason = why_not_run(command, used)
            if not reason:
                commands.append(command)
                continue
            problem = problem_of_not_run(command, root, programs)
            print(f"not run  {page}: {command.text}: {reason}")
            if problem:
                problems.append(f"{page}: {command.text}\n{problem}")
        count += len(commands)
        if commands:
            problems += run_page(page, commands, root, programs, launch, scratch)
    if not only:
        problems += [f"NOT_RUN: no document has {entry[1]} any more" for entry in NOT_RUN if entry not in used]
        if count < 20:
            problems.append(f"only {count} commands were found: does this test still read the documents?")
    if problems:
        sys.exit("\n\n".join(problems))
    print(f"{count} commands: good")


main()
