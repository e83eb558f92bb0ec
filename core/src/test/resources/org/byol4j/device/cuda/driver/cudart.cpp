// The runtime's version, which is all of it that is asked for: libcudart.so.N for tests.

extern "C" __attribute__((visibility("default"))) int cudaRuntimeGetVersion(int* version) {
  *version = 1000 * CUDA_LINE;
  return 0;
}
