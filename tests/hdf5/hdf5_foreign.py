"""What h5py and h5dump make of nodespan's files, and files of h5py for nodespan.

hdf5_foreign.py CASES LAUNCH...: writes foreign.h5 into a new folder, runs LAUNCH... CASES, which loads
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

groups_too = h5py.h5p.create(h5py.h5p.LINK_CREATE)
groups_too.set_create_intermediate_group(True)
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


def made_of(file, name, type_id, extents=(3,), layout=None):
    """A dataset of elements that NumPy does not have, full of zeros."""
    space = h5py.h5s.create_simple(extents)
    data = h5py.h5d.create(file.id, name.encode(), type_id, space, dcpl=layout, lcpl=groups_too)
    data.write(h5py.h5s.ALL, h5py.h5s.ALL, numpy.zeros(8 * type_id.get_size(), "u1"), mtype=type_id)


def changed(type_id, change):
    result = type_id.copy()
    change(result)
    return result


def write_kinds(name):
    """What arrays can hold is under yes, all else under no."""
    h = h5py.h5t
    numbers = numpy.array([1, 0, 100])
    with h5py.File(name, "w") as f:
        for order in "<>":
            for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"):
                f[f"yes/{kind}{'be' if order == '>' else ''}"] = numbers.astype(order + kind)
        f["yes/bool"] = numbers.astype(bool)
        f.create_dataset("yes/enum", data=numbers.astype("u2"),
                         dtype=h5py.enum_dtype({"no": 0, "yes": 1, "much": 100}, basetype="u2"))
        f["yes/array_of_triples"] = numpy.zeros(3, dtype=[("a", "f4", (2, 3))])
        f["no/float16"] = numbers.astype("f2")
        f["no/float128"] = numbers.astype("g")
        f["no/complex256"] = numbers.astype("G")
        f["no/fixed_text"] = numpy.array([b"abc", b"d"])
        f["no/texts"] = ["a", "bc"]
        f["no/opaque"] = numpy.zeros(3, dtype="V5")
        f.create_dataset("no/lists", (2,), h5py.vlen_dtype("i4"))
        f.create_dataset("no/references", (2,), h5py.ref_dtype)
        f["no/struct_with_text"] = numpy.zeros(3, dtype=[("a", "f4"), ("name", "S4")])
        f["no/single"] = 3.5
        f["no/nothing"] = h5py.Empty("f8")
        f["no/seven_dimensions"] = numpy.zeros((1,) * 7)
        f["yes/six_dimensions"] = numpy.zeros((1, 2, 1, 2, 1, 2))
        f["yes/no_elements"] = numpy.zeros((0, 4))
        f.create_dataset("yes/no_chunks_yet", (0, 4), maxshape=(None, 4))
        f.create_dataset("yes/never_written", (3, 4), "i4", chunks=(2, 2), compression="lzf")
        f.create_dataset("yes/partly_written", (9,), "i4", chunks=(2,), compression="gzip", fillvalue=7)[3] = 5
        f.create_dataset("yes/scale_offset", data=numbers, chunks=(3,), scaleoffset=True)
        f.create_dataset("no/lzf", data=numpy.zeros(100), chunks=(10,), compression="lzf")
        made_of(f, "no/bitfield", h.STD_B16LE)
        made_of(f, "no/times", h.UNIX_D32LE)
        made_of(f, "no/int24", changed(h.STD_I32LE, lambda t: t.set_size(3)))
        made_of(f, "yes/int12_in_16", changed(h.STD_U16LE, lambda t: t.set_precision(12)))
        made_of(f, "no/bfloat16", changed(h.IEEE_F32LE, lambda t: (t.set_fields(15, 7, 8, 0, 7), t.set_size(2))))
        made_of(f, "no/wide_exponent", changed(h.IEEE_F32LE, lambda t: t.set_fields(31, 20, 11, 0, 20)))
        made_of(f, "yes/narrow_exponent", changed(h.IEEE_F32LE, lambda t: (t.set_fields(31, 25, 6, 0, 25 - 2), t.set_ebias(31))))
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        made_of(f, "yes/compact", h.STD_I32LE, layout=compact)


def write_scattered(folder):
    """Datasets whose elements lie in other files, or should."""
    with h5py.File(f"{folder}/source.h5", "w") as f:
        f["x"] = numpy.arange(10.0)
        f["whole"] = numpy.arange(10)
    numpy.arange(10.0).tofile(f"{folder}/elements.raw")
    with h5py.File(f"{folder}/scattered.h5", "w") as f:
        def virtual(name, file, dataset, length=10, kind="f8", begin=0):
            layout = h5py.VirtualLayout((length,), kind)
            source = h5py.VirtualSource(file, dataset, (length,))
            if begin == 0:
                layout[...] = source
            else:
                layout[begin:] = source[begin:]
            f.create_virtual_dataset(name, layout, fillvalue=-1)

        virtual("yes/virtual", "source.h5", "x")
        virtual("no/lost_file", "lost.h5", "x")
        virtual("no/lost_dataset", "source.h5", "y")
        virtual("no/short_source", "source.h5", "x", 11)
        virtual("no/short_part", "source.h5", "x", 11, begin=5)
        virtual("no/integers", "source.h5", "whole")
        virtual("yes/again", "scattered.h5", "yes/virtual")
        virtual("no/again", "scattered.h5", "no/lost_file")

        def external(name, file, offset, room):
            f.create_dataset(name, (10,), "f8", external=[(file, offset, room)])

        external("yes/external", f"{folder}/elements.raw", 0, 80)
        external("no/short_file", f"{folder}/elements.raw", 8, 80)
        external("no/no_file", f"{folder}/lost.raw", 0, 80)


def write_elsewhere(folder):
    """What is not in the file that was named, and what is in none."""
    with h5py.File(f"{folder}/far.h5", "w") as f:
        f["pad"] = numpy.zeros(1000)
        f["field"] = numpy.arange(35.0).reshape(7, 5)
    with h5py.File(f"{folder}/head.h5", "w") as f:
        f["own"] = numpy.full(4000, -1.0)
        f["far"] = h5py.ExternalLink("far.h5", "/field")
        f["lost"] = h5py.ExternalLink("lost.h5", "/field")
        f["soft"] = h5py.SoftLink("/far")
        f.create_dataset("never_written", (2**46, 2), "f8")
        f.create_dataset("sparse", (2**46, 2), "f8", chunks=(1000, 2))[2**45, 1] = 3
        f.create_dataset("beyond", (2**62, 2), "f8", chunks=(1000, 2))


def write_attributes(name):
    """Numbers that neither int64 nor double have."""
    with h5py.File(name, "w") as f:
        f.attrs["large"] = numpy.uint64(2**64 - 2)
        f.attrs["small"] = numpy.uint64(7)
        f.attrs["some"] = numpy.array([1, 2**63], dtype="u8")
        f.attrs["wide"] = numpy.longdouble("1e400")
        f.attrs["plain"] = numpy.longdouble("1.5")
        f.attrs["zero_within"] = numpy.bytes_(b"ab\0cd")
        f.attrs["half"] = numpy.float16(0.5)


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
    write_kinds(f"{folder}/kinds.h5")
    write_scattered(folder)
    write_elsewhere(folder)
    write_attributes(f"{folder}/attributes.h5")
    subprocess.run([*launcher, program], check=True, env=dict(os.environ, NODESPAN_TEST_FOLDER=folder))
    check_own(f"{folder}/own.h5")
    check_dump(f"{folder}/own.h5")
finally:
    shutil.rmtree(folder)
