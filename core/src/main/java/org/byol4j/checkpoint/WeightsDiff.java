package org.byol4j.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * How far apart two runs are, measured by how far the second has moved: {@code |D_A - D_B| / |D_B|}
 * with {@code D = weights - base} and Euclidean norms, in double.
 *
 * @param whole over all online weights
 * @param slices over each slice, in the table's order
 */
public record WeightsDiff(Distance whole, List<Distance> slices) {

  /**
   * A distance and what it is measured by.
   *
   * @param name of the slice, or {@code whole}
   * @param difference {@code |D_A - D_B|}
   * @param movement {@code |D_B|}
   */
  public record Distance(String name, double difference, double movement) {

    /** {@code difference / movement}: 0 where nothing differs, infinite where only A moved. */
    public double relative() {
      return difference == 0 ? 0 : difference / movement;
    }
  }

  public WeightsDiff {
    slices = List.copyOf(slices);
  }

  /**
   * Compares the weights themselves: the base is zero.
   *
   * @throws CheckpointException if the two do not have the same table of slices, or one is damaged
   * @throws StorageException if one cannot be read at the moment
   */
  public static WeightsDiff between(Checkpoint a, Checkpoint b) {
    expectSameTable(a, b);
    float[] weights = b.values(Section.WEIGHTS);
    return of(a.manifest().layout().parameters(), a, weights, new float[weights.length]);
  }

  /**
   * Compares how the weights moved away from {@code base}, where both started.
   *
   * @throws CheckpointException if the three do not have the same table of slices, or one is
   *     damaged
   * @throws StorageException if one cannot be read at the moment
   */
  public static WeightsDiff between(Checkpoint a, Checkpoint b, Checkpoint base) {
    expectSameTable(a, b);
    expectSameTable(a, base);
    return of(
        a.manifest().layout().parameters(),
        a,
        b.values(Section.WEIGHTS),
        base.values(Section.WEIGHTS));
  }

  private static WeightsDiff of(ParameterTable table, Checkpoint a, float[] b, float[] base) {
    float[] weights = a.values(Section.WEIGHTS);
    List<Distance> slices = new ArrayList<>();
    double difference = 0;
    double movement = 0;
    for (Slice slice : table.slices()) {
      double sliceDifference = 0;
      double sliceMovement = 0;
      for (int i = (int) slice.offset(); i < slice.end(); i++) {
        double apart = (double) weights[i] - b[i];
        double moved = (double) b[i] - base[i];
        sliceDifference += apart * apart;
        sliceMovement += moved * moved;
      }
      slices.add(new Distance(slice.name(), Math.sqrt(sliceDifference), Math.sqrt(sliceMovement)));
      difference += sliceDifference;
      movement += sliceMovement;
    }
    return new WeightsDiff(
        new Distance("whole", Math.sqrt(difference), Math.sqrt(movement)), slices);
  }

  private static void expectSameTable(Checkpoint a, Checkpoint b) {
    List<Slice> expected = a.manifest().layout().parameters().slices();
    List<Slice> actual = b.manifest().layout().parameters().slices();
    for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
      if (!expected.get(i).equals(actual.get(i))) {
        throw new CheckpointException(
            "%s: slice %d is %s, expected %s as in %s"
                .formatted(
                    b.describe(), i, text(actual.get(i)), text(expected.get(i)), a.describe()));
      }
    }
    if (expected.size() != actual.size()) {
      throw new CheckpointException(
          "%s: slices=%d, expected %d as in %s"
              .formatted(b.describe(), actual.size(), expected.size(), a.describe()));
    }
  }

  private static String text(Slice slice) {
    return "%s %s %s at %d".formatted(slice.name(), slice.kind(), slice.shape(), slice.offset());
  }
}
