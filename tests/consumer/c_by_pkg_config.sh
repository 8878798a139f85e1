export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
mpicc -std=c99 -O2 -c in_c.c $(pkg-config --cflags $module)
mpicxx in_c.o $(pkg-config --libs $module) -Wl,-rpath,$prefix/lib -o in_c
