// BYOL's loss of one view (Grill et al. 2020, eq. 2) and its gradient, in double: with p = q/|q| and
// t = z/|z| a row's loss is 2 - 2 p.t, and its gradient with respect to q is 2 ((p.t) p - t) / |q|.

// below this, the square of a row's length counts as this much, and not as a variable
constexpr double LEAST_SQUARE = 1e-12;

// a block of BLOCK threads for each row; losses: one of each row
extern "C" __global__ void regression_loss(const Element* prediction, const Element* projection, double factor,
                                           Element* gradient, double* losses, int channels) {
  __shared__ double shared[BLOCK];
  const Element* q = prediction + (long long)blockIdx.x * channels;
  const Element* z = projection + (long long)blockIdx.x * channels;
  double qq = 0, zz = 0, qz = 0;
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
