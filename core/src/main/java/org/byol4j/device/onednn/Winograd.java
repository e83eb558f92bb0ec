package org.byol4j.device.onednn;

/**
 * The transforms of Winograd's convolution F(4x4, 3x3), which makes 4x4 outputs of a 3x3 filter
 * from 6x6 inputs by 36 products instead of 144 (Lavin and Gray 2015), and their transposes, which
 * the gradients need. They work in place on 36 arrays, one for each position of a tile, of which
 * each holds many channels.
 *
 * <p>Filter and input are polynomials, multiplied by their values at 0, ±{@code A}, ±{@code B} and
 * infinity (Toom and Cook); {@code A} = 5/8 and {@code B} = 3/2 lose fewer digits than 1 and 2.
 *
 * <p>Each transform along an axis is split into loops over few arrays: longer ones C2 does not
 * vectorize.
 */
final class Winograd {

  /** Outputs of a tile along an axis. */
  static final int STEP = 4;

  /** Inputs of a tile along an axis, and points. */
  static final int SIZE = 6;

  /** Positions of a tile. */
  static final int POINTS = SIZE * SIZE;

  /** Taps of a filter along an axis. */
  static final int KERNEL = 3;

  /** The places among six, along an axis, where the six inputs are. */
  static final int[] INPUTS = {0, 1, 2, 3, 4, 5};

  /** The places among six, along an axis, where the four outputs are. */
  static final int[] OUTPUTS = {0, 1, 2, 5};

  /** The places among six, along an axis, where the three taps are. */
  private static final int[] TAPS = {0, 1, 5};

  private static final float A = 0.625f;
  private static final float B = 1.5f;
  private static final float A2 = A * A;
  private static final float B2 = B * B;
  private static final float A3 = A2 * A;
  private static final float B3 = B2 * B;
  private static final float PRODUCT = A2 * B2;
  private static final float SUM = A2 + B2;

  /** One over the differences of a point to the others, multiplied. */
  private static final float AT_ZERO = (float) (1 / ((double) A2 * B2));

  private static final float AT_A = (float) (1 / (2.0 * A2 * (A2 - B2)));
  private static final float AT_B = (float) (1 / (2.0 * B2 * (B2 - A2)));

  private Winograd() {}

  /** The array of output {@code (row, column)} of a tile, each below 4. */
  static int output(int row, int column) {
    return OUTPUTS[row] * SIZE + OUTPUTS[column];
  }

  /** The array of tap {@code (row, column)} of a filter, each below 3. */
  static int tap(int row, int column) {
    return TAPS[row] * SIZE + TAPS[column];
  }

  /** From 6x6 inputs to points. */
  static void input(float[][] d, int count) {
    for (int i = 0; i < SIZE; i++) {
      input(d, i, SIZE, count);
    }
    for (int i = 0; i < SIZE; i++) {
      input(d, i * SIZE, 1, count);
    }
  }

  /** From points to 6x6 gradients of inputs: the transpose of {@link #input}. */
  static void inputGradient(float[][] d, int count) {
    for (int i = 0; i < SIZE; i++) {
      inputGradient(d, i, SIZE, count);
    }
    for (int i = 0; i < SIZE; i++) {
      inputGradient(d, i * SIZE, 1, count);
    }
  }

  /** From points to 4x4 outputs, at {@link #output(int, int)}. */
  static void output(float[][] d, int count) {
    for (int i = 0; i < SIZE; i++) {
      output(d, i, SIZE, count);
    }
    for (int row : OUTPUTS) {
      output(d, row * SIZE, 1, count);
    }
  }

  /** From 4x4 gradients of outputs to points: the transpose of {@link #output(float[][], int)}. */
  static void outputGradient(float[][] d, int count) {
    for (int row : OUTPUTS) {
      outputGradient(d, row * SIZE, 1, count);
    }
    for (int i = 0; i < SIZE; i++) {
      outputGradient(d, i, SIZE, count);
    }
  }

  /** From 3x3 taps, at {@link #tap}, to points. */
  static void filter(float[][] d, int count) {
    for (int row : TAPS) {
      filter(d, row * SIZE, 1, count);
    }
    for (int i = 0; i < SIZE; i++) {
      filter(d, i, SIZE, count);
    }
  }

  /** From points to 3x3 gradients of taps: the transpose of {@link #filter}. */
  static void filterGradient(float[][] d, int count) {
    for (int i = 0; i < SIZE; i++) {
      filterGradient(d, i, SIZE, count);
    }
    for (int row : TAPS) {
      filterGradient(d, row * SIZE, 1, count);
    }
  }

  private static void input(float[][] d, int from, int stride, int count) {
    float[] d1 = d[from + stride];
    float[] d2 = d[from + 2 * stride];
    float[] d3 = d[from + 3 * stride];
    float[] d4 = d[from + 4 * stride];
    scaleAndAdd(d[from], d2, d4, PRODUCT, -SUM, 1, count);
    scaleAndAdd(d[from + 5 * stride], d1, d3, 1, PRODUCT, -SUM, count);
    float[] plus = d[POINTS];
    float[] minus = d[POINTS + 1];
    factorAtBoth(plus, minus, d1, d2, d3, d4, A, B2, count);
    factorAtBoth(d3, d4, d1, d2, d3, d4, B, A2, count);
    System.arraycopy(plus, 0, d1, 0, count);
    System.arraycopy(minus, 0, d2, 0, count);
  }

