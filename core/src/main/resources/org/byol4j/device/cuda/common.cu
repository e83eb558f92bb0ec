// What the other files begin with. They are compiled once for float32 and, with -DELEMENT_BF16, once
// for bfloat16: Element is the type of activations. Arithmetic is in float, long sums are in double.
//
// The bits of a result depend on shapes alone: grids are fixed, sums go over fixed pieces and then
// over a fixed tree, and nothing is added atomically.

#ifdef ELEMENT_BF16

struct Element {
  unsigned short bits;
};

__device__ __forceinline__ float widen(Element value) { return __uint_as_float((unsigned)value.bits << 16); }

// to nearest, ties to even
__device__ __forceinline__ Element narrow(float value) {
  unsigned bits = __float_as_uint(value);
  unsigned rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  Element result;
  result.bits = (unsigned short)(value != value ? 0x7fffu : rounded);
  return result;
}

#else

typedef float Element;

__device__ __forceinline__ float widen(Element value) { return value; }

__device__ __forceinline__ Element narrow(float value) { return value; }

#endif

// W neighbouring elements as they lie, W = 1 or WIDTH: what one load or store moves
template <int W, typename T = Element>
struct alignas(W * sizeof(T)) Lanes {
  T lane[W];
};

constexpr int WIDTH = 16 / sizeof(Element);

__device__ __forceinline__ bool isAligned(const void* pointer) { return ((unsigned long long)pointer & 15) == 0; }

// the place of this thread in a grid of one dimension, and how far it is to its next element
__device__ __forceinline__ long long firstIndex() { return (long long)blockIdx.x * blockDim.x + threadIdx.x; }

__device__ __forceinline__ long long stride() { return (long long)gridDim.x * blockDim.x; }

template <int W, typename T>
__device__ __forceinline__ Lanes<W, T> fetch(const T* from, long long at) {
  return *(const Lanes<W, T>*)(from + at);
}

// the same widened
template <int W>
__device__ __forceinline__ void load(const Element* from, long long at, float (&values)[W]) {
  Lanes<W> lanes = fetch<W>(from, at);
#pragma unroll
  for (int i = 0; i < W; i++) {
    values[i] = widen(lanes.lane[i]);
  }
}

template <int W>
__device__ __forceinline__ void store(Element* to, long long at, const float (&values)[W]) {
  Lanes<W> lanes;
#pragma unroll
  for (int i = 0; i < W; i++) {
    lanes.lane[i] = narrow(values[i]);
  }
  *(Lanes<W>*)(to + at) = lanes;
}

// Adds up the values of the threads of a column of the block, (threadIdx.x, all y), W of each; the
// sums are those of threadIdx.y = 0 afterwards. blockDim.y is a power of 2.
template <int W>
__device__ void foldColumns(double (&values)[W], double* shared) {
  double* mine = shared + (threadIdx.y * blockDim.x + threadIdx.x) * W;
  for (int i = 0; i < W; i++) {
    mine[i] = values[i];
  }
  for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.y < half) {
      for (int i = 0; i < W; i++) {
        mine[i] += mine[i + half * blockDim.x * W];
      }
    }
  }
  for (int i = 0; i < W; i++) {
    values[i] = mine[i];
  }
  __syncthreads();
}

constexpr int BLOCK = 256;

// Adds up one value of each of the BLOCK threads of a block of one dimension; all get the sum.
__device__ double foldBlock(double value, double* shared) {
  shared[threadIdx.x] = value;
  for (unsigned half = BLOCK / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      shared[threadIdx.x] += shared[threadIdx.x + half];
    }
  }
  __syncthreads();
  double sum = shared[0];
  __syncthreads();
  return sum;
}
