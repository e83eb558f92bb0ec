// Sums and statistics over replicas.

// own = ((r0 + r1) + r2) + ..., where this replica's term is own and the others' are at
// others + stride * their rank, less one behind this rank
extern "C" __global__ void rank_order_sum(float* own, const float* others, long long gap, int rank, int size,
                                          long long n) {
  for (long long i = firstIndex(); i < n; i += stride()) {
    float mine = own[i];
    float sum = rank == 0 ? mine : others[i];
    for (int r = 1; r < size; r++) {
      sum += r == rank ? mine : others[(r < rank ? r : r - 1) * gap + i];
    }
    own[i] = sum;
  }
}

// sums = ((r0 + r1) + r2) + ... of [size, n]
extern "C" __global__ void rank_order_sum_of_parts(const double* parts, int size, int n, double* sums) {
  for (long long i = firstIndex(); i < n; i += stride()) {
    double sum = parts[i];
    for (int r = 1; r < size; r++) {
      sum += parts[(long long)r * n + i];
    }
    sums[i] = sum;
  }
}

// Mean and biased variance over the rows of all replicas, [2, channels], from the mean of each and its sum
// of squared differences, [size, 2, channels] (Chan et al. 1979, pairwise update, in rank order). Every
// product and sum is rounded, none is fused: the bits are those of nn.Normalization on the host.
extern "C" __global__ void merge_moments(const double* parts, const double* rows, int size, int channels,
                                         double* statistics) {
  for (long long c = firstIndex(); c < channels; c += stride()) {
    double count = rows[0];
    double mean = parts[c];
    double squares = parts[channels + c];
    for (int r = 1; r < size; r++) {
      const double* part = parts + (long long)r * 2 * channels;
      double more = rows[r];
      double total = count + more;
      double delta = part[c] - mean;
      mean = __dadd_rn(mean, __ddiv_rn(__dmul_rn(delta, more), total));
      double between = __ddiv_rn(__dmul_rn(__dmul_rn(__dmul_rn(delta, delta), count), more), total);
      squares = __dadd_rn(squares, __dadd_rn(part[channels + c], between));
      count = total;
    }
    statistics[c] = mean;
    statistics[channels + c] = squares / count;
  }
}
