// Two random views of each image: crop and resize, flip, colours, blur, solarize, normalize, in this order (Grill et
// al. 2020, appendix B); the formulas are those of org.byol4j.augment, which cites their sources. Pixels are planes of
// floats in [0,1], [view, channel, row, column], until view_finish writes [view, row, column, channel].

// what CudaViews writes down of each view
struct View {
  const unsigned char* pixels;  // the crop's first one, red
  int rowBytes;
  int height;
  int width;
  int flags;
  int order;  // the operations of colour jitter, two bits each, the first ones lowest
  float brightness;
  float contrast;
  float saturation;
  float hue;
  float sigma;
  float threshold;
  int unused;
};

constexpr int FLIPPED = 1;
constexpr int JITTERED = 2;
constexpr int GRAY = 4;
constexpr int BLURRED = 8;
constexpr int SOLARIZED = 16;

constexpr int OPERATIONS = 4;
constexpr int BRIGHTNESS = 0;
constexpr int CONTRAST = 1;
constexpr int SATURATION = 2;

constexpr int CHANNELS = 3;
constexpr float SMALLEST = 1.17549435e-38f;

// a block makes TILE x TILE pixels, ROWS of them at a time
constexpr int TILE = 32;
constexpr int ROWS = BLOCK / TILE;

struct Colour {
  float red;
  float green;
  float blue;
};

__device__ __forceinline__ float clip(float value) { return fminf(1.f, fmaxf(0.f, value)); }

__device__ __forceinline__ float grayOf(Colour c) { return .2989f * c.red + .5870f * c.green + .1140f * c.blue; }

// clip(x factor + shift)
__device__ __forceinline__ Colour scaled(Colour c, float factor, Colour shift) {
  return {clip(c.red * factor + shift.red), clip(c.green * factor + shift.green), clip(c.blue * factor + shift.blue)};
}

__device__ __forceinline__ float highest(Colour c) { return fmaxf(c.red, fmaxf(c.green, c.blue)); }

__device__ __forceinline__ float lowest(Colour c) { return fminf(c.red, fminf(c.green, c.blue)); }

__device__ Colour saturated(Colour c, float factor, bool deepmind) {
  if (deepmind) {
    float value = highest(c);
    float times = fminf(factor, value / fmaxf(value - lowest(c), SMALLEST));
    return {value - (value - c.red) * times, value - (value - c.green) * times, value - (value - c.blue) * times};
  }
  float gray = grayOf(c) * (1 - factor);
  return scaled(c, factor, {gray, gray, gray});
}

// the share of the colour's range that a channel lies below the highest; shift is -3, -5 or -7 and the turn
__device__ __forceinline__ float belowHighest(float hue, float shift) {
  float distance = fabsf(3 - fabsf(3 - fabsf(hue + shift)));
  return clip(2 - distance);
}

__device__ Colour turned(Colour c, float turn) {
  float value = highest(c);
  float low = lowest(c);
  float range = value - low;
  float hue;  // in sixths of the circle
  if (c.blue <= low) {
    hue = c.green - c.red + range;
  } else if (c.red <= low) {
    hue = c.blue - c.green + 3 * range;
  } else {
    hue = c.red - c.blue + 5 * range;
  }
  hue /= fmaxf(range, SMALLEST);
  return {value - range * belowHighest(hue, 6 * turn - 3), value - range * belowHighest(hue, 6 * turn - 5),
          value - range * belowHighest(hue, 6 * turn - 7)};
}

// any operation but contrast, which needs a mean
__device__ Colour jittered(Colour c, int operation, const View& view, bool deepmind) {
  if (operation == BRIGHTNESS) {
    float shift = deepmind ? view.brightness : 0;
    return scaled(c, deepmind ? 1 : view.brightness, {shift, shift, shift});
  }
  return operation == SATURATION ? saturated(c, view.saturation, deepmind) : turned(c, view.hue);
}

