// Element by element, on ranges of any alignment.

// out = f(in[0], in[1], ...) for each of n elements; out may be one of the inputs.
template <int N, typename F>
__device__ __forceinline__ void map(const Element* const (&in)[N], Element* out, long long n, F f) {
  bool wide = isAligned(out);
#pragma unroll
  for (int j = 0; j < N; j++) {
    wide = wide && isAligned(in[j]);
  }
  long long done = 0;
  if (wide) {
    long long packs = n / WIDTH;
    for (long long i = firstIndex(); i < packs; i += stride()) {
      float taken[N][WIDTH];
#pragma unroll
      for (int j = 0; j < N; j++) {
        load<WIDTH>(in[j], i * WIDTH, taken[j]);
      }
      float made[WIDTH];
#pragma unroll
      for (int k = 0; k < WIDTH; k++) {
        float values[N];
#pragma unroll
        for (int j = 0; j < N; j++) {
          values[j] = taken[j][k];
        }
        made[k] = f(values);
      }
      store<WIDTH>(out, i * WIDTH, made);
    }
    done = packs * WIDTH;
  }
  for (long long i = done + firstIndex(); i < n; i += stride()) {
    float values[N];
#pragma unroll
    for (int j = 0; j < N; j++) {
      values[j] = widen(in[j][i]);
    }
    out[i] = narrow(f(values));
  }
}

extern "C" __global__ void fill(float value, Element* y, long long n) {
  for (long long i = firstIndex(); i < n; i += stride()) {
    y[i] = narrow(value);
  }
}

// y = alpha x
extern "C" __global__ void scale(float alpha, const Element* x, Element* y, long long n) {
  const Element* const in[] = {x};
  map(in, y, n, [=](const float* v) { return alpha * v[0]; });
}

// y = alpha x + beta y
extern "C" __global__ void axpby(float alpha, const Element* x, float beta, Element* y, long long n) {
  const Element* const in[] = {x, y};
  map(in, y, n, [=](const float* v) { return alpha * v[0] + beta * v[1]; });
}

// y = alpha x + beta y, of factors [alpha, beta]; a beta of 0 overwrites whatever y holds
extern "C" __global__ void blend(const float* factors, const Element* x, Element* y, long long n) {
  float alpha = factors[0];
  float beta = factors[1];
  const Element* const in[] = {x, y};
  map(in, y, n, [=](const float* v) { return beta == 0 ? alpha * v[0] : alpha * v[0] + beta * v[1]; });
}

extern "C" __global__ void add(const Element* a, const Element* b, Element* sum, long long n) {
  const Element* const in[] = {a, b};
  map(in, sum, n, [](const float* v) { return v[0] + v[1]; });
}

// dz = dy where y > 0, else 0
extern "C" __global__ void relu_backward(const Element* dy, const Element* y, Element* dz, long long n) {
  const Element* const in[] = {dy, y};
  map(in, dz, n, [](const float* v) { return v[1] > 0 ? v[0] : 0.f; });
}

// dz = a + b where y > 0, else 0
extern "C" __global__ void add_relu_backward(const Element* a, const Element* b, const Element* y, Element* dz,
                                             long long n) {
  const Element* const in[] = {a, b, y};
  map(in, dz, n, [](const float* v) { return v[2] > 0 ? v[0] + v[1] : 0.f; });
}

// adds one value a channel to each row of y
extern "C" __global__ void add_bias(const float* bias, Element* y, long long n, int channels) {
  for (long long i = firstIndex(); i < n; i += stride()) {
    y[i] = narrow(widen(y[i]) + bias[i % channels]);
  }
}

extern "C" __global__ void to_float(const Element* x, float* y, long long n) {
  for (long long i = firstIndex(); i < n; i += stride()) {
    y[i] = widen(x[i]);
  }
}

extern "C" __global__ void from_float(const float* x, Element* y, long long n) {
  for (long long i = firstIndex(); i < n; i += stride()) {
    y[i] = narrow(x[i]);
  }
}
