"""What an installed nodespan brings besides its libraries: man pages, completion in bash, the module, documents, examples;
and the recipe for Spack, which is in the source tree.

    installed_check.py SOURCE_TREE PREFIX
"""

import ast
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCES, PREFIX = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
CONSENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
PROBLEMS = []


def expect(holds, problem):
    if not holds:
        PROBLEMS.append(problem)


def output(*command, text=None, environment=None):
    return subprocess.run(command, input=text, env={**os.environ, **CONSENT, **(environment or {})}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False).stdout


def long_options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text))


def check_manual(program):
    """Every option that the program tells has its place in the page, and is offered by the completion."""
    options = long_options(output(program, "--help").split("\nExamples:")[0])
    page = PREFIX / "share/man/man1" / f"{program.name}.1"
    words = PREFIX / "share/bash-completion/completions" / program.name
    expect(len(options) >= 2, f"{program.name} --help tells no options")
    for file in (page, words):
        expect(file.is_file(), f"{file} is not installed")
        if not file.is_file():
            return
    text = page.read_text()
    told = long_options(text.replace("\\-", "-").replace("\\:", "").split(".SH OPTIONS")[-1])
    expect(options <= told, f"{page.name} lacks {sorted(options - told)}")
    for section in ("NAME", "SYNOPSIS", "OPTIONS"):
        expect(f".SH {section}\n" in text, f"{page.name} has no {section}")
    if shutil.which("groff"):
        complaints = output("groff", "-man", "-ww", "-Tutf8", "-z", str(page))
        expect(complaints == "", f"{page.name}: {complaints}")
    offered = output("bash", "-c", f'. "{words}"; COMP_WORDS=({program.name} --); COMP_CWORD=1; '
                                   f"_{program.name.replace('-', '_')}; printf '%s\\n' \"${{COMPREPLY[@]}}\"").split()
    expect(options <= set(offered), f"the completion of {program.name} lacks {sorted(options - set(offered))}")


MODULE = """
proc remember {args} { puts [join $args " "] }
foreach command {prepend-path setenv conflict} { interp alias {} $command {} remember $command }
proc module-whatis {args} {}
set ModulesCurrentModulefile [lindex $argv 0]
source $ModulesCurrentModulefile
"""


def check_module():
    files = list((PREFIX / "share/modulefiles/nodespan").glob("*"))
    expect(len(files) == 1, f"{len(files)} modules of nodespan are installed")
    if not files or not shutil.which("tclsh"):
        return
    script = PREFIX.parent / "module.tcl"
    script.write_text(MODULE)
    lines = output("tclsh", str(script), str(files[0])).splitlines()
    set_paths = {words[1]: pathlib.Path(words[2]) for words in map(str.split, lines) if words[0] == "prepend-path"}
    expect({"PATH", "LD_LIBRARY_PATH", "MANPATH", "CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH"} <= set(set_paths),
           f"the module says only\n{lines}")
    for variable, folder in set_paths.items():
        expect(folder.is_dir() and PREFIX.resolve() in [folder.resolve(), *folder.resolve().parents],
               f"the module sets {variable} to {folder}")


def check_documents():
    folder = PREFIX / "share/doc/nodespan"
    for page in sorted((SOURCES / "docs").rglob("*")):
        if page.suffix in (".md", ".png", ".svg"):
            expect((folder / page.relative_to(SOURCES)).is_file(), f"{page.name} is not installed")
    expect((folder / "README.md").is_file() and (folder / "LICENSE").is_file(), "README or LICENSE is not installed")
    for example in sorted((SOURCES / "apps/examples").rglob("*.cpp")):
        expect((folder / "examples" / example.relative_to(SOURCES / "apps/examples")).is_file(),
               f"the example {example.name} is not installed")


def check_spack():
    tree = ast.parse((SOURCES / "packaging/spack/package.py").read_text())
    recipe = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    calls = [node for node in ast.walk(recipe) if isinstance(node, ast.Call)]
    of = {}
    for call in calls:
        name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        of.setdefault(name, []).append([a.value for a in call.args if isinstance(a, ast.Constant)])
    project = (SOURCES / "CMakeLists.txt").read_text()
    cmake = project + (SOURCES / "python/CMakeLists.txt").read_text()
    version = re.search(r"project\(nodespan VERSION ([\d.]+)", project)[1]
    variants = {arguments[0] for arguments in of["variant"]}
    dependencies = " ".join(arguments[0] for arguments in of["depends_on"])
    expect(recipe.name == "Nodespan", f"the recipe for Spack is of {recipe.name}")
    expect([version] in of["version"], f"the recipe for Spack lacks version {version}")
    expect(of["license"] == [["BSD-3-Clause"]] and (SOURCES / "LICENSE").read_text().startswith("BSD 3-Clause License"),
           "the recipe for Spack has another license")
    for option, *variant in of["define_from_variant"] + of["define"]:
        expect(option == "BUILD_SHARED_LIBS" or f"option({option} " in cmake, f"the recipe for Spack sets {option}")
        expect(not isinstance(variant[0], str) or variant[0] in variants, f"the recipe for Spack lacks variant {variant}")
    needed = re.findall(r"find_package\((\w+)|IMPORTED_TARGET (\w+)", (SOURCES / "cmake/nodespan_dependencies.cmake").read_text())
    spelled = {"nlohmann_json": "nlohmann-json", "PkgConfig": "pkgconfig", "Threads": ""}
    for names in needed:
        name = next(filter(None, names))
        expect(spelled.get(name, name.lower()) in dependencies, f"the recipe for Spack does not depend on {name}")


def main():
    programs = sorted((PREFIX / "bin").glob("nodespan-*"))
    expect(len(programs) >= 5, f"{len(programs)} programs are installed")
    for program in programs:
        check_manual(program)
    check_module()
    check_documents()
    check_spack()
    sys.exit("\n".join(PROBLEMS) if PROBLEMS else 0)


main()
