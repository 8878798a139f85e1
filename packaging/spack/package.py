# The recipe of nodespan for Spack: `spack repo create`, then this file as packages/nodespan/package.py there.
# `url` and the checksum of a version are set by whoever has published one.

from spack.package import *


class Nodespan(CMakePackage):
    """Distributed arrays on MPI-3 shared windows: the ranks of a node share each array's part as plain memory."""

    homepage = "https://nodespan.invalid"
    url = "https://nodespan.invalid/nodespan-0.1.0.tar.gz"

    license("BSD-3-Clause")

    version("0.1.0")

    variant("hdf5", default=True, description="The component hdf5: datasets and checkpoints")
    variant("boost_mpi", default=False, description="The component boost_mpi: communicators of Boost.MPI")
    variant("apps", default=True, description="The programs")
    variant("python", default=False, description="The Python package")
    variant("shared", default=True, description="A shared library")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi@3:")
    depends_on("boost@1.74:")
    depends_on("fmt")
    depends_on("hwloc@2:")
    depends_on("nlohmann-json", type="build")
    depends_on("xxhash", type="build")
    depends_on("hdf5+mpi", when="+hdf5")
    depends_on("boost@1.74:+mpi", when="+boost_mpi")
    depends_on("cli11", when="+apps")
    depends_on("python@3.9:", type=("build", "link", "run"), when="+python")
    depends_on("py-pybind11@2.9:", type="build", when="+python")
    depends_on("py-numpy", type=("build", "run"), when="+python")
    depends_on("py-mpi4py", type="run", when="+python")
    extends("python", when="+python")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("NODESPAN_WITH_HDF5", "hdf5"),
            self.define_from_variant("NODESPAN_WITH_BOOST_MPI", "boost_mpi"),
            self.define_from_variant("NODESPAN_BUILD_APPS", "apps"),
            self.define_from_variant("NODESPAN_WITH_PYTHON", "python"),
            self.define("NODESPAN_BUILD_BENCH", False),
            self.define("NODESPAN_BUILD_TESTS", False),
        ]
