// Batch normalization of x, [rows, channels] (Ioffe and Szegedy 2015, algorithm 1), a pass each:
//
//   moments, finish_moments          local mean and sum of squared differences of each channel
//   coefficients                     what the passes over x need of each channel
//   normalize                        y
//   backward_sums, finish_backward   local sums of dz and dz * normalized x; scale and shift gradients
//   backward_apply                   dx
//
// Passes over x have a grid of (groups of channels, groups of rows) and blocks of 256 threads, x over
// channels and y over rows. With wide = 1 each thread has WIDTH neighbouring channels at a time.
//
// The passes do little but wait for memory, so a thread has the loads of AHEAD rows under way before
// it uses the first (docs/benchmarks/gpu.md counts the bytes in flight).
//
// Sums are in float over at most FLUSH values, then in double. Those of the moments are of x - k,
// where k is x's first row (Chan, Golub and LeVeque 1983, "shifted data"): at a mean of 1000 and a
// deviation of .1 the variance is right to 1e-5, where unshifted sums are useless.

constexpr int FLUSH = 128;
constexpr int AHEAD = 4;
constexpr int THREADS = 256;

// rows of the table of coefficients, one value a channel each
constexpr int MEAN = 0;       // of x, in float
constexpr int SCALE = 1;      // scale / deviation
constexpr int SHIFT = 2;      // shift, less what the mean lost in float
constexpr int INVERSE = 3;    // 1 / deviation
constexpr int REMAINDER = 4;  // what the mean lost in float, as a normalized value, negative

template <int W>
__device__ __forceinline__ int firstChannel() {
  return (int)(blockIdx.x * blockDim.x + threadIdx.x) * W;
}

template <int W>
__device__ __forceinline__ void coefficient(const float* table, int row, int channels, int c, float (&values)[W]) {
#pragma unroll
  for (int i = 0; i < W; i++) {
    values[i] = table[(long long)row * channels + c + i];
  }
}

// Calls f for the rows of this thread in their order, AHEAD at a time as long as there are as many:
// f(how many, where the first of them begins at channel c, how far it is to the next). Inlined, so that
// the number is a constant in both places.
template <typename F>
__device__ __forceinline__ void walk(long long rows, int channels, int c, F f) {
  long long step = (long long)gridDim.y * blockDim.y;
  long long first = (long long)blockIdx.y * blockDim.y + threadIdx.y;
  long long left = first < rows ? (rows - first - 1) / step + 1 : 0;
  long long at = first * channels + c;
  long long distance = step * channels;
  for (; left >= AHEAD; left -= AHEAD) {
    f(AHEAD, at, distance);
    at += AHEAD * distance;
  }
  for (; left > 0; left--) {
    f(1, at, distance);
    at += distance;
  }
}

// W neighbouring elements of each of some rows, on their way from the moment this is made
template <int W>
struct Taken {
  Lanes<W> row[AHEAD];

  __device__ __forceinline__ Taken(const Element* from, int count, long long at, long long distance) {
#pragma unroll
    for (int n = 0; n < AHEAD && n < count; n++) {
      row[n] = fetch<W>(from, at + n * distance);
    }
  }

  __device__ __forceinline__ float operator()(int n, int i) const { return widen(row[n].lane[i]); }
};

__device__ __forceinline__ int thread() { return (int)(threadIdx.y * blockDim.x + threadIdx.x); }

// Two sums of each of W channels of a thread: in float for a while, in double in the block's memory,
// [2, W, THREADS], for good. Volatile, or compilers keep the doubles in registers that loads need.
template <int W>
struct Sums {
  float first[W] = {};
  float second[W] = {};
  volatile double* many;
  int summed = 0;

  __device__ __forceinline__ Sums(double* shared) : many(shared + thread()) {
#pragma unroll
    for (int i = 0; i < 2 * W; i++) {
      many[i * THREADS] = 0;
    }
  }

  // says that so many values were added to each
  __device__ __forceinline__ void added(int count) {
    summed += count;
    if (summed >= FLUSH) {
      flush();
    }
  }

  __device__ __forceinline__ void flush() {
    summed = 0;
#pragma unroll
    for (int i = 0; i < W; i++) {
      many[i * THREADS] = many[i * THREADS] + first[i];
      many[(W + i) * THREADS] = many[(W + i) * THREADS] + second[i];
      first[i] = 0;
      second[i] = 0;
    }
  }
};