__device__ __forceinline__ int operationAt(const View& view, int place) { return view.order >> (2 * place) & 3; }

// which pixels of the crop one pixel of a line of the view is the weighted sum of
struct Taps {
  int begin;
  int end;
  float first;  // the distance of the first from the pixel's centre, in the kernel's unit
};

// as CubicAxis.set
__device__ Taps tapsOf(int i, int source, int target, bool antialias) {
  double scale = (double)source / target;
  double stretch = antialias && scale > 1 ? scale : 1;
  double support = 2 * stretch;
  double centre = (i + 0.5) * scale;
  int begin = (int)(centre - support + 0.5);
  int end = (int)(centre + support + 0.5);
  Taps taps;
  taps.begin = begin > 0 ? begin : 0;
  taps.end = end < source ? end : source;
  taps.first = (float)((taps.begin + 0.5 - centre) / stretch);
  return taps;
}

// Keys 1981, eq. 4, a = -0.5
__device__ __forceinline__ float cubic(float distance) {
  float x = fabsf(distance);
  if (x < 1) {
    return (1.5f * x - 2.5f) * x * x + 1;
  }
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5f : 0.f;
}

// Cuts the crop out, resizes and mirrors it, and goes on with the colours up to contrast, if there is jitter. A block
// of BLOCK threads for each tile, grid (tiles, views); the tile's source rows are resized to its width, ROWS at a
// time, and each thread sums up the pixels of its column that lie ROWS apart. sums: of the tile's red, green, blue.
extern "C" __global__ void view_resize(const View* views, int firstView, float* planes, double* sums, int size,
                                       int deepmind) {
  __shared__ Taps across[TILE];
  __shared__ Taps down[TILE];
  __shared__ float lines[ROWS][CHANNELS][TILE];
  __shared__ double shared[BLOCK];
  const View view = views[firstView + blockIdx.y];
  int tiles = (size + TILE - 1) / TILE;
  int left = blockIdx.x % tiles * TILE;
  int top = blockIdx.x / tiles * TILE;
  int lane = threadIdx.x % TILE;
  int line = threadIdx.x / TILE;
  int x = left + lane;
  if (line == 0) {
    int column = x < size ? x : size - 1;
    across[lane] = tapsOf(view.flags & FLIPPED ? size - 1 - column : column, view.width, size, !deepmind);
  }
  if (line == 1) {
    down[lane] = tapsOf(top + lane < size ? top + lane : size - 1, view.height, size, !deepmind);
  }
  __syncthreads();
  float stepAcross = !deepmind && view.width > size ? (float)size / view.width : 1;
  float stepDown = !deepmind && view.height > size ? (float)size / view.height : 1;
  Taps mine = across[lane];
  float total[TILE / ROWS] = {};
  Colour sum[TILE / ROWS] = {};
  int end = down[TILE - 1].end;
  for (int from = down[0].begin; from < end; from += ROWS) {
    int row = from + line;
    if (row < end && x < size) {
      const unsigned char* pixel = view.pixels + (long long)row * view.rowBytes + mine.begin * CHANNELS;
      Colour c = {0, 0, 0};
      float weights = 0;
      for (int t = 0; t < mine.end - mine.begin; t++, pixel += CHANNELS) {
        float weight = cubic(mine.first + t * stepAcross);
        weights += weight;
        c.red += weight * pixel[0];
        c.green += weight * pixel[1];
        c.blue += weight * pixel[2];
      }
      lines[line][0][lane] = c.red / weights;
      lines[line][1][lane] = c.green / weights;
      lines[line][2][lane] = c.blue / weights;
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < TILE / ROWS; j++) {
      Taps taps = down[line + j * ROWS];
      int last = taps.end < from + ROWS ? taps.end : from + ROWS;
      for (int k = taps.begin > from ? taps.begin : from; k < last; k++) {
        float weight = cubic(taps.first + (k - taps.begin) * stepDown);
        total[j] += weight;
        sum[j].red += weight * lines[k - from][0][lane];
        sum[j].green += weight * lines[k - from][1][lane];
        sum[j].blue += weight * lines[k - from][2][lane];
      }
    }
    __syncthreads();
  }
  long long pixels = (long long)size * size;
  float* to = planes + blockIdx.y * CHANNELS * pixels;
  bool jitter = view.flags & JITTERED;
  double red = 0, green = 0, blue = 0;
#pragma unroll
  for (int j = 0; j < TILE / ROWS; j++) {
    int y = top + line + j * ROWS;
    if (x >= size || y >= size) {
      continue;
    }
    Colour c = scaled(sum[j], 1 / (255 * total[j]), {0, 0, 0});
    for (int place = 0; jitter && operationAt(view, place) != CONTRAST; place++) {
      c = jittered(c, operationAt(view, place), view, deepmind);
    }
    red += c.red;
    green += c.green;
    blue += c.blue;
    long long at = (long long)y * size + x;
    to[at] = c.red;
    to[pixels + at] = c.green;
    to[2 * pixels + at] = c.blue;
  }
  if (jitter) {
    red = foldBlock(red, shared);
    green = foldBlock(green, shared);
    blue = foldBlock(blue, shared);
    if (threadIdx.x == 0) {
      double* tile = sums + ((long long)blockIdx.y * gridDim.x + blockIdx.x) * CHANNELS;
      tile[0] = red;
      tile[1] = green;
      tile[2] = blue;
    }
  }
}

