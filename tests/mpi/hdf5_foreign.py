"""What h5py and h5dump make of nodespan's files, and files of h5py for nodespan.

hdf5_foreign.py CASES MPIEXEC...: writes foreign.h5 into a new folder, runs MPIEXEC... CASES, which loads
it and writes own.h5, and checks that. Exit code 77 where a program is missing.
"""
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy
except ImportError:
    print("skipped: needs h5py and NumPy (Debian: python3-h5py)")
    sys.exit(77)
if shutil.which("h5dump") is None:
    print("skipped: needs h5dump (Debian: hdf5-tools)")
    sys.exit(77)

particle = numpy.dtype([("mass", "<f8"), ("id", "<i4"), ("place", "<f4", (3,))])


def particles():
    return numpy.array([(i / 4, i, (i, i + 1, i + 2)) for i in range(9)], dtype=particle)


def write_foreign(name):
    field = numpy.arange(35.0).reshape(7, 5)
    with h5py.File(name, "w", userblock_size=512) as f:
        f["plain"] = field
        f["group/big_endian"] = field.astype(">f8")
        f.create_dataset("packed", data=field, chunks=(3, 2), compression="gzip", shuffle=True,
                         fletcher32=True)
        f.create_dataset("growing", data=field, maxshape=(None, 5))
        f.create_dataset("never_written", (7, 5), "f8", fillvalue=2.5)
        f.create_dataset("compact", data=numpy.arange(4, dtype="i4"))
        f["particles"] = particles()
        f["complex"] = field[0] + 1j * field[1]
        f["plain"].attrs.update(units="K", step=7, scale=[1.5, 2.5], names=["a", "b"])
        f["plain"].attrs["fixed"] = numpy.bytes_("abc")
        f["plain"].attrs["yes"] = True
        f["text"] = "no numbers"
    with h5py.File(os.path.join(os.path.dirname(name), "latest.h5"), "w", libver="latest") as f:
        f["plain"] = field


def check_own(name):
    field = numpy.add.outer(10.0 * numpy.arange(7), numpy.arange(5))
    with h5py.File(name, "r") as f:
        plain = f["a/plain"]
        assert plain.dtype == "<f8" and (plain[...] == field).all()
        assert plain.chunks is None and plain.attrs["units"] == "K"
        assert plain.attrs["step"] == 7 and list(plain.attrs["scale"]) == [1.5, 2.5]
        assert list(plain.attrs["axes"]) == ["x", "y"]
        packed = f["packed"]
        assert packed.compression == "gzip" and packed.shuffle and packed.fletcher32
        assert packed.chunks == (3, 2) and (packed[...] == field).all()
        assert f["box"].shape == (3, 2) and (f["box"][...] == field[2:5, 1:3]).all()
        assert f["complex"].dtype == numpy.complex64 and f["complex"][4] == 4 - 4j
        assert (f["particles"][...] == particles()).all(), f["particles"].dtype
        assert f["more"].dtype == "int16" and list(f["more"]) == list(range(6))
        assert f.attrs["program"] == "nodespan"


def check_dump(name):
    text = subprocess.run(["h5dump", "-p", "-d", "/packed", name], check=True, text=True,
                          capture_output=True).stdout
    for expected in ("H5T_IEEE_F64LE", "COMPRESSION DEFLATE", "CHUNKED ( 3, 2 )", "(6,0): 60, 61"):
        assert expected in text, text
    subprocess.run(["h5dump", "-H", name], check=True, capture_output=True)


program, launcher = sys.argv[1], sys.argv[2:]
folder = tempfile.mkdtemp(prefix="nodespan_foreign_")
try:
    write_foreign(f"{folder}/foreign.h5")
    subprocess.run([*launcher, program], check=True, env=dict(os.environ, NODESPAN_TEST_FOLDER=folder))
    check_own(f"{folder}/own.h5")
    check_dump(f"{folder}/own.h5")
finally:
    shutil.rmtree(folder)
