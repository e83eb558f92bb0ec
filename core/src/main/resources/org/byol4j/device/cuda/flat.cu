// Ranges of flat buffers: sums, and the optimizer's step.

// One sum of each block, in double; sum_partials adds them up. Blocks have BLOCK threads.
extern "C" __global__ void dot(const Element* a, const Element* b, double* partial, long long n) {
  __shared__ double shared[BLOCK];
  double sum = 0;
  for (long long i = firstIndex(); i < n; i += stride()) {
    sum += (double)widen(a[i]) * widen(b[i]);
  }
  sum = foldBlock(sum, shared);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
  }
}

// one block
extern "C" __global__ void sum_partials(const double* partial, int count, double* result) {
  __shared__ double shared[BLOCK];
  double sum = 0;
  for (int i = threadIdx.x; i < count; i += BLOCK) {
    sum += partial[i];
  }
  sum = foldBlock(sum, shared);
  if (threadIdx.x == 0) {
    *result = sum;
  }
}

// m = momentumDecay m + trust (g + weightDecay p); p = p - learningRate m
extern "C" __global__ void update(float momentumDecay, float trust, float weightDecay, float learningRate,
                                  const float* gradients, float* momentum, float* weights, long long n) {
  for (long long i = firstIndex(); i < n; i += stride()) {
    float p = weights[i];
    float m = momentumDecay * momentum[i] + trust * (gradients[i] + weightDecay * p);
    momentum[i] = m;
    weights[i] = p - learningRate * m;
  }
}

// Many ranges at once. A block has one piece of a range: pieces are [range, first element] each.
constexpr long long PIECE = 8192;

__device__ __forceinline__ long long endOfPiece(long long first, long long length) {
  return first + PIECE < length ? first + PIECE : length;
}

// The sum of a * b of each piece, in double; factors are [a, b, length] each.
extern "C" __global__ void dots(const long long* factors, const long long* pieces, double* partial) {
  __shared__ double shared[BLOCK];
  const long long* piece = pieces + 2LL * blockIdx.x;
  const long long* factor = factors + 3 * piece[0];
  const Element* a = (const Element*)factor[0];
  const Element* b = (const Element*)factor[1];
  long long end = endOfPiece(piece[1], factor[2]);
  double sum = 0;
  for (long long i = piece[1] + threadIdx.x; i < end; i += BLOCK) {
    sum += (double)widen(a[i]) * widen(b[i]);
  }
  sum = foldBlock(sum, shared);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
  }
}

// A block for each range; its pieces are those from first[range] up to first[range + 1].
extern "C" __global__ void finish_dots(const double* partial, const long long* first, double* sums) {
  __shared__ double shared[BLOCK];
  double sum = 0;
  for (long long i = first[blockIdx.x] + threadIdx.x; i < first[blockIdx.x + 1]; i += BLOCK) {
    sum += partial[i];
  }
  sum = foldBlock(sum, shared);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = sum;
  }
}

// What update does, for ranges of [gradients, momentum, weights, length] each. The coefficients are
// momentumDecay and learningRate, then trust and weightDecay of each range.
extern "C" __global__ void updates(const long long* ranges, const long long* pieces, const float* coefficients) {
  const long long* piece = pieces + 2LL * blockIdx.x;
  const long long* range = ranges + 4 * piece[0];
  const float* gradients = (const float*)range[0];
  float* momentum = (float*)range[1];
  float* weights = (float*)range[2];
  float momentumDecay = coefficients[0];
  float learningRate = coefficients[1];
  float trust = coefficients[2 + 2 * piece[0]];
  float weightDecay = coefficients[3 + 2 * piece[0]];
  long long end = endOfPiece(piece[1], range[3]);
  for (long long i = piece[1] + threadIdx.x; i < end; i += BLOCK) {
    float p = weights[i];
    float m = momentumDecay * momentum[i] + trust * (gradients[i] + weightDecay * p);
    momentum[i] = m;
    weights[i] = p - learningRate * m;
  }
}

// A block for each of several rows of numbers, [from, length, where they go] each.
extern "C" __global__ void gather(const long long* rows, double* to) {
  const long long* row = rows + 3LL * blockIdx.x;
  const double* from = (const double*)row[0];
  for (long long i = threadIdx.x; i < row[1]; i += BLOCK) {
    to[row[2] + i] = from[i];
  }
}