// Contrast, what comes behind it, and grayscale, in place. Blocks of BLOCK threads, grid (parts of a view, views).
extern "C" __global__ void view_colour(const View* views, int firstView, float* planes, const double* sums, int tiles,
                                       int size, int deepmind) {
  __shared__ double shared[BLOCK];
  const View view = views[firstView + blockIdx.y];
  bool jitter = view.flags & JITTERED;
  if (!jitter && !(view.flags & GRAY)) {
    return;
  }
  long long pixels = (long long)size * size;
  Colour shift = {0, 0, 0};
  int next = 0;
  if (jitter) {
    double mean[CHANNELS];
    for (int channel = 0; channel < CHANNELS; channel++) {
      double sum = 0;
      for (int tile = threadIdx.x; tile < tiles; tile += BLOCK) {
        sum += sums[((long long)blockIdx.y * tiles + tile) * CHANNELS + channel];
      }
      mean[channel] = foldBlock(sum, shared) / pixels;
    }
    if (!deepmind) {
      double gray = .2989f * mean[0] + .5870f * mean[1] + .1140f * mean[2];
      mean[0] = mean[1] = mean[2] = gray;
    }
    float rest = 1 - view.contrast;
    shift = {(float)(mean[0] * rest), (float)(mean[1] * rest), (float)(mean[2] * rest)};
    while (operationAt(view, next) != CONTRAST) {
      next++;
    }
    next++;
  }
  float* plane = planes + blockIdx.y * CHANNELS * pixels;
  for (long long i = firstIndex(); i < pixels; i += stride()) {
    Colour c = {plane[i], plane[pixels + i], plane[2 * pixels + i]};
    if (jitter) {
      c = scaled(c, view.contrast, shift);
      for (int place = next; place < OPERATIONS; place++) {
        c = jittered(c, operationAt(view, place), view, deepmind);
      }
    }
    if (view.flags & GRAY) {
      float gray = grayOf(c);
      c = {gray, gray, gray};
    }
    plane[i] = c.red;
    plane[pixels + i] = c.green;
    plane[2 * pixels + i] = c.blue;
  }
}

constexpr int MOST_RADIUS = BLOCK - 1;

