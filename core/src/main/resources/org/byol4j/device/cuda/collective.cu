// Sums over replicas.

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
