package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was chosen once. */
class PlanRecordTest {
  private static final long CUBLAS = 130100;
  private static final Padding ONE = Padding.both(1);
  private static final ConvolutionProblem FORWARD =
      new ConvolutionProblem(
          Direction.FORWARD, Arithmetic.BF16, 64, 56, 56, 64, 56, 56, 64, 3, 1, ONE, ONE);

  @TempDir private Path folder;

  @Test
  void choiceIsThereForTheNextProcess() {
    assertThat(record("NVIDIA H200", 92400).chosen(FORWARD)).isEmpty();

    assertThat(record("NVIDIA H200", 92400).keep(FORWARD, "BEST-1-engine7"))
        .isEqualTo("BEST-1-engine7");
    assertThat(record("NVIDIA H200", 92400).keep(FORWARD.in(Direction.DATA), "BEST-0-engine2"))
        .isEqualTo("BEST-0-engine2");

    assertThat(record("NVIDIA H200", 92400).chosen(FORWARD)).contains("BEST-1-engine7");
    assertThat(record("NVIDIA H200", 92400).chosen(FORWARD.in(Direction.WEIGHTS))).isEmpty();
  }

  @Test
  void firstChoiceCounts() {
    record("NVIDIA H200", 92400).keep(FORWARD, "BEST-1-engine7");

    assertThat(record("NVIDIA H200", 92400).keep(FORWARD, "BEST-0-engine2"))
        .isEqualTo("BEST-1-engine7");
  }

  @Test
  void choicesOfManyAtATimeAreAllKept() {
    IntStream.range(0, 40)
        .parallel()
        .forEach(i -> record("NVIDIA H200", 92400).keep(ofBatch(i), "BEST-0-engine" + i));

    for (int i = 0; i < 40; i++) {
      assertThat(record("NVIDIA H200", 92400).chosen(ofBatch(i))).contains("BEST-0-engine" + i);
    }
  }

  @Test
  void wayIsChosenOnceOnly() {
    assertThat(wayByChoosing("BEST-1-engine7")).isEqualTo("made BEST-1-engine7");
    assertThat(wayByChoosing("BEST-0-engine2")).isEqualTo("made BEST-1-engine7");
  }

  private String wayByChoosing(String name) {
    return record("NVIDIA H200", 92400)
        .way(FORWARD, () -> name, chosen -> Optional.of("made " + chosen));
  }

  @Test
  void wayOnRecordThatCannotBeMadeIsNotReplaced() {
    PlanRecord record = record("NVIDIA H200", 92400);
    record.keep(FORWARD, "BEST-1-engine7");

    assertThatThrownBy(
            () -> record.way(FORWARD, () -> "BEST-0-engine2", chosen -> Optional.empty()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "cannot make the way on record for convolution=%s: way=BEST-1-engine7 file=%s;"
                + " delete the file to choose anew, which may give other bits",
            FORWARD.key(), folder.resolve("plans-nvidia-h200-cudnn92400-cublas130100.txt"));
    assertThat(record.chosen(FORWARD)).contains("BEST-1-engine7");
  }

  private static ConvolutionProblem ofBatch(int batch) {
    return new ConvolutionProblem(
        Direction.FORWARD, Arithmetic.BF16, batch, 56, 56, 64, 56, 56, 64, 3, 1, ONE, ONE);
  }

  @Test
  void otherGpusAndVersionsHaveChoicesOfTheirOwn() {
    record("NVIDIA H200", 92400).keep(FORWARD, "BEST-1-engine7");

    assertThat(record("NVIDIA H200", 92500).chosen(FORWARD)).isEmpty();
    assertThat(record("Tesla T4", 92400).chosen(FORWARD)).isEmpty();
    assertThat(
            new PlanRecord(new CacheFolder(folder), "NVIDIA H200", 92400, 130200).chosen(FORWARD))
        .isEmpty();
  }

  @Test
  void fileIsMeantToBeRead() throws IOException {
    record("NVIDIA H200", 92400).keep(FORWARD, "BEST-1-engine7");

    assertThat(Files.readString(folder.resolve("plans-nvidia-h200-cudnn92400-cublas130100.txt")))
        .endsWith("\nFORWARD-BF16-n64-56x56x64-56x56x64-k3-s1-p1.1.1.1 BEST-1-engine7\n");
  }

  private PlanRecord record(String gpu, long cudnn) {
    return new PlanRecord(new CacheFolder(folder), gpu, cudnn, CUBLAS);
  }
}
