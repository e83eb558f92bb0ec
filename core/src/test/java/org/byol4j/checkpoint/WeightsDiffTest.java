package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;
import org.junit.jupiter.api.Test;

class WeightsDiffTest {
  private static final ParameterTable TABLE =
      new ParameterTable(
          List.of(
              new Slice("fc.weight", Kind.WEIGHT, List.of(1, 2), 0),
              new Slice("fc.bias", Kind.BIAS, List.of(1), 2)));

  @Test
  void distanceIsMeasuredByHowFarTheSecondMoved() {
    Checkpoint base = checkpoint(TABLE, 10, 20, 30);
    Checkpoint a = checkpoint(TABLE, 13, 20, 31);
    Checkpoint b = checkpoint(TABLE, 10, 24, 31);

    WeightsDiff diff = WeightsDiff.between(a, b, base);

    // differences (3, -4 | 0), movements of b (0, 4 | 1)
    assertEquals(5 / 4.0, diff.slices().get(0).relative(), 1e-12);
    assertEquals("fc.weight", diff.slices().get(0).name());
    assertEquals(0, diff.slices().get(1).relative());
    assertEquals(5, diff.whole().difference(), 1e-12);
    assertEquals(Math.sqrt(17), diff.whole().movement(), 1e-12);
    assertEquals(5 / Math.sqrt(17), diff.whole().relative(), 1e-12);
  }

  @Test
  void withoutABaseTheWeightsThemselvesAreCompared() {
    WeightsDiff diff = WeightsDiff.between(checkpoint(TABLE, 3, 4, 0), checkpoint(TABLE, 0, 4, 0));

    assertEquals(3 / 4.0, diff.whole().relative(), 1e-12);
    assertEquals(0, diff.slices().get(1).relative(), "nothing differs where nothing moved");
  }

  @Test
  void distanceIsInfiniteWhereOnlyTheFirstMoved() {
    Checkpoint base = checkpoint(TABLE, 1, 1, 1);
    WeightsDiff diff = WeightsDiff.between(checkpoint(TABLE, 1, 1, 2), base, base);

    assertEquals(Double.POSITIVE_INFINITY, diff.whole().relative());
  }

  @Test
  void smallMovesOfLargeWeightsAreNotLostToRounding() {
    float large = 1 << 20;
    float next = Math.nextUp(large);
    Checkpoint base = checkpoint(TABLE, large, 0, 0);
    WeightsDiff diff = WeightsDiff.between(base, checkpoint(TABLE, next, 0, 0), base);

    assertEquals(1, diff.whole().relative(), 1e-12);
    assertEquals(Math.ulp(large), diff.whole().movement(), 1e-12);
  }

  @Test
  void differentTablesAreRefusedWithTheFirstDifference() {
    ParameterTable other =
        new ParameterTable(
            List.of(TABLE.slices().get(0), new Slice("fc.scale", Kind.NORM_SCALE, List.of(1), 2)));
    Checkpoint a = checkpoint(TABLE, 1, 2, 3);
    Checkpoint b = checkpoint(other, 1, 2, 3);

    assertThatThrownBy(() -> WeightsDiff.between(a, b))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            "memory:step-0000000001: slice 1 is fc.scale NORM_SCALE [1] at 2, expected fc.bias BIAS"
                + " [1] at 2 as in memory:step-0000000001");
    assertThatThrownBy(() -> WeightsDiff.between(a, a, b)).isInstanceOf(CheckpointException.class);
  }

  @Test
  void longerTableIsRefused() {
    List<Slice> slices = new ArrayList<>(TABLE.slices());
    slices.add(new Slice("fc2.bias", Kind.BIAS, List.of(1), 3));
    Checkpoint longer = checkpoint(new ParameterTable(slices), 1, 2, 3, 4);

    assertThatThrownBy(() -> WeightsDiff.between(checkpoint(TABLE, 1, 2, 3), longer))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("slices=3, expected 2");
  }

  @Test
  void digestIsTheHashOfTheBytesAsStored() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    String folder = States.writer(storage).write(States.at(10));
    List<String> lines = WeightsDigest.of(new CheckpointReader(storage).read(folder));

    byte[] online = storage.read(folder + "/batchnorm-online.f32").readAllBytes();
    byte[] target = storage.read(folder + "/batchnorm-target.f32").readAllBytes();
    byte[] both = Arrays.copyOf(online, online.length + target.length);
    System.arraycopy(target, 0, both, online.length, target.length);
    assertThat(lines)
        .containsExactly(
            Sha256.of(storage.read(folder + "/weights.f32").readAllBytes()) + "  weights",
            Sha256.of(storage.read(folder + "/target.f32").readAllBytes()) + "  target",
            Sha256.of(storage.read(folder + "/momentum.f32").readAllBytes()) + "  momentum",
            Sha256.of(both) + "  batchnorm");
  }

  @Test
  void storedBytesAreLittleEndian() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    write(storage, TABLE, 1f, -2f, 0f);

    // 1 is 0x3f800000, -2 is 0xc0000000
    assertThat(storage.read("step-0000000001/weights.f32").readAllBytes())
        .containsExactly(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0);
  }

  private static Checkpoint checkpoint(ParameterTable table, float... weights) {
    MemoryStorage storage = new MemoryStorage();
    return new CheckpointReader(storage).read(write(storage, table, weights));
  }

  private static String write(Storage storage, ParameterTable table, float... weights) {
    Map<Section, OwnedRange> values = new EnumMap<>(Section.class);
    for (Section section : Section.values()) {
      values.put(section, OwnedRange.whole(Floats.of(new float[0])));
    }
    values.put(Section.WEIGHTS, OwnedRange.whole(Floats.of(weights)));
    values.put(Section.MOMENTUM, OwnedRange.whole(Floats.of(new float[weights.length])));
    return States.writer(storage)
        .write(
            new TrainingState(
                1,
                0,
                States.IDENTITY,
                new StateLayout(table, List.of()),
                Map.of(),
                List.of(),
                values));
  }
}
