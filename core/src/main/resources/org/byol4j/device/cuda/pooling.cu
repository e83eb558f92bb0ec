// Pooling of images, [batch, height, width, channels]. With wide = 1 a thread has WIDTH neighbouring channels,
// else one; the bits are the same. Grids are (columns and such groups of channels, images and rows).

// a window's loads along a row that are under way before the first is used
constexpr int AHEAD = 3;

template <int W>
__device__ __forceinline__ void maxPool(const Element* x, Element* y, unsigned char* winner, int batch, int height,
                                        int width, int channels, int outHeight, int outWidth, int kernel, int step,
                                        int top, int left) {
  int groups = channels / W;
  int within = blockIdx.x * blockDim.x + threadIdx.x;
  if (within >= outWidth * groups) {
    return;
  }
  int c = within % groups * W;
  int firstColumn = within / groups * step - left;
  for (int line = blockIdx.y; line < batch * outHeight; line += gridDim.y) {
    int firstRow = line % outHeight * step - top;
    long long image = (long long)(line / outHeight) * height;
    bool found = false;
    float best[W] = {};
    Lanes<W, unsigned char> place = {};
    for (int i = 0; i < kernel; i++) {
      int row = firstRow + i;
      if (row < 0 || row >= height) {
        continue;
      }
      const Element* from = x + (image + row) * width * channels + c;
      for (int j = 0; j < kernel; j += AHEAD) {
        Lanes<W> values[AHEAD];
        bool real[AHEAD];
#pragma unroll
        for (int n = 0; n < AHEAD; n++) {
          int column = firstColumn + j + n;
          real[n] = j + n < kernel && column >= 0 && column < width;
          if (real[n]) {
            values[n] = fetch<W>(from, (long long)column * channels);
          }
        }
#pragma unroll
        for (int n = 0; n < AHEAD; n++) {
          if (!real[n]) {
            continue;
          }
#pragma unroll
          for (int k = 0; k < W; k++) {
            float value = widen(values[n].lane[k]);
            if (!found || value > best[k]) {
              best[k] = value;
              place.lane[k] = (unsigned char)(i * kernel + j + n);
            }
          }
          found = true;
        }
      }
    }
    long long at = ((long long)line * outWidth * groups + within) * W;
    store<W>(y, at, best);
    *(Lanes<W, unsigned char>*)(winner + at) = place;
  }
}

// y becomes the maximum of each window, and winner the place of the first one within it, row by row;
// padding never wins
extern "C" __global__ void max_pool(const Element* x, Element* y, unsigned char* winner, int batch, int height,
                                    int width, int channels, int outHeight, int outWidth, int kernel, int step,
                                    int top, int left, int wide) {
  if (wide) {
    maxPool<WIDTH>(x, y, winner, batch, height, width, channels, outHeight, outWidth, kernel, step, top, left);
  } else {
    maxPool<1>(x, y, winner, batch, height, width, channels, outHeight, outWidth, kernel, step, top, left);
  }
}

