package org.byol4j.paramserver.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;
import org.junit.jupiter.api.Test;

final class SharedElementsTest {
  private static final SharedElements ELEMENTS =
      new SharedElements(
          new ParameterTable(
              List.of(
                  new Slice("conv.weight", Kind.WEIGHT, List.of(4), 0),
                  new Slice("bn.weight", Kind.NORM_SCALE, List.of(2), 4),
                  new Slice("fc.weight", Kind.WEIGHT, List.of(2), 6))));

  @Test
  void unitIsTheSizeOfATensorsElementsOverThatOfAllDownToAPowerOfTwo() {
    // root mean squares: 4 and 1 of each tensor, sqrt(11) of both; the normalization does not count
    assertUnits(new double[] {64, 1e9, 2}, 0, -2);
    // 1 and 16; sqrt(86)
    assertUnits(new double[] {4, 0, 512}, -4, 0);
  }

  @Test
  void unitsDoNotDependOnTheSizeOfAll() {
    assertUnits(new double[] {64e-40, 0, 2e-40}, 0, -2);
  }

  @Test
  void tensorsWithoutAGradientHaveAUnit() {
    assertUnits(new double[3], 0, 0);
    assertUnits(new double[] {0, 0, 8}, 0, 0);
    assertUnits(new double[] {1e-300, 0, 8}, -60, 0);
  }

  @Test
  void whatWasSplitIsJoinedToTheSameBits() {
    float[] all = {1.1f, -2.2f, 3.3f, 0, 5.5f, 6.6f, -7e-7f, 8.8f};
    TensorUnits units = TensorUnits.of(-3, 7);
    float[] encoded = new float[ELEMENTS.encoded()];
    FloatBuffer dense = FloatBuffer.allocate(ELEMENTS.dense());
    ELEMENTS.split(all, units, encoded, dense);
    assertThat(encoded).containsExactly(8.8f, -17.6f, 26.4f, 0, -7e-7f / 128, 8.8f / 128);
    assertThat(dense.array()).containsExactly(5.5f, 6.6f);

    float[] joined = new float[all.length];
    ELEMENTS.join(encoded, units, dense, joined);
    assertThat(joined).containsExactly(all);
  }

  private static void assertUnits(double[] squares, int... logarithms) {
    assertThat(ELEMENTS.units(squares)).hasToString(TensorUnits.of(logarithms).toString());
  }
}
