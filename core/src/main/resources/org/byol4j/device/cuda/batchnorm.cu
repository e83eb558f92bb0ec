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
// Sums are in float over at most FLUSH values, then in double. Those of the moments are of x - k,
// where k is x's first row (Chan, Golub and LeVeque 1983, "shifted data"): at a mean of 1000 and a
// deviation of .1 the variance is right to 1e-5, where unshifted sums are useless.

constexpr int FLUSH = 128;

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

template <int W>
__device__ __forceinline__ void flush(float (&few)[W], double (&many)[W]) {
#pragma unroll
  for (int i = 0; i < W; i++) {
    many[i] += few[i];
    few[i] = 0;
  }
}

// writes this block's two sums of each channel: [2, groups of rows, channels]
template <int W>
__device__ void writePartial(double (&first)[W], double (&second)[W], double* partial, int channels) {
  __shared__ double shared[256 * W];
  foldColumns<W>(first, shared);
  foldColumns<W>(second, shared);
  int c = firstChannel<W>();
  if (threadIdx.y != 0 || c >= channels) {
    return;
  }
  for (int i = 0; i < W; i++) {
    partial[(long long)blockIdx.y * channels + c + i] = first[i];
    partial[(long long)(gridDim.y + blockIdx.y) * channels + c + i] = second[i];
  }
}

template <int W>
__device__ void sumMoments(const Element* x, double* partial, long long rows, int channels) {
  int c = firstChannel<W>();
  double sums[W] = {};
  double squares[W] = {};
  if (c < channels) {
    float shift[W];
    load<W>(x, c, shift);
    float fewSums[W] = {};
    float fewSquares[W] = {};
    int summed = 0;
    for (long long row = (long long)blockIdx.y * blockDim.y + threadIdx.y; row < rows;
         row += (long long)gridDim.y * blockDim.y) {
      float values[W];
      load<W>(x, row * channels + c, values);
#pragma unroll
      for (int i = 0; i < W; i++) {
        float difference = values[i] - shift[i];
        fewSums[i] += difference;
        fewSquares[i] = fmaf(difference, difference, fewSquares[i]);
      }
      if (++summed == FLUSH) {
        summed = 0;
        flush<W>(fewSums, sums);
        flush<W>(fewSquares, squares);
      }
    }
    flush<W>(fewSums, sums);
    flush<W>(fewSquares, squares);
  }
  writePartial<W>(sums, squares, partial, channels);
}

