cmake -S . -B build -DCMAKE_PREFIX_PATH=$prefix -DCMAKE_BUILD_TYPE=Release
cmake --build build
