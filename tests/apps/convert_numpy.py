"""NumPy reads what nodespan-convert writes, and the other way round.

Usage: convert_numpy.py LAUNCH PROGRAM FOLDER. Ends with 77 (skipped) where NumPy is missing.
"""

import os
import subprocess
import sys

try:
    import numpy as np
except ImportError:
    print("skipped: NumPy is not installed (Debian: python3-numpy)")
    sys.exit(77)

LAUNCH, PROGRAM, FOLDER = sys.argv[1:4]
TYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"]


def path(name):
    return os.path.join(FOLDER, name)


def convert(ranks, *arguments, nodes_of=0, fails=False):
    done = subprocess.run(
        [LAUNCH, "-n", str(ranks), "--timeout", "60", PROGRAM, "--force", *arguments],
        capture_output=True, text=True,
        env={**os.environ, "NODESPAN_RANKS_PER_NODE": str(nodes_of)})
    if fails != (done.returncode != 0):
        sys.exit(f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stderr if fails else done.stdout


def expect_equal(got, wanted, what):
    if got.dtype != wanted.dtype.newbyteorder("=") and got.dtype.newbyteorder("=") != \
            wanted.dtype.newbyteorder("="):
        sys.exit(f"{what}: {got.dtype}, not {wanted.dtype}")
    if got.shape != wanted.shape or not np.array_equal(got, wanted):
        sys.exit(f"{what}: other elements")


def sample(dtype, shape):
    size = int(np.prod(shape))
    values = (np.arange(size) * 7 + 1) % 251
    if np.dtype(dtype).kind == "c":
        values = values + 1j * values[::-1]
    if np.dtype(dtype).kind == "b":
        values = values % 3 == 0
    return values.astype(dtype).reshape(shape)


def check_npy():
    count = 0
    for code in TYPES:
        for shape, ranks, nodes_of in [((7, 5), 2, 0), ((3, 2, 4), 4, 2), ((2,), 3, 1)]:
            for order in "CF":
                wanted = np.asarray(sample(("<", ">")[count % 2] + code, shape), order=order)
                version = [(1, 0), (2, 0), (3, 0)][count % 3]
                with open(path("in.npy"), "wb") as file:
                    np.lib.format.write_array(file, wanted, version)
                options = [[], ["--column-major"], ["--big-endian"],
                           ["--big-endian", "--column-major"]][count % 4]
                convert(ranks, path("in.npy"), path("out.npy"), *options, nodes_of=nodes_of)
                got = np.load(path("out.npy"))
                expect_equal(got, wanted, f"{wanted.dtype} {shape} {order} {options}")
                if "--column-major" in options and len(shape) > 1 and not got.flags.f_contiguous:
                    sys.exit("--column-major wrote row-major")
                count += 1
    print(f"{count} arrays of NumPy came back")


def check_shapes():
    for shape in [(0,), (0, 3), (4, 0, 2), (1,), (1, 1, 1, 1, 1, 2)]:
        wanted = sample("f8", shape)
        np.save(path("in.npy"), wanted)
        convert(2, path("in.npy"), path("out.npy"))
        expect_equal(np.load(path("out.npy")), wanted, str(shape))


def check_hdf5():
    for code in ["i2", "u8", "f4", "c16"]:
        wanted = sample("<" + code, (5, 6, 2))
        np.save(path("in.npy"), wanted)
        if "without HDF5" in convert(1, "info", path("none.h5"), fails=True):
            return
        convert(3, path("in.npy"), path("out.h5:/run/7/data"))
        convert(2, path("out.h5:/run/7/data"), path("out.npy"))
        expect_equal(np.load(path("out.npy")), wanted, code)


def check_csv():
    wanted = np.random.default_rng(1).normal(size=(301, 4)) * 10.0 ** np.arange(-200, 200, 100)
    np.savetxt(path("in.csv"), wanted, delimiter=";", header="a;b;c;d", fmt="%.17g")
    convert(3, path("in.csv"), path("out.npy"))
    expect_equal(np.load(path("out.npy")), wanted, "savetxt")
    np.savetxt(path("in.txt"), wanted, fmt="%.17e")
    convert(2, path("in.txt"), path("out.npy"))
    expect_equal(np.load(path("out.npy")), wanted, "savetxt with blanks")
    convert(4, path("out.npy"), path("out.csv"), "--names", "a,b,c,d")
    expect_equal(np.genfromtxt(path("out.csv"), delimiter=",", skip_header=1), wanted, "genfromtxt")
    convert(4, path("out.npy"), path("out.tsv"))
    expect_equal(np.loadtxt(path("out.tsv")), wanted, "loadtxt")


def check_raw():
    wanted = sample(">i4", (5, 7))
    np.asarray(wanted, order="C").tofile(path("in.raw"))
    convert(3, path("in.raw"), path("out.npy"), "--type", "int32", "--shape", "5x7", "--big-endian")
    expect_equal(np.load(path("out.npy")), wanted, "tofile")
    convert(2, path("out.npy"), path("out.bin"), "--offset", "3")
    expect_equal(np.fromfile(path("out.bin"), "<i4", offset=3).reshape(5, 7), wanted, "fromfile")


def check_refusals():
    for array, words in [(np.zeros(3, "f2"), "float16"),
                         (np.zeros(3, [("x", "f8"), ("y", "i4")]), "structured"),
                         (np.array([{}, []], object), "Python objects"),
                         (np.array(["a", "b"]), "<U1"),
                         (np.array(["2001-01-01"], "M8[s]"), "M8[s]"),
                         (np.array(3.0), "0 dimensions")]:
        np.save(path("bad.npy"), array, allow_pickle=True)
        told = convert(2, path("bad.npy"), path("out.npy"), fails=True)
        if words not in told or told.count("bad.npy") != 1:
            sys.exit(f"{array.dtype}: {told}")


os.makedirs(FOLDER, exist_ok=True)
check_npy()
check_shapes()
check_hdf5()
check_csv()
check_raw()
check_refusals()
print("good")
