// Convolutions from their definition, in double; what a library does on a GPU. Images [n, h, w, c],
// filters [k, taps, c].

struct Extent {
  int n, h, w, c, outH, outW, k, kernel, stride, top, left;
};

// f(image pixel, tap, output pixel) for each that meet
template <typename F>
static void eachMeeting(const Extent& e, F f) {
  for (int n = 0; n < e.n; n++) {
    for (int i = 0; i < e.outH; i++) {
      for (int j = 0; j < e.outW; j++) {
        for (int tap = 0; tap < e.kernel * e.kernel; tap++) {
          int row = i * e.stride - e.top + tap / e.kernel;
          int column = j * e.stride - e.left + tap % e.kernel;
          if (row >= 0 && row < e.h && column >= 0 && column < e.w) {
            f(((long long)n * e.h + row) * e.w + column, tap, ((long long)n * e.outH + i) * e.outW + j);
          }
        }
      }
    }
  }
}

template <typename T>
static double* widened(const T* from, long long count) {
  double* to = (double*)std::malloc(count * sizeof(double));
  for (long long i = 0; i < count; i++) {
    to[i] = widen(from[i]);
  }
  return to;
}

static double* zeros(long long count) { return (double*)std::calloc(count, sizeof(double)); }

// direction: 0 makes y, 1 x, 2 w, 3 w in float32 whatever the rest is of, added to what is there
EXPORTED void convolve(int direction, Element* x, Element* w, Element* y, int n, int h, int width, int c, int outH,
                         int outW, int k, int kernel, int stride, int top, int left) {
  Extent e = {n, h, width, c, outH, outW, k, kernel, stride, top, left};
  int taps = kernel * kernel;
  long long images = (long long)n * h * width * c, results = (long long)n * outH * outW * k;
  long long filters = (long long)k * taps * c;
  double* image = direction == 1 ? zeros(images) : widened(x, images);
  double* filter = direction >= 2 ? zeros(filters) : widened(w, filters);
  double* result = direction == 0 ? zeros(results) : widened(y, results);
  eachMeeting(e, [&](long long in, int tap, long long out) {
    for (int o = 0; o < k; o++) {
      double* pixel = image + in * c;
      double* weights = filter + ((long long)o * taps + tap) * c;
      double& made = result[out * k + o];
      if (direction == 0) {
        double sum = 0;
        for (int i = 0; i < c; i++) {
          sum += pixel[i] * weights[i];
        }
        made += sum;
      } else if (direction == 1) {
        for (int i = 0; i < c; i++) {
          pixel[i] += made * weights[i];
        }
      } else {
        for (int i = 0; i < c; i++) {
          weights[i] += made * pixel[i];
        }
      }
    }
  });
  if (direction == 0) {
    for (long long i = 0; i < results; i++) y[i] = narrow((float)result[i]);
  } else if (direction == 1) {
    for (long long i = 0; i < images; i++) x[i] = narrow((float)image[i]);
  } else if (direction == 2) {
    for (long long i = 0; i < filters; i++) w[i] = narrow((float)filter[i]);
  } else {
    for (long long i = 0; i < filters; i++) ((float*)w)[i] += (float)filter[i];
  }
  std::free(image);
  std::free(filter);
  std::free(result);
}

// x = gradient of the images + addend where mask > 0, else 0; rounded once, as a fusion does
EXPORTED void convolve_masked(Element* x, Element* w, Element* y, Element* addend, Element* mask, int n, int h,
                                int width, int c, int outH, int outW, int k, int kernel, int stride, int top,
                                int left) {
  Extent e = {n, h, width, c, outH, outW, k, kernel, stride, top, left};
  int taps = kernel * kernel;
  long long images = (long long)n * h * width * c, results = (long long)n * outH * outW * k;
  double* image = widened(addend, images);
  double* filter = widened(w, (long long)k * taps * c);
  double* result = widened(y, results);
  eachMeeting(e, [&](long long in, int tap, long long out) {
    for (int o = 0; o < k; o++) {
      for (int i = 0; i < c; i++) {
        image[in * c + i] += result[out * k + o] * filter[((long long)o * taps + tap) * c + i];
      }
    }
  });
  for (long long i = 0; i < images; i++) x[i] = narrow(widen(mask[i]) > 0 ? (float)image[i] : 0.f);
  std::free(image);
  std::free(filter);
  std::free(result);
}