  /** {@code (d4 - square * d2) ± point * (d3 - square * d1)}. */
  private static void factorAtBoth(
      float[] plus,
      float[] minus,
      float[] d1,
      float[] d2,
      float[] d3,
      float[] d4,
      float point,
      float square,
      int count) {
    for (int i = 0; i < count; i++) {
      float even = d4[i] - square * d2[i];
      float odd = point * (d3[i] - square * d1[i]);
      plus[i] = even + odd;
      minus[i] = even - odd;
    }
  }

  private static void inputGradient(float[][] d, int from, int stride, int count) {
    float[] d0 = d[from];
    float[] d1 = d[from + stride];
    float[] d2 = d[from + 2 * stride];
    float[] d3 = d[from + 3 * stride];
    float[] d4 = d[from + 4 * stride];
    float[] d5 = d[from + 5 * stride];
    differenceAndSum(d1, d2, count);
    differenceAndSum(d3, d4, count);
    for (int i = 0; i < count; i++) {
      float sum = d0[i] + (d2[i] + d4[i]);
      d2[i] = -SUM * d0[i] - B2 * d2[i] - A2 * d4[i];
      d4[i] = sum;
    }
    for (int i = 0; i < count; i++) {
      float sum = A * d1[i] + B * d3[i] - SUM * d5[i];
      d1[i] = PRODUCT * d5[i] - A * B2 * d1[i] - A2 * B * d3[i];
      d3[i] = sum;
    }
    for (int i = 0; i < count; i++) {
      d0[i] = PRODUCT * d0[i];
    }
  }

  private static void output(float[][] d, int from, int stride, int count) {
    float[] d1 = d[from + stride];
    float[] d2 = d[from + 2 * stride];
    float[] d3 = d[from + 3 * stride];
    float[] d4 = d[from + 4 * stride];
    differenceAndSum(d1, d2, count);
    differenceAndSum(d3, d4, count);
    scaleAndAdd(d[from], d2, d4, 1, 1, 1, count);
    scaleAndAdd(d[from + 5 * stride], d1, d3, 1, A3, B3, count);
    for (int i = 0; i < count; i++) {
      d1[i] = A * d1[i] + B * d3[i];
      d2[i] = A2 * d2[i] + B2 * d4[i];
    }
  }

  private static void outputGradient(float[][] d, int from, int stride, int count) {
    float[] d0 = d[from];
    float[] d1 = d[from + stride];
    float[] d2 = d[from + 2 * stride];
    float[] d5 = d[from + 5 * stride];
    cubicAtBoth(d[from + 3 * stride], d[from + 4 * stride], d0, d1, d2, d5, B, count);
    cubicAtBoth(d1, d2, d0, d1, d2, d5, A, count);
  }

  /** The values at {@code ±point} of a polynomial with coefficients {@code c0} to {@code c3}. */
  private static void cubicAtBoth(
      float[] plus,
      float[] minus,
      float[] c0,
      float[] c1,
      float[] c2,
      float[] c3,
      float point,
      int count) {
    float square = point * point;
    for (int i = 0; i < count; i++) {
      float even = c0[i] + square * c2[i];
      float odd = point * (c1[i] + square * c3[i]);
      plus[i] = even + odd;
      minus[i] = even - odd;
    }
  }

  private static void filter(float[][] d, int from, int stride, int count) {
    float[] d0 = d[from];
    float[] d1 = d[from + stride];
    float[] d5 = d[from + 5 * stride];
    squareAtBoth(d[from + 3 * stride], d[from + 4 * stride], d0, d1, d5, B, AT_B, count);
    squareAtBoth(d1, d[from + 2 * stride], d0, d1, d5, A, AT_A, count);
    for (int i = 0; i < count; i++) {
      d0[i] = AT_ZERO * d0[i];
    }
  }

  /** {@code scale} times the values at {@code ±point} of a quadratic polynomial. */
  private static void squareAtBoth(
      float[] plus,
      float[] minus,
      float[] c0,
      float[] c1,
      float[] c2,
      float point,
      float scale,
      int count) {
    float square = point * point;
    for (int i = 0; i < count; i++) {
      float even = scale * (c0[i] + square * c2[i]);
      float odd = scale * point * c1[i];
      plus[i] = even + odd;
      minus[i] = even - odd;
    }
  }

  private static void filterGradient(float[][] d, int from, int stride, int count) {
    float[] d0 = d[from];
    float[] d1 = d[from + stride];
    float[] d2 = d[from + 2 * stride];
    float[] d3 = d[from + 3 * stride];
    float[] d4 = d[from + 4 * stride];
    differenceAndSum(d1, d2, count);
    differenceAndSum(d3, d4, count);
    scaleAndAdd(d0, d2, d4, AT_ZERO, AT_A, AT_B, count);
    scaleAndAdd(d[from + 5 * stride], d2, d4, 1, A2 * AT_A, B2 * AT_B, count);
    for (int i = 0; i < count; i++) {
      d1[i] = A * AT_A * d1[i] + B * AT_B * d3[i];
    }
  }

  /** {@code (a, b) = (a - b, a + b)}. */
  private static void differenceAndSum(float[] a, float[] b, int count) {
    for (int i = 0; i < count; i++) {
      float difference = a[i] - b[i];
      b[i] = a[i] + b[i];
      a[i] = difference;
    }
  }

  /** {@code to = scale * to + scaleA * a + scaleB * b}. */
  private static void scaleAndAdd(
      float[] to, float[] a, float[] b, float scale, float scaleA, float scaleB, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = scale * to[i] + scaleA * a[i] + scaleB * b[i];
    }
  }
}
