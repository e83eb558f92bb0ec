package org.byol4j.device.onednn;

import java.util.Arrays;

/**
 * Loops over whole tensors as flat arrays. Elements are independent of one another, except in
 * {@link #dot}, which sums pieces of a fixed length in their order: the same bits for any number of
 * threads.
 */
final class FlatOperations {

  /** Elements of a piece; a multiple of the tile. */
  private static final int PIECE = 64 * Tiles.LENGTH;

  private final Tiles tiles;

  /** The loop that is running: a device runs one at a time. */
  private NativeTensor first;

  private NativeTensor second;
  private NativeTensor third;
  private float alpha;
  private float beta;
  private float gamma;
  private float delta;
  private double[] sums = new double[1];

  private final Workers.Task axpbyPiece = this::axpby;
  private final Workers.Task dotPiece = this::dot;
  private final Workers.Task updatePiece = this::update;
  private final Workers.Task fillPiece = this::fill;
  private final Workers.Task copyPiece = this::copy;

  FlatOperations(Engine engine) {
    this.tiles = engine.tiles();
  }

  void fill(double value, NativeTensor tensor) {
    begin(tensor, tensor, tensor);
    alpha = (float) value;
    run(fillPiece);
    tensor.memory().changed();
  }

  void copy(NativeTensor from, NativeTensor to) {
    begin(to, from, from);
    run(copyPiece);
    to.memory().changed();
  }

  void axpby(double a, NativeTensor x, double b, NativeTensor y) {
    begin(y, x, x);
    alpha = (float) a;
    beta = (float) b;
    run(axpbyPiece);
    y.memory().changed();
  }

  double dot(NativeTensor a, NativeTensor b) {
    begin(a, b, b);
    int pieces = pieces();
    if (sums.length < pieces) {
      sums = new double[pieces];
    }
    run(dotPiece);
    double sum = 0;
    for (int i = 0; i < pieces; i++) {
      sum += sums[i];
    }
    return sum;
  }

  void update(
      double momentumDecay,
      double trust,
      double weightDecay,
      double learningRate,
      NativeTensor gradients,
      NativeTensor m,
      NativeTensor weights) {
    begin(weights, gradients, m);
    alpha = (float) momentumDecay;
    beta = (float) trust;
    gamma = (float) weightDecay;
    delta = (float) learningRate;
    run(updatePiece);
    m.memory().changed();
    weights.memory().changed();
  }

  private void begin(NativeTensor a, NativeTensor b, NativeTensor c) {
    a.memory().requireOpen();
    b.memory().requireOpen();
    c.memory().requireOpen();
    requireSameLength(a, b);
    requireSameLength(a, c);
    first = a;
    second = b;
    third = c;
  }

  private static void requireSameLength(NativeTensor a, NativeTensor b) {
    if (a.elements() != b.elements()) {
      throw new IllegalArgumentException(
          "tensors of different lengths: %s has elements=%d, %s has elements=%d"
              .formatted(a.shape(), a.elements(), b.shape(), b.elements()));
    }
  }

  private int pieces() {
    return (int) ((first.elements() + PIECE - 1) / PIECE);
  }

  private void run(Workers.Task task) {
    tiles.run(task, pieces(), first.elements());
  }

  private void fill(int piece, int worker) {
    float[] tile = tiles.array(worker, 0);
    Arrays.fill(tile, 0, Tiles.LENGTH, alpha);
    long end = end(piece);
    for (long at = (long) piece * PIECE; at < end; at += Tiles.LENGTH) {
      first.put(at, tile, (int) Math.min(Tiles.LENGTH, end - at));
    }
  }

  private void copy(int piece, int worker) {
    float[] tile = tiles.array(worker, 0);
    long end = end(piece);
    for (long at = (long) piece * PIECE; at < end; at += Tiles.LENGTH) {
      int count = (int) Math.min(Tiles.LENGTH, end - at);
      second.get(at, tile, count);
      first.put(at, tile, count);
    }
  }

  private void axpby(int piece, int worker) {
    float[] y = tiles.array(worker, 0);
    float[] x = tiles.array(worker, 1);
    long end = end(piece);
    for (long at = (long) piece * PIECE; at < end; at += Tiles.LENGTH) {
      int count = (int) Math.min(Tiles.LENGTH, end - at);
      second.get(at, x, count);
      if (beta == 0f) {
        scale(x, alpha, count);
        first.put(at, x, count);
        continue;
      }
      first.get(at, y, count);
      axpby(y, x, alpha, beta, count);
      first.put(at, y, count);
    }
  }

  private void dot(int piece, int worker) {
    float[] a = tiles.array(worker, 0);
    float[] b = tiles.array(worker, 1);
    double sum = 0;
    long end = end(piece);
    for (long at = (long) piece * PIECE; at < end; at += Tiles.LENGTH) {
      int count = (int) Math.min(Tiles.LENGTH, end - at);
      first.get(at, a, count);
      second.get(at, b, count);
      sum += dot(a, b, count);
    }
    sums[piece] = sum;
  }

  private void update(int piece, int worker) {
    float[] p = tiles.array(worker, 0);
    float[] g = tiles.array(worker, 1);
    float[] m = tiles.array(worker, 2);
    long end = end(piece);
    for (long at = (long) piece * PIECE; at < end; at += Tiles.LENGTH) {
      int count = (int) Math.min(Tiles.LENGTH, end - at);
      first.get(at, p, count);
      second.get(at, g, count);
      third.get(at, m, count);
      momentum(m, g, p, alpha, beta, gamma, count);
      descend(p, m, delta, count);
      third.put(at, m, count);
      first.put(at, p, count);
    }
  }

  private long end(int piece) {
    return Math.min(first.elements(), (long) (piece + 1) * PIECE);
  }

  private static void scale(float[] x, float alpha, int count) {
    for (int i = 0; i < count; i++) {
      x[i] = alpha * x[i];
    }
  }

  private static void axpby(float[] y, float[] x, float alpha, float beta, int count) {
    for (int i = 0; i < count; i++) {
      y[i] = alpha * x[i] + beta * y[i];
    }
  }

  private static void momentum(
      float[] m, float[] g, float[] p, float momentum, float trust, float decay, int count) {
    for (int i = 0; i < count; i++) {
      m[i] = momentum * m[i] + trust * (g[i] + decay * p[i]);
    }
  }

  private static void descend(float[] p, float[] m, float rate, int count) {
    for (int i = 0; i < count; i++) {
      p[i] = p[i] - rate * m[i];
    }
  }

  /** Eight sums side by side: a double addition takes four cycles, and there are two a cycle. */
  private static double dot(float[] a, float[] b, int count) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int whole = count & ~7;
    for (int i = 0; i < whole; i += 8) {
      s0 += (double) a[i] * b[i];
      s1 += (double) a[i + 1] * b[i + 1];
      s2 += (double) a[i + 2] * b[i + 2];
      s3 += (double) a[i + 3] * b[i + 3];
      s4 += (double) a[i + 4] * b[i + 4];
      s5 += (double) a[i + 5] * b[i + 5];
      s6 += (double) a[i + 6] * b[i + 6];
      s7 += (double) a[i + 7] * b[i + 7];
    }
    for (int i = whole; i < count; i++) {
      s0 += (double) a[i] * b[i];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }
}