extern "C" __global__ void moments(const Element* x, double* partial, long long rows, int channels, int wide) {
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
  __shared__ double shared[256];
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

constexpr int RELU = 1;
constexpr int ADD_RELU = 2;

// what is made of x before a ReLU; the backward pass makes it again, the same bits
__device__ __forceinline__ float normalized(float x, float mean, float scale, float shift) {
  return fmaf(x - mean, scale, shift);
}

template <int W>
__device__ void normalizeRows(const Element* x, const Element* residual, Element* y, const float* table,
                              long long rows, int channels, int form) {
  int c = firstChannel<W>();
  if (c >= channels) {
    return;
  }
  float mean[W], scale[W], shift[W];
  coefficient<W>(table, MEAN, channels, c, mean);
  coefficient<W>(table, SCALE, channels, c, scale);
  coefficient<W>(table, SHIFT, channels, c, shift);
  for (long long row = (long long)blockIdx.y * blockDim.y + threadIdx.y; row < rows;
       row += (long long)gridDim.y * blockDim.y) {
    long long at = row * channels + c;
    float values[W], added[W] = {};
    load<W>(x, at, values);
    if (form == ADD_RELU) {
      load<W>(residual, at, added);
    }
#pragma unroll
    for (int i = 0; i < W; i++) {
      float made = normalized(values[i], mean[i], scale[i], shift[i]) + added[i];
      // a value that is none stays none
      values[i] = form == 0 || !(made <= 0) ? made : 0.f;
    }
    store<W>(y, at, values);
  }
}

// form: 0 plain, 1 with ReLU, 2 with residual and ReLU
extern "C" __global__ void normalize(const Element* x, const Element* residual, Element* y, const float* table,
                                     long long rows, int channels, int form, int wide) {
  if (wide) {
    normalizeRows<WIDTH>(x, residual, y, table, rows, channels, form);
  } else {
    normalizeRows<1>(x, residual, y, table, rows, channels, form);
  }
}

template <int W>
__device__ void sumBackward(const Element* x, const Element* dy, const float* table, double* partial, long long rows,
                            int channels, int masked) {
  int c = firstChannel<W>();
  double shifts[W] = {};
  double scales[W] = {};
  if (c < channels) {
    float mean[W], scale[W], shift[W], inverse[W], remainder[W];
    coefficient<W>(table, MEAN, channels, c, mean);
    coefficient<W>(table, SCALE, channels, c, scale);
    coefficient<W>(table, SHIFT, channels, c, shift);
    coefficient<W>(table, INVERSE, channels, c, inverse);
    coefficient<W>(table, REMAINDER, channels, c, remainder);
    float fewShifts[W] = {};
    float fewScales[W] = {};
    int summed = 0;
    for (long long row = (long long)blockIdx.y * blockDim.y + threadIdx.y; row < rows;
         row += (long long)gridDim.y * blockDim.y) {
      float values[W], gradients[W];
      load<W>(x, row * channels + c, values);
      load<W>(dy, row * channels + c, gradients);
#pragma unroll
      for (int i = 0; i < W; i++) {
        bool passes = !masked || normalized(values[i], mean[i], scale[i], shift[i]) > 0;
        float dz = passes ? gradients[i] : 0.f;
        fewShifts[i] += dz;
        fewScales[i] = fmaf(dz, fmaf(values[i] - mean[i], inverse[i], remainder[i]), fewScales[i]);
      }
      if (++summed == FLUSH) {
        summed = 0;
        flush<W>(fewShifts, shifts);
        flush<W>(fewScales, scales);
      }
    }
    flush<W>(fewShifts, shifts);
    flush<W>(fewScales, scales);
  }
  writePartial<W>(shifts, scales, partial, channels);
}

// masked: 1 if a ReLU follows whose mask dy does not have on it
extern "C" __global__ void backward_sums(const Element* x, const Element* dy, const float* table, double* partial,
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
  __shared__ double shared[256];
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

template <int W>
__device__ void applyBackward(const Element* x, const Element* dy, Element* dx, const float* table, const double* sums,
                              double count, long long rows, int channels, int masked) {
  int c = firstChannel<W>();
  if (c >= channels) {
    return;
  }
  float mean[W], scale[W], shift[W], inverse[W], remainder[W], meanDz[W], meanProduct[W];
  coefficient<W>(table, MEAN, channels, c, mean);
  coefficient<W>(table, SCALE, channels, c, scale);
  coefficient<W>(table, SHIFT, channels, c, shift);
  coefficient<W>(table, INVERSE, channels, c, inverse);
  coefficient<W>(table, REMAINDER, channels, c, remainder);
  for (int i = 0; i < W; i++) {
    meanDz[i] = (float)(sums[c + i] / count);
    meanProduct[i] = (float)(sums[channels + c + i] / count);
  }
  for (long long row = (long long)blockIdx.y * blockDim.y + threadIdx.y; row < rows;
       row += (long long)gridDim.y * blockDim.y) {
    long long at = row * channels + c;
    float values[W], gradients[W];
    load<W>(x, at, values);
    load<W>(dy, at, gradients);
#pragma unroll
    for (int i = 0; i < W; i++) {
      bool passes = !masked || normalized(values[i], mean[i], scale[i], shift[i]) > 0;
      float dz = passes ? gradients[i] : 0.f;
      float unit = fmaf(values[i] - mean[i], inverse[i], remainder[i]);
      gradients[i] = scale[i] * fmaf(-unit, meanProduct[i], dz - meanDz[i]);
    }
    store<W>(dx, at, gradients);
  }
}

// dx from the sums over all replicas and the count of rows that they were taken over; dx may be dy
extern "C" __global__ void backward_apply(const Element* x, const Element* dy, Element* dx, const float* table,
                                          const double* sums, double count, long long rows, int channels, int masked,
                                          int wide) {
  if (wide) {
    applyBackward<WIDTH>(x, dy, dx, table, sums, count, rows, channels, masked);
  } else {
    applyBackward<1>(x, dy, dx, table, sums, count, rows, channels, masked);
  }
}

// the sums of columns, for biases: [groups of rows, channels]; a second half of partial stays unused
template <int W>
__device__ void sumColumns(const Element* dy, double* partial, long long rows, int channels) {
  int c = firstChannel<W>();
  double sums[W] = {};
  double none[W] = {};
  if (c < channels) {
    float few[W] = {};
    int summed = 0;
    for (long long row = (long long)blockIdx.y * blockDim.y + threadIdx.y; row < rows;
         row += (long long)gridDim.y * blockDim.y) {
      float values[W];
      load<W>(dy, row * channels + c, values);
#pragma unroll
      for (int i = 0; i < W; i++) {
        few[i] += values[i];
      }
      if (++summed == FLUSH) {
        summed = 0;
        flush<W>(few, sums);
      }
    }
    flush<W>(few, sums);
  }
  writePartial<W>(sums, none, partial, channels);
}

extern "C" __global__ void column_sums(const Element* dy, double* partial, long long rows, int channels, int wide) {
  if (wide) {
    sumColumns<WIDTH>(dy, partial, rows, channels);
  } else {
    sumColumns<1>(dy, partial, rows, channels);
  }
}

extern "C" __global__ void finish_columns(const double* partial, int groups, int channels, float* gradient) {
  __shared__ double shared[256];
  int c = firstChannel<1>();
  double sum = sumOfGroups(partial, groups, channels, c, shared);
  if (threadIdx.y == 0 && c < channels) {
    gradient[c] += (float)sum;
  }
}
