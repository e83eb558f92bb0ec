// What the other libraries for tests ask of the driver for tests.

#include <cstddef>
#include <cstdint>

#define EXPORTED extern "C" __attribute__((visibility("default")))

// Has a stream call a function with a copy of some bytes; a status of the driver.
extern "C" int hostDriverStart(void* stream, int (*run)(void*), const void* from, size_t bytes);

// 0 if bytes lie in memory of the driver's, at the moment.
extern "C" int hostDriverHas(uintptr_t address, size_t bytes);

// Whether a context is current on this thread that no error has broken; a status of the driver.
extern "C" int cuMemGetInfo_v2(size_t* free, size_t* total);

namespace {

// A failure of one function that a test has asked for.
int failingStatus = 0;

float widen(const void* from, bool isHalf, int64_t i) {
  if (!isHalf) return ((const float*)from)[i];
  union {
    uint32_t bits;
    float value;
  } u = {(uint32_t)((const uint16_t*)from)[i] << 16};
  return u.value;
}

void narrow(void* to, bool isHalf, int64_t i, float value) {
  if (!isHalf) {
    ((float*)to)[i] = value;
    return;
  }
  union {
    float value;
    uint32_t bits;
  } u = {value};
  ((uint16_t*)to)[i] = (uint16_t)((u.bits + 0x7fff + ((u.bits >> 16) & 1)) >> 16);
}

}  // namespace