template <int W>
__device__ __forceinline__ void maxPoolBackward(const Element* dy, const unsigned char* winner, Element* dx, int batch,
                                                int height, int width, int channels, int outHeight, int outWidth,
                                                int kernel, int step, int top, int left) {
  int groups = channels / W;
  int within = blockIdx.x * blockDim.x + threadIdx.x;
  if (within >= width * groups) {
    return;
  }
  int c = within % groups * W;
  int column = within / groups + left;
  int firstColumn = column < kernel ? 0 : (column - kernel) / step + 1;
  int lastColumn = column / step < outWidth ? column / step : outWidth - 1;
  for (int line = blockIdx.y; line < batch * height; line += gridDim.y) {
    int row = line % height + top;
    int firstRow = row < kernel ? 0 : (row - kernel) / step + 1;
    int lastRow = row / step < outHeight ? row / step : outHeight - 1;
    long long image = (long long)(line / height) * outHeight;
    float sum[W] = {};
    for (int i = firstRow; i <= lastRow; i++) {
      long long from = (image + i) * outWidth * channels + c;
      for (int j = firstColumn; j <= lastColumn; j += AHEAD) {
        Lanes<W> gradients[AHEAD];
        Lanes<W, unsigned char> winners[AHEAD];
#pragma unroll
        for (int n = 0; n < AHEAD; n++) {
          if (j + n <= lastColumn) {
            winners[n] = fetch<W>(winner, from + (long long)(j + n) * channels);
            gradients[n] = fetch<W>(dy, from + (long long)(j + n) * channels);
          }
        }
#pragma unroll
        for (int n = 0; n < AHEAD; n++) {
          if (j + n > lastColumn) {
            continue;
          }
          int place = (row - i * step) * kernel + (column - (j + n) * step);
#pragma unroll
          for (int k = 0; k < W; k++) {
            float gradient = widen(gradients[n].lane[k]);
            sum[k] = winners[n].lane[k] == place ? sum[k] + gradient : sum[k];
          }
        }
      }
    }
    store<W>(dx, ((long long)line * width * groups + within) * W, sum);
  }
}

// each pixel of x collects the gradients of the windows that it won, in their order
extern "C" __global__ void max_pool_backward(const Element* dy, const unsigned char* winner, Element* dx, int batch,
                                             int height, int width, int channels, int outHeight, int outWidth,
                                             int kernel, int step, int top, int left, int wide) {
  if (wide) {
    maxPoolBackward<WIDTH>(dy, winner, dx, batch, height, width, channels, outHeight, outWidth, kernel, step, top,
                           left);
  } else {
    maxPoolBackward<1>(dy, winner, dx, batch, height, width, channels, outHeight, outWidth, kernel, step, top, left);
  }
}

template <int W>
__device__ __forceinline__ void averagePool(const Element* x, Element* y, int batch, int pixels, int channels) {
  int c = (blockIdx.x * blockDim.x + threadIdx.x) * W;
  if (c >= channels) {
    return;
  }
  for (int image = blockIdx.y; image < batch; image += gridDim.y) {
    float sum[W] = {};
#pragma unroll 4
    for (int pixel = 0; pixel < pixels; pixel++) {
      float values[W];
      load<W>(x, ((long long)image * pixels + pixel) * channels + c, values);
#pragma unroll
      for (int k = 0; k < W; k++) {
        sum[k] += values[k];
      }
    }
#pragma unroll
    for (int k = 0; k < W; k++) {
      sum[k] /= pixels;
    }
    store<W>(y, (long long)image * channels + c, sum);
  }
}

// y: [batch, channels], the mean over the pixels; grid (groups of channels, images)
extern "C" __global__ void average_pool(const Element* x, Element* y, int batch, int pixels, int channels, int wide) {
  if (wide) {
    averagePool<WIDTH>(x, y, batch, pixels, channels);
  } else {
    averagePool<1>(x, y, batch, pixels, channels);
  }
}

template <int W>
__device__ __forceinline__ void averagePoolBackward(const Element* dy, Element* dx, int batch, int pixels,
                                                    int channels) {
  int c = (blockIdx.x * blockDim.x + threadIdx.x) * W;
  if (c >= channels) {
    return;
  }
  for (int image = blockIdx.y; image < batch; image += gridDim.y) {
    float share[W];
    load<W>(dy, (long long)image * channels + c, share);
#pragma unroll
    for (int k = 0; k < W; k++) {
      share[k] /= pixels;
    }
    for (int pixel = 0; pixel < pixels; pixel++) {
      store<W>(dx, ((long long)image * pixels + pixel) * channels + c, share);
    }
  }
}

extern "C" __global__ void average_pool_backward(const Element* dy, Element* dx, int batch, int pixels, int channels,
                                                 int wide) {
  if (wide) {
    averagePoolBackward<WIDTH>(dy, dx, batch, pixels, channels);
  } else {
    averagePoolBackward<1>(dy, dx, batch, pixels, channels);
  }
}
