package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.byol4j.device.cuda.NcclChoice.Statement;
import org.junit.jupiter.api.Test;

class NcclChoiceTest {
  private static final Statement FIRST = Statement.can("host-a", "0000:3b:00.0", "2.28.9");

  @Test
  void replicasWithGpusOfTheirOwnHaveNothingInTheWay() {
    assertThat(
            NcclChoice.obstacle(
                List.of(
                    FIRST,
                    Statement.can("host-a", "0000:5e:00.0", "2.28.9"),
                    Statement.can("host-b", "0000:3b:00.0", "2.28.9"))))
        .isEmpty();
  }

  @Test
  void sharedGpuIsNamedWithItsReplicas() {
    assertThat(
            NcclChoice.obstacle(
                List.of(FIRST, Statement.can("host-b", "0000:3b:00.0", "2.28.9"), FIRST)))
        .hasValue("rank=0 and rank=2 share the GPU at 0000:3b:00.0, expected one for each replica");
  }

  @Test
  void replicaThatLacksSomethingIsNamedWithIt() {
    assertThat(NcclChoice.obstacle(List.of(FIRST, Statement.lacks("cannot load libnccl.so.2"))))
        .hasValue("rank=1 lacks what it needs: cannot load libnccl.so.2");
  }

  @Test
  void versionsOfNcclAreTheSameEverywhere() {
    assertThat(
            NcclChoice.obstacle(List.of(FIRST, Statement.can("host-a", "0000:5e:00.0", "2.19.3"))))
        .hasValue("rank=1 has nccl=2.19.3, and rank=0 has nccl=2.28.9, expected the same");
  }

  @Test
  void statementsTravelAsTheyAre() {
    assertThat(Statement.ofBytes(FIRST.toBytes())).isEqualTo(FIRST);
    assertThat(Statement.ofBytes(Statement.lacks("a reason").toBytes()))
        .isEqualTo(Statement.lacks("a reason"));
  }

  @Test
  void reasonsOfAnyLengthAndKindTravel() {
    byte[] bytes = Statement.lacks("é\n".repeat(1000) + "x".repeat(1000)).toBytes();

    assertThat(bytes.length).isLessThanOrEqualTo(NcclChoice.MOST_BYTES);
    assertThat(Statement.ofBytes(bytes).lack()).startsWith(" x");
  }
}
