package org.byol4j.eval;

/**
 * The eigenvalues of a symmetric matrix, without the vectors: Householder's reduction to three
 * diagonals, then QL steps with implicit shifts (Golub and Van Loan, Matrix Computations, 4th
 * edition, sections 8.3.1 and 8.3.3).
 */
final class SymmetricEigenvalues {
  private static final int MAX_STEPS = 60;

  private SymmetricEigenvalues() {}

  /** The eigenvalues of {@code a} in no order; {@code a} is overwritten. */
  static double[] of(double[][] a) {
    int n = a.length;
    double[] diagonal = new double[n];
    double[] beside = new double[n];
    for (int k = 0; k < n - 1; k++) {
      diagonal[k] = a[k][k];
      beside[k] = reflect(a, k);
    }
    diagonal[n - 1] = a[n - 1][n - 1];
    iterate(diagonal, beside);
    return diagonal;
  }

  /**
   * Applies to both sides, from index {@code k + 1} on, the reflection that leaves of column {@code
   * k} only its first value below the diagonal; returns that value.
   */
  private static double reflect(double[][] a, int k) {
    int n = a.length;
    double square = 0;
    for (int i = k + 1; i < n; i++) {
      square += a[i][k] * a[i][k];
    }
    double norm = Math.sqrt(square);
    double first = a[k + 1][k];
    double beside = first > 0 ? -norm : norm;
    // v = x - beside e1, and |v|^2 / 2:
    double half = square - first * beside;
    if (half == 0) {
      return beside;
    }
    double[] v = new double[n];
    for (int i = k + 1; i < n; i++) {
      v[i] = a[i][k];
    }
    v[k + 1] -= beside;
    // A' = A - v w^T - w v^T with p = A v / half and w = p - (p v / 2 half) v
    double[] w = new double[n];
    double overlap = 0;
    for (int i = k + 1; i < n; i++) {
      double sum = 0;
      for (int j = k + 1; j < n; j++) {
        sum += a[i][j] * v[j];
      }
      w[i] = sum / half;
      overlap += w[i] * v[i];
    }
    for (int i = k + 1; i < n; i++) {
      w[i] -= overlap / (2 * half) * v[i];
    }
    for (int i = k + 1; i < n; i++) {
      for (int j = k + 1; j < n; j++) {
        a[i][j] -= v[i] * w[j] + w[i] * v[j];
      }
    }
    return beside;
  }

  /** Turns the diagonal into the eigenvalues, one after the other from the front. */
  private static void iterate(double[] d, double[] e) {
    for (int front = 0; front < d.length; front++) {
      int steps = 0;
      for (int end = blockEnd(d, e, front); end > front; end = blockEnd(d, e, front)) {
        if (++steps > MAX_STEPS) {
          throw new ArithmeticException(
              "eigenvalue=%d not found in steps=%d, expected finite values"
                  .formatted(front, MAX_STEPS));
        }
        step(d, e, front, end);
      }
    }
  }

  /** The last index of the block that begins at {@code front}: beside it there is nothing. */
  private static int blockEnd(double[] d, double[] e, int front) {
    int end = front;
    while (end < d.length - 1) {
      double scale = Math.abs(d[end]) + Math.abs(d[end + 1]);
      if (Math.abs(e[end]) <= Math.ulp(scale)) {
        break;
      }
      end++;
    }
    return end;
  }

  /** One QL step on the block, shifted by Wilkinson's guess of the eigenvalue at its front. */
  private static void step(double[] d, double[] e, int front, int end) {
    double half = (d[front + 1] - d[front]) / (2 * e[front]);
    double root = Math.hypot(half, 1);
    double shifted = d[end] - d[front] + e[front] / (half + Math.copySign(root, half));
    double sine = 1;
    double cosine = 1;
    double carried = 0;
    for (int i = end - 1; i >= front; i--) {
      double above = sine * e[i];
      double beside = cosine * e[i];
      double length = Math.hypot(above, shifted);
      e[i + 1] = length;
      if (length == 0) {
        // the block has fallen apart here
        d[i + 1] -= carried;
        e[end] = 0;
        return;
      }
      sine = above / length;
      cosine = shifted / length;
      double rest = d[i + 1] - carried;
      double turned = (d[i] - rest) * sine + 2 * cosine * beside;
      carried = sine * turned;
      d[i + 1] = rest + carried;
      shifted = cosine * turned - beside;
    }
    d[front] -= carried;
    e[front] = shifted;
    e[end] = 0;
  }
}
