export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
mpifort -O2 $(pkg-config --variable=includedir nodespan)/nodespan/nodespan.f90 in_fortran.f90 \
        $(pkg-config --libs nodespan) -lmpi_cxx -lstdc++ -Wl,-rpath,$prefix/lib -o in_fortran
