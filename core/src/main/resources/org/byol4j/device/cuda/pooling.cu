// Pooling of images, [batch, height, width, channels]. Grids are (columns and channels, images and rows).

// y becomes the maximum of each window, and winner the place of the first one within it, row by row;
// padding never wins
extern "C" __global__ void max_pool(const Element* x, Element* y, unsigned char* winner, int batch, int height,
                                    int width, int channels, int outHeight, int outWidth, int kernel, int step,
                                    int top, int left) {
  int within = blockIdx.x * blockDim.x + threadIdx.x;
  if (within >= outWidth * channels) {
    return;
  }
  int c = within % channels;
  int firstColumn = within / channels * step - left;
  for (int line = blockIdx.y; line < batch * outHeight; line += gridDim.y) {
    int firstRow = line % outHeight * step - top;
    long long image = (long long)(line / outHeight) * height;
    bool found = false;
    float best = 0;
    int place = 0;
    for (int i = 0; i < kernel; i++) {
      for (int j = 0; j < kernel; j++) {
        int row = firstRow + i;
        int column = firstColumn + j;
        if (row < 0 || row >= height || column < 0 || column >= width) {
          continue;
        }
        float value = widen(x[((image + row) * width + column) * channels + c]);
        if (!found || value > best) {
          found = true;
          best = value;
          place = i * kernel + j;
        }
      }
    }
    long long at = (long long)line * outWidth * channels + within;
    y[at] = narrow(best);
    winner[at] = (unsigned char)place;
  }
}

// each pixel of x collects the gradients of the windows that it won, in their order
extern "C" __global__ void max_pool_backward(const Element* dy, const unsigned char* winner, Element* dx, int batch,
                                             int height, int width, int channels, int outHeight, int outWidth,
                                             int kernel, int step, int top, int left) {
  int within = blockIdx.x * blockDim.x + threadIdx.x;
  if (within >= width * channels) {
    return;
  }
  int c = within % channels;
  int column = within / channels + left;
  int firstColumn = column < kernel ? 0 : (column - kernel) / step + 1;
  int lastColumn = column / step < outWidth ? column / step : outWidth - 1;
  for (int line = blockIdx.y; line < batch * height; line += gridDim.y) {
    int row = line % height + top;
    int firstRow = row < kernel ? 0 : (row - kernel) / step + 1;
    int lastRow = row / step < outHeight ? row / step : outHeight - 1;
    long long image = (long long)(line / height) * outHeight;
    float sum = 0;
    for (int i = firstRow; i <= lastRow; i++) {
      for (int j = firstColumn; j <= lastColumn; j++) {
        long long at = ((image + i) * outWidth + j) * channels + c;
        if (winner[at] == (row - i * step) * kernel + (column - j * step)) {
          sum += widen(dy[at]);
        }
      }
    }
    dx[(long long)line * width * channels + within] = narrow(sum);
  }
}

// y: [batch, channels], the mean over the pixels; grid (channels, images)
extern "C" __global__ void average_pool(const Element* x, Element* y, int batch, int pixels, int channels) {
  int c = blockIdx.x * blockDim.x + threadIdx.x;
  if (c >= channels) {
    return;
  }
  for (int image = blockIdx.y; image < batch; image += gridDim.y) {
    float sum = 0;
    for (int pixel = 0; pixel < pixels; pixel++) {
      sum += widen(x[((long long)image * pixels + pixel) * channels + c]);
    }
    y[(long long)image * channels + c] = narrow(sum / pixels);
  }
}

extern "C" __global__ void average_pool_backward(const Element* dy, Element* dx, int batch, int pixels, int channels) {
  int c = blockIdx.x * blockDim.x + threadIdx.x;
  if (c >= channels) {
    return;
  }
  for (int image = blockIdx.y; image < batch; image += gridDim.y) {
    Element share = narrow(widen(dy[(long long)image * channels + c]) / pixels);
    for (int pixel = 0; pixel < pixels; pixel++) {
      dx[((long long)image * pixels + pixel) * channels + c] = share;
    }
  }
}
