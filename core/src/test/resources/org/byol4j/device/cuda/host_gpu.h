// A GPU made of one thread of the host, for the very sources that NVRTC compiles: grids run block by
// block, and the threads of a block are fibers that give way to each other at __syncthreads().
// x86-64, System V.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#define __device__
#define __global__
#define __launch_bounds__(...)
#define __forceinline__ inline
#define __shared__ static

// saves what a call must preserve, and goes on where the other fiber left
extern "C" __attribute__((visibility("hidden"))) void host_gpu_switch(void** leave, void* enter);

asm(R"(
.text
.globl host_gpu_switch
.hidden host_gpu_switch
.type host_gpu_switch, @function
host_gpu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

namespace {

struct Dimensions {
  unsigned x, y, z;
};

Dimensions gridDim, blockDim, blockIdx, threadIdx;

inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// rounded one by one: the host's compiler is told to fuse nothing
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }

enum State { READY, WAITING, DONE };

struct Fiber {
  void* stack = nullptr;
  void* saved = nullptr;
  State state = DONE;
};

constexpr unsigned MOST_THREADS = 1024;
constexpr size_t STACK_BYTES = 64 << 10;
Fiber fibers[MOST_THREADS];
void* scheduler;
unsigned current;
void (*running)(void**);
void** parameters;

inline void __syncthreads() {
  fibers[current].state = WAITING;
  host_gpu_switch(&fibers[current].saved, scheduler);
}

void fiber() {
  for (;;) {
    running(parameters);
    fibers[current].state = DONE;
    host_gpu_switch(&fibers[current].saved, scheduler);
  }
}

void prepare(Fiber& f) {
  if (f.stack == nullptr) {
    f.stack = std::aligned_alloc(64, STACK_BYTES);
    // what a switch pops: six registers, then where to go; the stack is as after a call there
    void** top = (void**)((char*)f.stack + STACK_BYTES) - 2;
    *top = (void*)fiber;
    f.saved = top - 6;
    std::memset(f.saved, 0, 6 * sizeof(void*));
  }
  f.state = READY;
}

enum Order { FORWARDS, BACKWARDS };

// runs a kernel; 0, or 1 if a barrier was not reached by all threads of a block
int emulate(void (*kernel)(void**), void** arguments, int order, unsigned gridX, unsigned gridY, unsigned blockX,
            unsigned blockY) {
  gridDim = {gridX, gridY, 1};
  blockDim = {blockX, blockY, 1};
  running = kernel;
  parameters = arguments;
  unsigned blocks = gridX * gridY;
  unsigned threads = blockX * blockY;
  for (unsigned b = 0; b < blocks; b++) {
    unsigned block = order == FORWARDS ? b : blocks - 1 - b;
    blockIdx = {block % gridX, block / gridX, 0};
    for (unsigned t = 0; t < threads; t++) {
      prepare(fibers[t]);
    }
    unsigned done = 0;
    while (done < threads) {
      if (done != 0) {
        return 1;
      }
      for (unsigned t = 0; t < threads; t++) {
        current = order == FORWARDS ? t : threads - 1 - t;
        threadIdx = {current % blockX, current / blockX, 0};
        host_gpu_switch(&scheduler, fibers[current].saved);
        done += fibers[current].state == DONE;
      }
    }
  }
  return 0;
}

template <typename... A, size_t... I>
void invoke(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
  kernel(*(A*)arguments[I]...);
}

template <typename... A>
void invoke(void (*kernel)(A...), void** arguments) {
  invoke(kernel, arguments, std::index_sequence_for<A...>());
}

template <typename... A>
int sizes(void (*)(A...), int* bytes) {
  int all[] = {(int)sizeof(A)..., 0};
  std::memcpy(bytes, all, sizeof...(A) * sizeof(int));
  return sizeof...(A);
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

// a kernel's launch, and how many bytes each of its parameters has
#define LAUNCHER(kernel)                                                                                      \
  EXPORTED int launch_##kernel(void** arguments, int order, int gridX, int gridY, int blockX, int blockY) { \
    return emulate([](void** a) { invoke(kernel, a); }, arguments, order, gridX, gridY, blockX, blockY);     \
  }                                                                                                           \
  EXPORTED int parameters_##kernel(int* bytes) { return sizes(kernel, bytes); }
