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
