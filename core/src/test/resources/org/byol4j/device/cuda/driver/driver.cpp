// The functions of NVIDIA's driver that device.cuda calls, on memory and a thread of the host: libcuda.so.1 for tests,
// never beside a program. Written from the documentation of the driver's API, and strict where that says a call is
// an error or that it may be late. It knows no kernels but those that a test has told it of.

#include "machine.h"
#include "contexts.h"
#include "streams.h"
#include "memory.h"
#include "launches.h"

// For tests, in the names of their own. Each excludes calls of others, as all functions do.

EXPORTED void hostDriverOrder(int how, unsigned long long seed) {
  std::lock_guard<Turns> alone(calls);
  finishAll();
  order = (Order)how;
  dice = seed;
}

EXPORTED void hostDriverKernel(const char* element, const char* file, const char* name, void* launch, void* parameters) {
  std::lock_guard<Turns> alone(calls);
  hostKernels[{element, file, name}] = {(decltype(HostKernel::launch))launch,
                                        (decltype(HostKernel::parameters))parameters};
}

EXPORTED void hostDriverMemory(int gpu, size_t bytes) {
  std::lock_guard<Turns> alone(calls);
  totalBytes[gpu] = bytes;
}

// The calls of a function after the next so many end with a status, once.
EXPORTED void hostDriverFail(const char* function, int callsBefore, int status) {
  std::lock_guard<Turns> alone(calls);
  failures[function] = {callsBefore, (Status)status};
}

EXPORTED long hostDriverCalls(const char* function) {
  std::lock_guard<Turns> alone(calls);
  return callCounts[function];
}

// Breaks a context as a wrong address in a kernel does; 0 mends it, which no real driver does.
EXPORTED void hostDriverBreak(int gpu, int status) {
  std::lock_guard<Turns> alone(calls);
  contexts[gpu].broken = (Status)status;
}

// How much work is asked for and not done.
EXPORTED long hostDriverUndone() {
  std::lock_guard<Turns> alone(calls);
  forgetDone();
  return (long)undone.size();
}

// What is not freed, such as "streams=2 events=1"; empty if everything is.
EXPORTED void hostDriverHeld(int gpu, char* text, int room) {
  std::lock_guard<Turns> alone(calls);
  std::string all = contexts[gpu].users == 0 ? "" : "contexts=" + std::to_string(contexts[gpu].users);
  for (auto& kind : held[gpu]) {
    if (kind.second != 0) all += (all.empty() ? "" : " ") + kind.first + "=" + std::to_string(kind.second);
  }
  std::snprintf(text, room, "%s", all.c_str());
}

// Ends what a test has left that failed: captures, broken contexts, failures that did not come. What it has not freed is
// counted no more.
EXPORTED void hostDriverAbandon() {
  std::lock_guard<Turns> alone(calls);
  while (!captures.empty()) endCapture(CapturePointer(captures.back()));
  finishAll();
  failures.clear();
  for (Context& context : contexts) context.broken = SUCCESS;
  for (auto& kinds : held) kinds.clear();
  for (int gpu = 0; gpu < GPUS; gpu++) takenBytes[gpu] = 0;
}

EXPORTED void hostDriverForget(int gpu, const char* kind) {
  std::lock_guard<Turns> alone(calls);
  held[gpu][kind] = 0;
}

EXPORTED void hostDriverWhy(char* text, int room) {
  std::lock_guard<Turns> alone(calls);
  std::snprintf(text, room, "%s", why.c_str());
}

// For the other libraries for tests: has a stream call a function with a copy of some bytes, which is the same at every
// call. The function is called again as long as it returns NOT_READY.
EXPORTED int hostDriverStart(Stream* stream, int (*run)(void*), const void* from, size_t bytes) {
  CALL("hostDriverStart");
  if (Status status = require(streams, stream, "stream")) return status;
  auto taken = std::make_shared<std::vector<char>>((const char*)from, (const char*)from + bytes);
  return enqueue(stream, [=]() { return (Status)run(taken->data()); });
}

// Whether bytes lie in memory of this driver's, at the moment.
EXPORTED int hostDriverHas(uintptr_t address, size_t bytes) {
  std::lock_guard<Turns> alone(calls);
  return requireRange(ILLEGAL_ADDRESS, address, bytes);
}
