"""The compiled part of the Python package, built by CMake as everything else is."""

import os
import pathlib
import re
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path("build") / "pip"


class BuildByCMake(build_ext):
    """Configures and builds the one target of the module."""

    def build_extension(self, extension):
        module = pathlib.Path(self.get_ext_fullpath(extension.name)).resolve()
        folder = pathlib.Path(self.build_temp).resolve()
        subprocess.run(["cmake", "-S", str(HERE), "-B", str(folder), "-DCMAKE_BUILD_TYPE=Release",
                        "-DNODESPAN_BUILD_APPS=OFF", "-DNODESPAN_BUILD_TESTS=OFF",
                        "-DBUILD_SHARED_LIBS=OFF", f"-DPython_EXECUTABLE={sys.executable}",
                        f"-DNODESPAN_WITH_HDF5={os.environ.get('NODESPAN_WITH_HDF5', 'ON')}"], check=True)
        subprocess.run(["cmake", "--build", str(folder), "--target", "nodespan_python", "--parallel"],
                       check=True)
        module.parent.mkdir(parents=True, exist_ok=True)
        self.copy_file(str(next((folder / "python" / "nodespan").glob("_core.*"))), str(module))


(HERE / BUILD).mkdir(parents=True, exist_ok=True)
setup(
    version=re.search(r"VERSION ([\d.]+) LANGUAGES", (HERE / "CMakeLists.txt").read_text()).group(1),
    ext_modules=[Extension("nodespan._core", [])],
    cmdclass={"build_ext": BuildByCMake},
    options={"build": {"build_base": str(BUILD)}, "egg_info": {"egg_base": str(BUILD)}},
)
