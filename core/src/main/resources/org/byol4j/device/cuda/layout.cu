// Between the layouts of the network and those that convolutions want.

// Weights [outputs, inputs, taps] to [outputsTo, taps, inputsTo], what is beyond them 0.
extern "C" __global__ void pack_filters(const float* weights, Element* packed, int outputs, int inputs, int taps,
                                        int outputsTo, int inputsTo) {
  long long n = (long long)outputsTo * taps * inputsTo;
  for (long long i = firstIndex(); i < n; i += stride()) {
    int input = (int)(i % inputsTo);
    int tap = (int)(i / inputsTo % taps);
    int output = (int)(i / inputsTo / taps);
    bool real = input < inputs && output < outputs;
    packed[i] = narrow(real ? weights[((long long)output * inputs + input) * taps + tap] : 0.f);
  }
}

// Adds gradients [.., taps, inputsFrom] to those of the weights, [outputs, inputs, taps].
extern "C" __global__ void add_filters(const Element* packed, float* gradient, int outputs, int inputs, int taps,
                                       int inputsFrom) {
  long long n = (long long)outputs * taps * inputs;
  for (long long i = firstIndex(); i < n; i += stride()) {
    int tap = (int)(i % taps);
    int input = (int)(i / taps % inputs);
    int output = (int)(i / taps / inputs);
    gradient[i] += widen(packed[((long long)output * taps + tap) * inputsFrom + input]);
  }
}

template <int W>
__device__ __forceinline__ void placeImages(const Element* x, Element* y, int batch, int height, int width,
                                            int channels, int toHeight, int toWidth, int toChannels, int top, int left,
                                            bool wideFrom) {
  int groups = toChannels / W;
  int within = blockIdx.x * blockDim.x + threadIdx.x;
  if (within >= toWidth * groups) {
    return;
  }
  int c = within % groups * W;
  int column = within / groups - left;
  bool inside = c < channels && column >= 0 && column < width;
  for (int line = blockIdx.y; line < batch * toHeight; line += gridDim.y) {
    int row = line % toHeight - top;
    Lanes<W> values;
    if (!inside || row < 0 || row >= height) {
#pragma unroll
      for (int k = 0; k < W; k++) {
        values.lane[k] = narrow(0.f);
      }
    } else {
      long long from = (((long long)(line / toHeight) * height + row) * width + column) * channels + c;
      if (wideFrom) {
        values = fetch<W>(x, from);
      } else {
#pragma unroll
        for (int k = 0; k < W; k++) {
          values.lane[k] = c + k < channels ? x[from + k] : narrow(0.f);
        }
      }
    }
    *(Lanes<W>*)(y + ((long long)line * toWidth * groups + within) * W) = values;
  }
}

// Puts images [batch, height, width, channels] into others of the extent toHeight, toWidth, toChannels, the first
// pixel at (top, left), which may be negative; what is not covered becomes 0. Grid (columns and groups of channels,
// rows): with wide = 1 a thread writes WIDTH neighbouring channels, else one; with wideFrom = 1 it also reads so.
extern "C" __global__ void place(const Element* x, Element* y, int batch, int height, int width, int channels,
                                 int toHeight, int toWidth, int toChannels, int top, int left, int wide, int wideFrom) {
  if (wide) {
    placeImages<WIDTH>(x, y, batch, height, width, channels, toHeight, toWidth, toChannels, top, left, wideFrom);
  } else {
    placeImages<1>(x, y, batch, height, width, channels, toHeight, toWidth, toChannels, top, left, false);
  }
}