// Adds up the sums of a block's threads and writes those of each channel: [2, groups of rows,
// channels]. All threads come here, after their last flush.
template <int W>
__device__ void writePartial(double* shared, double* partial, int channels) {
  int mine = thread();
  for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.y < half) {
      for (int i = 0; i < 2 * W; i++) {
        shared[i * THREADS + mine] += shared[i * THREADS + mine + half * blockDim.x];
      }
    }
  }
  int c = firstChannel<W>();
  if (threadIdx.y != 0 || c >= channels) {
    return;
  }
  for (int i = 0; i < W; i++) {
    partial[(long long)blockIdx.y * channels + c + i] = shared[i * THREADS + mine];
    partial[(long long)(gridDim.y + blockIdx.y) * channels + c + i] = shared[(W + i) * THREADS + mine];
  }
}

template <int W>
__device__ void sumMoments(const Element* x, double* partial, long long rows, int channels) {
  __shared__ double shared[2 * W * THREADS];
  Sums<W> sums(shared);
  int c = firstChannel<W>();
  if (c < channels) {
    float shift[W];
    load<W>(x, c, shift);
    walk(rows, channels, c, [&](int count, long long at, long long distance) {
      Taken<W> values(x, count, at, distance);
#pragma unroll
      for (int n = 0; n < AHEAD && n < count; n++) {
#pragma unroll
        for (int i = 0; i < W; i++) {
          float difference = values(n, i) - shift[i];
          sums.first[i] += difference;
          sums.second[i] = fmaf(difference, difference, sums.second[i]);
        }
      }
      sums.added(count);
    });
    sums.flush();
  }
  writePartial<W>(shared, partial, channels);
}

extern "C" __launch_bounds__(THREADS, 3)
__global__ void moments(const Element* x, double* partial, long long rows, int channels, int wide) {
  if (wide) {
    sumMoments<WIDTH>(x, partial, rows, channels);
  } else {
    sumMoments<1>(x, partial, rows, channels);
  }
}

// Adds up what the groups of rows have of one channel; right for threadIdx.y = 0. Blocks are (32, 8).
__device__ __forceinline__ double sumOfGroups(const double* partial, int groups, int channels, int c, double* shared) {
  double sum[1] = {0};
  if (c < channels) {
    for (int group = threadIdx.y; group < groups; group += blockDim.y) {
      sum[0] += partial[(long long)group * channels + c];
    }
  }
  foldColumns<1>(sum, shared);
  return sum[0];
}

// result: [2, channels], the means and the sums of squared differences from them over divisor
extern "C" __global__ void finish_moments(const Element* x, const double* partial, int groups, long long rows,
                                          int channels, double divisor, double* result) {
  __shared__ double shared[THREADS];
  int c = firstChannel<1>();
  double sum = sumOfGroups(partial, groups, channels, c, shared);
  double squares = sumOfGroups(partial + (long long)groups * channels, groups, channels, c, shared);
  if (threadIdx.y != 0 || c >= channels) {
    return;
  }
  double left = squares - sum * sum / rows;
  result[c] = widen(x[c]) + sum / rows;
  result[channels + c] = (left > 0 ? left : 0) / divisor;
}

// statistics: [2, channels], mean and biased variance
extern "C" __global__ void coefficients(const double* statistics, const float* scale, const float* shift,
                                        double epsilon, int channels, float* table) {
  int c = (int)firstIndex();
  if (c >= channels) {
    return;
  }
  double mean = statistics[c];
  float shortMean = (float)mean;
  double lost = mean - shortMean;
  double inverse = 1 / sqrt(statistics[channels + c] + epsilon);
  double factor = scale[c] * inverse;
  table[(long long)MEAN * channels + c] = shortMean;
  table[(long long)SCALE * channels + c] = (float)factor;
  table[(long long)SHIFT * channels + c] = (float)(shift[c] - factor * lost);
  table[(long long)INVERSE * channels + c] = (float)inverse;
  table[(long long)REMAINDER * channels + c] = (float)(-lost * inverse);
}

constexpr int PLAIN = 0;
constexpr int RELU = 1;
constexpr int ADD_RELU = 2;

// what is made of x before a ReLU; the backward pass makes it again, the same bits
__device__ __forceinline__ float normalized(float x, float mean, float scale, float shift) {
  return fmaf(x - mean, scale, shift);
}

// a value that is none stays none
__device__ __forceinline__ float rectified(float value) { return !(value <= 0) ? value : 0.f; }

