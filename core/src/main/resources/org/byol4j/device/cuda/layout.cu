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

// Puts images [batch, height, width, channels] into others of the extent toHeight, toWidth, toChannels, the first
// pixel at (top, left), which may be negative; what is not covered becomes 0. Grid (columns and channels, rows).
extern "C" __global__ void place(const Element* x, Element* y, int batch, int height, int width, int channels,
                                 int toHeight, int toWidth, int toChannels, int top, int left) {
  int within = blockIdx.x * blockDim.x + threadIdx.x;
  if (within >= toWidth * toChannels) {
    return;
  }
  int c = within % toChannels;
  int column = within / toChannels - left;
  bool inside = c < channels && column >= 0 && column < width;
  for (int line = blockIdx.y; line < batch * toHeight; line += gridDim.y) {
    int row = line % toHeight - top;
    bool real = inside && row >= 0 && row < height;
    long long from = (((long long)(line / toHeight) * height + row) * width + column) * channels + c;
    y[(long long)line * toWidth * toChannels + within] = real ? x[from] : narrow(0.f);
  }
}
