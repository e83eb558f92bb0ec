package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.byol4j.device.cuda.CudaInventory.Part;
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

  @Test
  void firstThingThatAMachineLacksIsNamed() {
    Part driver = new Part("driver", "580.1, serves CUDA 13.0", true);
    Part noGpu = new Part("gpu", "compute.device=cuda was given gpu=0, expected one of 0", false);
    Part nccl = new Part("libnccl.so.2", "2.28.9", true);
    Part noNccl = new Part("libnccl.so.2", "cannot load library=libnccl.so.2", false);

    assertThat(NcclChoice.lack(List.of(driver, noGpu), 0, noNccl, 2))
        .contains("gpu: compute.device=cuda was given gpu=0, expected one of 0");
    assertThat(NcclChoice.lack(List.of(driver), 2, noNccl, 3))
        .contains("gpus=2, expected one for each of replicas=3");
    assertThat(NcclChoice.lack(List.of(driver), 3, noNccl, 3))
        .contains("libnccl.so.2: cannot load library=libnccl.so.2");
    assertThat(NcclChoice.lack(List.of(driver), 3, nccl, 3)).isEmpty();
  }
}
