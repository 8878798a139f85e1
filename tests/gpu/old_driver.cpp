// A driver of CUDA's that is too old to have what is needed.

extern "C" __attribute__((visibility("default"))) int cuInit(unsigned) {
    return 0;
}
