package org.byol4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.FloatBuffer;
import java.util.Random;
import org.byol4j.HeapUse;
import org.junit.jupiter.api.Test;

class CollapseMeasuresTest {

  @Test
  void valuesAreThoseByHand() {
    CollapseMeasures measures = new CollapseMeasures(2);
    measures.add(buffer(4, 3, 4, 3), buffer(3, 4, 8, 6));

    // normalized projections (.6, .8) and (.8, .6): each feature's std with N - 1 is .2 / sqrt(2)
    assertEquals(0.2 / Math.sqrt(2), measures.featureStd(), 1e-12);
    assertEquals((0.96 + 1) / 2, measures.cosine(), 1e-12);
  }

  @Test
  void stdOfProjectionsThatAreAllTheSameIsZero() {
    CollapseMeasures measures = new CollapseMeasures(2);
    measures.add(buffer(1, 0, 1, 0, 1, 0), buffer(3, 4, 3, 4, 6, 8));

    assertEquals(0, measures.featureStd(), 1e-8);
    assertEquals(0.6, measures.cosine(), 1e-12);
  }

  @Test
  void stdOfRandomProjectionsIsTheInverseRootOfTheWidth() {
    CollapseMeasures measures = new CollapseMeasures(256);
    FloatBuffer projections = random(512 * 256, 3);
    measures.add(projections, projections);

    assertEquals(0.0625, measures.featureStd(), 0.0002);
    assertEquals(1, measures.cosine(), 1e-12);
  }

  @Test
  void sumsOverReplicasMeasureTheWholeBatch() {
    FloatBuffer predictions = random(12 * 8, 1);
    FloatBuffer projections = random(12 * 8, 2);
    CollapseMeasures whole = new CollapseMeasures(8);
    whole.add(predictions, projections);

    CollapseMeasures first = new CollapseMeasures(8);
    first.add(part(predictions, 0, 5 * 8), part(projections, 0, 5 * 8));
    CollapseMeasures second = new CollapseMeasures(8);
    second.add(part(predictions, 5 * 8, 7 * 8), part(projections, 5 * 8, 7 * 8));
    for (int i = 0; i < first.sums().length; i++) {
      first.sums()[i] += second.sums()[i];
    }

    assertEquals(whole.featureStd(), first.featureStd(), 1e-12);
    assertEquals(whole.cosine(), first.cosine(), 1e-12);
  }

  @Test
  void clearedMeasuresForgetTheirRows() {
    CollapseMeasures measures = new CollapseMeasures(2);
    measures.add(buffer(9, 9), buffer(1, 7));
    measures.clear();
    measures.add(buffer(4, 3, 4, 3), buffer(3, 4, 8, 6));

    assertEquals(0.2 / Math.sqrt(2), measures.featureStd(), 1e-12);
  }

  @Test
  void singleRowHasNoStd() {
    CollapseMeasures measures = new CollapseMeasures(2);
    measures.add(buffer(4, 3), buffer(3, 4));

    assertEquals(0, measures.featureStd());
  }

  @Test
  void whatIsNotANumberIsNotHidden() {
    CollapseMeasures measures = new CollapseMeasures(2);
    measures.add(buffer(4, 3, 1, 1), buffer(3, Float.NaN, 1, 1));

    assertEquals(Double.NaN, measures.featureStd());
    assertEquals(Double.NaN, measures.cosine());
  }

  @Test
  void differentShapesAreRefused() {
    CollapseMeasures measures = new CollapseMeasures(2);

    assertThrows(
        IllegalArgumentException.class, () -> measures.add(buffer(1, 2), buffer(1, 2, 3, 4)));
    assertThrows(IllegalArgumentException.class, () -> measures.add(buffer(1), buffer(1)));
  }

  @Test
  void measuringAllocatesNothing() {
    CollapseMeasures measures = new CollapseMeasures(64);
    FloatBuffer predictions = random(32 * 64, 1);
    FloatBuffer projections = random(32 * 64, 2);
    double[] sum = new double[1];

    long allocated =
        HeapUse.fewest(
            10,
            () -> {
              for (int i = 0; i < 100; i++) {
                sum[0] += measure(measures, predictions, projections);
              }
            });

    assertThat(allocated).as("sum=%s", sum[0]).isZero();
  }

  private static double measure(CollapseMeasures measures, FloatBuffer a, FloatBuffer b) {
    measures.clear();
    measures.add(a, b);
    return measures.featureStd() + measures.cosine();
  }

  private static FloatBuffer part(FloatBuffer buffer, int from, int length) {
    return buffer.slice(from, length);
  }

  private static FloatBuffer buffer(float... values) {
    return FloatBuffer.wrap(values);
  }

  private static FloatBuffer random(int length, long seed) {
    Random random = new Random(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return FloatBuffer.wrap(values);
  }
}
