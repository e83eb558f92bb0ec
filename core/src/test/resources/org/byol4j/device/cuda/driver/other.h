// What the other libraries for tests ask of the driver for tests.

#include <cstddef>
#include <cstdint>
#include <mutex>

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

// One call at a time.
std::mutex calls;

}  // namespace

#define ALONE std::lock_guard<std::mutex> alone(calls)
