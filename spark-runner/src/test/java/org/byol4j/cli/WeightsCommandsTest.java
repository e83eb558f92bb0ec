package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.CheckpointSettings;
import org.byol4j.checkpoint.CheckpointWriter;
import org.byol4j.checkpoint.Floats;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.OwnedRange;
import org.byol4j.checkpoint.Retries;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.checkpoint.TrainingState;
import org.byol4j.collective.Collective;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weights-digest} and {@code weights-diff} on runs of a network of two weights. */
class WeightsCommandsTest {
  @TempDir Path folder;

  private Path a;
  private Path b;
  private Path base;

  @BeforeEach
  void writeRuns() throws IOException {
    a = run("a", 4, 5);
    b = run("b", 1, 1);
    base = run("base", 1, 5);
  }

  @Test
  void digestHasFourLinesThatTellStatesApart() throws IOException {
    Ran first = Ran.byol4j("weights-digest", a.toString());

    assertThat(first.code()).isZero();
    assertThat(first.out().lines())
        .hasSize(4)
        .allMatch(line -> line.matches("[0-9a-f]{64}  (weights|target|momentum|batchnorm)"));
    assertThat(Ran.byol4j("weights-digest", run("again", 4, 5).toString()).out())
        .isEqualTo(first.out());
    assertThat(Ran.byol4j("weights-digest", b.toString()).out()).isNotEqualTo(first.out());
  }

  @Test
  void digestOfACheckpointIsThatOfItsRun() {
    Path checkpoint = a.resolve("checkpoints").resolve("step-0000000007");

    assertThat(Ran.byol4j("weights-digest", checkpoint.toString()))
        .isEqualTo(Ran.byol4j("weights-digest", a.toString()));
  }

  @Test
  void differenceIsOfTheWholeAndOfEachSlice() {
    // (4, 5) and (1, 1): |(3, 4)| = 5 of |(1, 1)| = sqrt 2
    Ran ran = Ran.byol4j("weights-diff", a.toString(), b.toString(), "--json");

    assertThat(ran.code()).isZero();
    List<String> lines = ran.out().lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).matches("whole +3\\.535534e\\+00 .*");
    assertThat(lines.get(1)).matches("first +3\\.000000e\\+00 .*");
    assertThat(lines.get(2)).matches("second +4\\.000000e\\+00 .*");
    assertThat(lines.get(3))
        .startsWith("{\"whole\":3.5355339")
        .endsWith(",\"slices\":{\"first\":3.0,\"second\":4.0}}");
  }

  @Test
  void baseIsWhereMovementStarts() {
    // from (1, 5): dA = (3, 0), dB = (0, -4)
    Ran ran =
        Ran.byol4j("weights-diff", a.toString(), b.toString(), "--base", base.toString(), "--json");

    assertThat(ran.out().lines().reduce((x, y) -> y))
        .hasValue("{\"whole\":1.25,\"slices\":{\"first\":\"Infinity\",\"second\":1.0}}");
  }

  @Test
  void missingAndDamagedRunsAreDataThatIsNamed() throws IOException {
    Ran missing = Ran.byol4j("weights-digest", folder.resolve("none").toString());
    assertThat(missing.code()).isEqualTo(65);
    assertThat(missing.err()).contains(folder.resolve("none").toString());

    Path file =
        new RunFolder(a)
            .checkpoints()
            .resolve("step-0000000007")
            .resolve(Section.WEIGHTS.fileName());
    byte[] bytes = Files.readAllBytes(file);
    bytes[2] ^= 1;
    Files.write(file, bytes);
    Ran damaged = Ran.byol4j("weights-diff", a.toString(), b.toString());
    assertThat(damaged.code()).isEqualTo(65);
    assertThat(damaged.err().lines()).singleElement().asString().contains("damaged");
  }

  @Test
  void differenceNeedsTwoRuns() {
    assertThat(Ran.byol4j("weights-diff", a.toString()).code()).isEqualTo(64);
  }

  private Path run(String name, float first, float second) throws IOException {
    Path run = folder.resolve(name);
    Path checkpoints = Files.createDirectories(new RunFolder(run).checkpoints());
    List<Slice> slices =
        List.of(
            new Slice("first", Slice.Kind.WEIGHT, List.of(1), 0),
            new Slice("second", Slice.Kind.WEIGHT, List.of(1), 1));
    Map<Section, OwnedRange> values = new EnumMap<>(Section.class);
    for (Section section : List.of(Section.WEIGHTS, Section.TARGET, Section.MOMENTUM)) {
      values.put(section, OwnedRange.whole(Floats.of(new float[] {first, second})));
    }
    values.put(Section.BATCHNORM_ONLINE, OwnedRange.whole(Floats.of(new float[0])));
    values.put(Section.BATCHNORM_TARGET, OwnedRange.whole(Floats.of(new float[0])));
    new CheckpointWriter(
            new LocalStorage(checkpoints),
            new CheckpointSettings(1, 1, 0),
            new Retries(1, Duration.ZERO, pause -> {}),
            Attempt.FIRST,
            Collective.single())
        .write(
            new TrainingState(
                7,
                0,
                new RunIdentity(0, "", "", Map.of()),
                new StateLayout(new ParameterTable(slices), List.of()),
                Map.of(),
                List.of(),
                values));
    return run;
  }
}