template <int W, int FORM>
__device__ __forceinline__ void normalizeRows(const Element* x, const Element* residual, Element* y,
                                              const float* table, long long rows, int channels) {
  int c = firstChannel<W>();
  if (c >= channels) {
    return;
  }
  float mean[W], scale[W], shift[W];
  coefficient<W>(table, MEAN, channels, c, mean);
  coefficient<W>(table, SCALE, channels, c, scale);
  coefficient<W>(table, SHIFT, channels, c, shift);
  walk(rows, channels, c, [&](int count, long long at, long long distance) {
    Taken<W> values(x, count, at, distance);
    // x again where nothing is added: no further load
    Taken<W> added(FORM == ADD_RELU ? residual : x, count, at, distance);
#pragma unroll
    for (int n = 0; n < AHEAD && n < count; n++) {
      float made[W];
#pragma unroll
      for (int i = 0; i < W; i++) {
        made[i] = normalized(values(n, i), mean[i], scale[i], shift[i]);
        if (FORM == ADD_RELU) {
          made[i] += added(n, i);
        }
        if (FORM != PLAIN) {
          made[i] = rectified(made[i]);
        }
      }
      store<W>(y, at + n * distance, made);
    }
  });
}

template <int W>
__device__ void normalizeRows(const Element* x, const Element* residual, Element* y, const float* table,
                              long long rows, int channels, int form) {
  if (form == ADD_RELU) {
    normalizeRows<W, ADD_RELU>(x, residual, y, table, rows, channels);
  } else if (form == RELU) {
    normalizeRows<W, RELU>(x, residual, y, table, rows, channels);
  } else {
    normalizeRows<W, PLAIN>(x, residual, y, table, rows, channels);
  }
}

// form: 0 plain, 1 with ReLU, 2 with residual and ReLU
extern "C" __launch_bounds__(THREADS, 3)
__global__ void normalize(const Element* x, const Element* residual, Element* y, const float* table, long long rows,
                          int channels, int form, int wide) {
  if (wide) {
    normalizeRows<WIDTH>(x, residual, y, table, rows, channels, form);
  } else {
    normalizeRows<1>(x, residual, y, table, rows, channels, form);
  }
}

template <int W, bool MASKED>
__device__ __forceinline__ void sumBackward(const Element* x, const Element* dy, const float* table, double* partial,
                                            long long rows, int channels, double* shared) {
  Sums<W> sums(shared);
  int c = firstChannel<W>();
  if (c < channels) {
    float mean[W], scale[W], shift[W], inverse[W], remainder[W];
    coefficient<W>(table, MEAN, channels, c, mean);
    coefficient<W>(table, SCALE, channels, c, scale);
    coefficient<W>(table, SHIFT, channels, c, shift);
    coefficient<W>(table, INVERSE, channels, c, inverse);
    coefficient<W>(table, REMAINDER, channels, c, remainder);
    walk(rows, channels, c, [&](int count, long long at, long long distance) {
      Taken<W> values(x, count, at, distance);
      Taken<W> gradients(dy, count, at, distance);
#pragma unroll
      for (int n = 0; n < AHEAD && n < count; n++) {
#pragma unroll
        for (int i = 0; i < W; i++) {
          float value = values(n, i);
          bool passes = !MASKED || normalized(value, mean[i], scale[i], shift[i]) > 0;
          float dz = passes ? gradients(n, i) : 0.f;
          sums.first[i] += dz;
          sums.second[i] = fmaf(dz, fmaf(value - mean[i], inverse[i], remainder[i]), sums.second[i]);
        }
      }
      sums.added(count);
    });
    sums.flush();
  }
  writePartial<W>(shared, partial, channels);
}

template <int W>
__device__ void sumBackward(const Element* x, const Element* dy, const float* table, double* partial, long long rows,
                            int channels, int masked) {
  __shared__ double shared[2 * W * THREADS];
  if (masked) {
    sumBackward<W, true>(x, dy, table, partial, rows, channels, shared);
  } else {
    sumBackward<W, false>(x, dy, table, partial, rows, channels, shared);
  }
}

// masked: 1 if a ReLU follows whose mask dy does not have on it
extern "C" __launch_bounds__(THREADS, 2)
__global__ void backward_sums(const Element* x, const Element* dy, const float* table, double* partial,
                              long long rows, int channels, int masked, int wide) {
  if (wide) {
    sumBackward<WIDTH>(x, dy, table, partial, rows, channels, masked);
  } else {
    sumBackward<1>(x, dy, table, partial, rows, channels, masked);
  }
}

// sums: [2, channels], of dz and of dz * normalized x; adds them to the gradients
extern "C" __global__ void finish_backward(const double* partial, int groups, int channels, double* sums,
                                           float* scaleGradient, float* shiftGradient) {
  __shared__ double shared[THREADS];
  int c = firstChannel<1>();
  double shift = sumOfGroups(partial, groups, channels, c, shared);
  double scale = sumOfGroups(partial + (long long)groups * channels, groups, channels, c, shared);
  if (threadIdx.y != 0 || c >= channels) {
    return;
  }
  sums[c] = shift;
  sums[channels + c] = scale;
  shiftGradient[c] += (float)shift;
  scaleGradient[c] += (float)scale;
}

