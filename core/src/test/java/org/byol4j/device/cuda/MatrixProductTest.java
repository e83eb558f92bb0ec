package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.assertj.core.data.Offset;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolutions of single pixels as products of matrices that lie column by column. */
class MatrixProductTest {
  private static final int BATCH = 2;
  private static final int SIZE = 3;
  private static final int PIXELS = BATCH * SIZE * SIZE;
  private static final int INPUTS = 8;
  private static final int OUTPUTS = 16;

  private final double[] images = random(PIXELS * INPUTS, 1);
  private final double[] filters = random(OUTPUTS * INPUTS, 2);
  private final double[] results = random(PIXELS * OUTPUTS, 3);

  @ParameterizedTest
  @EnumSource(names = "MASKED_DATA", mode = EnumSource.Mode.EXCLUDE)
  void productIsTheConvolution(Direction direction) {
    double[] expected = convolved(direction);
    double[] made = multiplied(MatrixProduct.of(problem(direction, SIZE, 1, 1, 0)));
    assertThat(made).hasSameSizeAs(expected);
    for (int i = 0; i < made.length; i++) {
      assertThat(made[i]).as("element %d", i).isCloseTo(expected[i], within());
    }
  }

  private static Offset<Double> within() {
    return Offset.offset(1e-12);
  }

  @Test
  void gradientWithWhatFollowsItIsNone() {
    assertThat(MatrixProduct.is(problem(Direction.MASKED_DATA, SIZE, 1, 1, 0))).isFalse();
  }

  @Test
  void largerWindowsStridesAndMarginsAreNone() {
    assertThat(MatrixProduct.is(problem(Direction.FORWARD, SIZE, 1, 1, 0))).isTrue();
    assertThat(MatrixProduct.is(problem(Direction.FORWARD, SIZE, 3, 1, 1))).isFalse();
    assertThat(MatrixProduct.is(problem(Direction.FORWARD, SIZE, 1, 2, 0))).isFalse();
    assertThat(MatrixProduct.is(problem(Direction.FORWARD, SIZE, 1, 1, 1))).isFalse();

    ConvolutionProblem wide = problem(Direction.DATA, SIZE, 3, 1, 1);
    assertThatThrownBy(() -> MatrixProduct.of(wide))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("convolution=%s is no matrix product", wide.key());
  }

  private double[] multiplied(MatrixProduct product) {
    double[] a = tensor(product.first());
    double[] b = tensor(product.second());
    assertThat(product.firstRows() * product.firstColumns()).isEqualTo(a.length);
    assertThat(product.secondRows() * product.secondColumns()).isEqualTo(b.length);
    int rows = (int) product.rows();
    double[] d = new double[tensor(product.result()).length];
    for (int column = 0; column < product.columns(); column++) {
      for (int row = 0; row < rows; row++) {
        for (int k = 0; k < product.inner(); k++) {
          double left =
              a[
                  (int)
                      at(
                          product.transposed() ? k : row,
                          product.transposed() ? row : k,
                          product.firstRows())];
          double right =
              b[
                  (int)
                      at(
                          product.secondTransposed() ? column : k,
                          product.secondTransposed() ? k : column,
                          product.secondRows())];
          d[(int) at(row, column, rows)] += left * right;
        }
      }
    }
    return d;
  }

  private static long at(long row, long column, long rows) {
    return column * rows + row;
  }

  private double[] tensor(MatrixProduct.Role role) {
    return switch (role) {
      case IMAGES -> images;
      case FILTERS -> filters;
      case RESULTS -> results;
    };
  }

  /** From the definition, on tensors that lie row by row. */
  private double[] convolved(Direction direction) {
    double[] made =
        new double
            [direction == Direction.FORWARD
                ? results.length
                : direction == Direction.DATA ? images.length : filters.length];
    for (int p = 0; p < PIXELS; p++) {
      for (int o = 0; o < OUTPUTS; o++) {
        for (int i = 0; i < INPUTS; i++) {
          double x = images[p * INPUTS + i];
          double w = filters[o * INPUTS + i];
          double y = results[p * OUTPUTS + o];
          switch (direction) {
            case FORWARD -> made[p * OUTPUTS + o] += x * w;
            case DATA -> made[p * INPUTS + i] += y * w;
            case WEIGHTS -> made[o * INPUTS + i] += x * y;
            case MASKED_DATA -> throw new AssertionError("no product");
          }
        }
      }
    }
    return made;
  }

  private static ConvolutionProblem problem(
      Direction direction, int size, int kernel, int stride, int pad) {
    int out = (size + 2 * pad - kernel) / stride + 1;
    Padding padding = Padding.both(pad);
    return new ConvolutionProblem(
        direction,
        Arithmetic.FP32,
        BATCH,
        size,
        size,
        INPUTS,
        out,
        out,
        OUTPUTS,
        kernel,
        stride,
        padding,
        padding);
  }

  private static double[] random(int length, int seed) {
    return new Random(seed).doubles(length, -1, 1).toArray();
  }
}