// The weights of a Gaussian, its centre's first, scaled so that the whole sums to 1; all threads of a block call this.
__device__ void gaussian(float sigma, int radius, float* weights) {
  int x = threadIdx.x;
  if (x <= radius) {
    weights[x] = expf(-(float)(x * x) / (2 * sigma * sigma));
  }
  __syncthreads();
  float sum = 0;
  for (int i = radius; i > 0; i--) {
    sum += 2 * weights[i];
  }
  sum += weights[0];
  __syncthreads();
  if (x <= radius) {
    weights[x] /= sum;
  }
  __syncthreads();
}

// The sum around place i of a line of `size` values that lie `step` apart; beyond its ends lie zeros, or the line's
// mirror image without its end.
__device__ float blurred(const float* line, int i, int step, int size, const float* weights, int radius, bool zeros) {
  const float* centre = line + i * step;
  float sum = weights[0] * centre[0];
  if (i >= radius && i + radius < size) {
    for (int x = 1; x <= radius; x++) {
      sum += weights[x] * (centre[-x * step] + centre[x * step]);
    }
    return sum;
  }
  for (int x = 1; x <= radius; x++) {
    int before = i - x < 0 ? x - i : i - x;
    int after = i + x < size ? i + x : 2 * (size - 1) - i - x;
    float first = zeros && i - x < 0 ? 0 : line[before * step];
    float second = zeros && i + x >= size ? 0 : line[after * step];
    sum += weights[x] * (first + second);
  }
  return sum;
}

// Blurs along rows. Blocks of BLOCK threads, grid (parts of a view, views).
extern "C" __global__ void view_blur(const View* views, int firstView, const float* planes, float* blurredPlanes,
                                     int size, int radius, int deepmind) {
  __shared__ float weights[MOST_RADIUS + 1];
  const View view = views[firstView + blockIdx.y];
  if (!(view.flags & BLURRED)) {
    return;
  }
  gaussian(view.sigma, radius, weights);
  long long values = (long long)CHANNELS * size * size;
  const float* from = planes + blockIdx.y * values;
  float* to = blurredPlanes + blockIdx.y * values;
  for (long long i = firstIndex(); i < values; i += stride()) {
    int x = (int)(i % size);
    to[i] = blurred(from + (i - x), x, 1, size, weights, radius, deepmind);
  }
}

// Blurs along columns what is blurred along rows, solarizes, clips, normalizes and writes y, [view, row,
// column, channel]. Blocks of BLOCK threads, grid (parts of a view, views).
extern "C" __global__ void view_finish(const View* views, int firstView, const float* planes,
                                       const float* blurredPlanes, Element* y, int size, int radius, int deepmind,
                                       float scaleRed, float scaleGreen, float scaleBlue, float shiftRed,
                                       float shiftGreen, float shiftBlue) {
  __shared__ float weights[MOST_RADIUS + 1];
  const View view = views[firstView + blockIdx.y];
  bool blur = view.flags & BLURRED;
  if (blur) {
    gaussian(view.sigma, radius, weights);
  }
  const float scale[CHANNELS] = {scaleRed, scaleGreen, scaleBlue};
  const float shift[CHANNELS] = {shiftRed, shiftGreen, shiftBlue};
  long long pixels = (long long)size * size;
  const float* from = (blur ? blurredPlanes : planes) + blockIdx.y * CHANNELS * pixels;
  Element* to = y + (firstView + (long long)blockIdx.y) * CHANNELS * pixels;
  for (long long i = firstIndex(); i < pixels; i += stride()) {
    int x = (int)(i % size);
    int row = (int)(i / size);
#pragma unroll
    for (int channel = 0; channel < CHANNELS; channel++) {
      const float* plane = from + channel * pixels;
      float value = blur ? blurred(plane + x, row, size, size, weights, radius, deepmind) : plane[i];
      if (view.flags & SOLARIZED && value >= view.threshold) {
        value = 1 - value;
      }
      to[i * CHANNELS + channel] = narrow(clip(value) * scale[channel] + shift[channel]);
    }
  }
}
