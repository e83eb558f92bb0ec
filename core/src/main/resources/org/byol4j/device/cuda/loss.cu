// BYOL's loss of one view (Grill et al. 2020, eq. 2) and its gradient, in double: with p = q/|q| and
// t = z/|z| a row's loss is 2 - 2 p.t, and its gradient with respect to q is 2 ((p.t) p - t) / |q|.

// below this, the square of a row's length counts as this much, and not as a variable
constexpr double LEAST_SQUARE = 1e-12;

// the sums of q * q, z * z and q * z over a row's channels, for all threads of a block
__device__ __forceinline__ void products(const Element* q, const Element* z, int channels, double* shared, double& qq,
                                         double& zz, double& qz) {
  qq = zz = qz = 0;
  for (int c = threadIdx.x; c < channels; c += BLOCK) {
    double a = widen(q[c]);
    double b = widen(z[c]);
    qq += a * a;
    zz += b * b;
    qz += a * b;
  }
  qq = foldBlock(qq, shared);
  zz = foldBlock(zz, shared);
  qz = foldBlock(qz, shared);
}

// a block of BLOCK threads for each row; losses: one of each row
extern "C" __global__ void regression_loss(const Element* prediction, const Element* projection, double factor,
                                           Element* gradient, double* losses, int channels) {
  __shared__ double shared[BLOCK];
  const Element* q = prediction + (long long)blockIdx.x * channels;
  const Element* z = projection + (long long)blockIdx.x * channels;
  double qq, zz, qz;
  products(q, z, channels, shared, qq, zz, qz);
  double perQ = 1 / sqrt(qq > LEAST_SQUARE ? qq : LEAST_SQUARE);
  double perZ = 1 / sqrt(zz > LEAST_SQUARE ? zz : LEAST_SQUARE);
  double cosine = qz * perQ * perZ;
  double onQ = 2 * factor * (qq < LEAST_SQUARE ? 1 : cosine) * perQ * perQ;
  double onZ = -2 * factor * perQ * perZ;
  Element* to = gradient + (long long)blockIdx.x * channels;
  for (int c = threadIdx.x; c < channels; c += BLOCK) {
    to[c] = narrow((float)(onQ * widen(q[c]) + onZ * widen(z[c])));
  }
  if (threadIdx.x == 0) {
    losses[blockIdx.x] = qq * perQ * perQ + zz * perZ * perZ - 2 * cosine;
  }
}

// 1 over the root of a square of a length, that of a value that is none too
__device__ __forceinline__ double inverseRoot(double square) {
  return 1 / sqrt(square < LEAST_SQUARE ? LEAST_SQUARE : square);
}

// a block of BLOCK threads for each row; ofRows: [2, rows], the cosine between prediction and projection, and 1 over
// the projection's length
extern "C" __global__ void projection_rows(const Element* prediction, const Element* projection, double* ofRows,
                                           int rows, int channels) {
  __shared__ double shared[BLOCK];
  const Element* q = prediction + (long long)blockIdx.x * channels;
  const Element* z = projection + (long long)blockIdx.x * channels;
  double qq, zz, qz;
  products(q, z, channels, shared, qq, zz, qz);
  if (threadIdx.x == 0) {
    ofRows[blockIdx.x] = qz * inverseRoot(qq) * inverseRoot(zz);
    ofRows[rows + blockIdx.x] = inverseRoot(zz);
  }
}

// Blocks of 32 channels and 32 shares of the rows. result: the rows, a place for the sum of cosines, then of each
// channel the sum of the normalized projections, then of each the sum of their squares.
extern "C" __launch_bounds__(1024)
__global__ void projection_columns(const Element* projection, const double* ofRows, int rows, int channels,
                                   double* result) {
  __shared__ double shared[1024];
  int c = blockIdx.x * blockDim.x + threadIdx.x;
  double sum[1] = {0}, squares[1] = {0};
  if (c < channels) {
    for (int row = threadIdx.y; row < rows; row += blockDim.y) {
      double value = widen(projection[(long long)row * channels + c]) * ofRows[rows + row];
      sum[0] += value;
      squares[0] += value * value;
    }
  }
  foldColumns<1>(sum, shared);
  foldColumns<1>(squares, shared);
  if (threadIdx.y != 0 || c >= channels) {
    return;
  }
  if (c == 0) {
    result[0] = rows;
  }
  result[2 + c] = sum[0];
  result[2 + channels + c] = squares[0];
}