// dx = scale (dz - mean of dz - unit * mean of dz * unit), unit = (x - mean) * inverse + remainder; with
// what does not depend on the row put together, dx = scale dz + slope (x - mean) + offset
template <int W, bool MASKED>
__device__ __forceinline__ void applyBackward(const Element* x, const Element* dy, Element* dx, const float* table,
                                              const double* sums, double count, long long rows, int channels) {
  int c = firstChannel<W>();
  if (c >= channels) {
    return;
  }
  float mean[W], scale[W], shift[W], slope[W], offset[W];
  coefficient<W>(table, MEAN, channels, c, mean);
  coefficient<W>(table, SCALE, channels, c, scale);
  coefficient<W>(table, SHIFT, channels, c, shift);
  coefficient<W>(table, INVERSE, channels, c, slope);
  coefficient<W>(table, REMAINDER, channels, c, offset);
#pragma unroll
  for (int i = 0; i < W; i++) {
    double meanDz = sums[c + i] / count;
    double meanProduct = sums[channels + c + i] / count;
    offset[i] = (float)(-scale[i] * (meanDz + offset[i] * meanProduct));
    slope[i] = (float)(-scale[i] * (slope[i] * meanProduct));
  }
  walk(rows, channels, c, [&](int count, long long at, long long distance) {
    Taken<W> values(x, count, at, distance);
    Taken<W> gradients(dy, count, at, distance);
#pragma unroll
    for (int n = 0; n < AHEAD && n < count; n++) {
      float made[W];
#pragma unroll
      for (int i = 0; i < W; i++) {
        float value = values(n, i);
        bool passes = !MASKED || normalized(value, mean[i], scale[i], shift[i]) > 0;
        float dz = passes ? gradients(n, i) : 0.f;
        made[i] = fmaf(value - mean[i], slope[i], fmaf(scale[i], dz, offset[i]));
      }
      store<W>(dx, at + n * distance, made);
    }
  });
}

template <int W>
__device__ void applyBackward(const Element* x, const Element* dy, Element* dx, const float* table, const double* sums,
                              double count, long long rows, int channels, int masked) {
  if (masked) {
    applyBackward<W, true>(x, dy, dx, table, sums, count, rows, channels);
  } else {
    applyBackward<W, false>(x, dy, dx, table, sums, count, rows, channels);
  }
}

// dx from the sums over all replicas and the count of rows that they were taken over; dx may be dy
extern "C" __launch_bounds__(THREADS, 2)
__global__ void backward_apply(const Element* x, const Element* dy, Element* dx, const float* table,
                               const double* sums, double count, long long rows, int channels, int masked, int wide) {
  if (wide) {
    applyBackward<WIDTH>(x, dy, dx, table, sums, count, rows, channels, masked);
  } else {
    applyBackward<1>(x, dy, dx, table, sums, count, rows, channels, masked);
  }
}

// the sums of columns, for biases: [groups of rows, channels]; a second half of partial stays unused
template <int W>
__device__ void sumColumns(const Element* dy, double* partial, long long rows, int channels) {
  __shared__ double shared[2 * W * THREADS];
  Sums<W> sums(shared);
  int c = firstChannel<W>();
  if (c < channels) {
    walk(rows, channels, c, [&](int count, long long at, long long distance) {
      Taken<W> values(dy, count, at, distance);
#pragma unroll
      for (int n = 0; n < AHEAD && n < count; n++) {
#pragma unroll
        for (int i = 0; i < W; i++) {
          sums.first[i] += values(n, i);
        }
      }
      sums.added(count);
    });
    sums.flush();
  }
  writePartial<W>(shared, partial, channels);
}

extern "C" __launch_bounds__(THREADS, 3)
__global__ void column_sums(const Element* dy, double* partial, long long rows, int channels, int wide) {
  if (wide) {
    sumColumns<WIDTH>(dy, partial, rows, channels);
  } else {
    sumColumns<1>(dy, partial, rows, channels);
  }
}

extern "C" __global__ void finish_columns(const double* partial, int groups, int channels, float* gradient) {
  __shared__ double shared[THREADS];
  int c = firstChannel<1>();
  double sum = sumOfGroups(partial, groups, channels, c, shared);
  if (threadIdx.y == 0 && c < channels) {
    gradient[c] += (float)sum;
  }
}
