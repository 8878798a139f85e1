export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
mpicxx -std=c++20 -O2 main.cpp $(pkg-config --cflags --libs $module) -Wl,-rpath,$prefix/lib -o consumer
