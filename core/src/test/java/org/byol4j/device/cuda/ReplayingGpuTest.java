package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.util.function.Consumer;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.TensorValues;
import org.byol4j.device.cuda.HostGpu.Order;
import org.byol4j.device.cuda.ReplayingGpu.Policy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplayingGpuTest {
  private static final Shape SHAPE = Shape.vector(5);

  private HostGpu host;
  private ReplayingGpu gpu;
  private CudaDevice device;
  private Tensor x;
  private Tensor y;

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @BeforeEach
  void open() {
    open(new Policy(2, 1, 3));
  }

  private void open(Policy policy) {
    host = new HostGpu(Order.FORWARDS);
    gpu = new ReplayingGpu(host, policy);
    device = HostCuda.open("fp32", gpu);
    x = device.allocate(SHAPE);
    y = device.allocate(SHAPE);
    gpu.await();
  }

  @AfterEach
  void close() {
    device.close();
    assertThat(host.held()).isZero();
  }

  /** Two kernels, whose result depends on what x and y hold. */
  private void addTwice(double factor) {
    device.axpby(factor, x, 1, y);
    device.axpby(factor, x, 1, y);
    gpu.await();
  }

  private long startsOf(Runnable work) {
    long before = host.starts();
    work.run();
    return host.starts() - before;
  }

  @Test
  void whatComesTheThirdTimeIsStartedAtOnce() {
    assertThat(startsOf(() -> addTwice(1))).isEqualTo(2);
    assertThat(gpu.replays()).isZero();
    assertThat(startsOf(() -> addTwice(1))).isEqualTo(1);
    assertThat(startsOf(() -> addTwice(1))).isEqualTo(1);
    assertThat(gpu.replays()).isEqualTo(2);
  }

  @Test
  void recordingWorksOnWhatIsThereWhenItIsStarted() {
    for (int time = 1; time <= 4; time++) {
      device.write(FloatBuffer.wrap(new float[] {time, 0, 0, 0, 1}), x);
      device.fill(time, y);
      gpu.await();
      addTwice(0.5);
      assertThat(TensorValues.of(device, y)).containsExactly(2 * time, time, time, time, time + 1);
    }
    assertThat(gpu.replays()).isPositive();
  }

  @Test
  void argumentsThatDifferAreNotThoseOfARecording() {
    for (int time = 0; time < 3; time++) {
      addTwice(1);
    }
    device.fill(1, x);
    device.fill(0, y);
    gpu.await();

    addTwice(3);

    assertThat(TensorValues.of(device, y)).containsOnly(6);
  }

  @Test
  void whatIsTooLittleIsNeverRecorded() {
    for (int time = 0; time < 4; time++) {
      device.axpby(1, x, 1, y);
      gpu.await();
    }
    assertThat(gpu.replays()).isZero();
  }

  @Test
  void sequenceNotSeenForLongestIsForgotten() {
    Consumer<Integer> twice =
        factor -> {
          addTwice(factor);
          addTwice(factor);
        };
    twice.accept(1);
    twice.accept(2);
    twice.accept(3);
    long before = gpu.replays();
    addTwice(1);
    assertThat(gpu.replays()).as("one of three").isEqualTo(before + 1);
    twice.accept(4);
    before = gpu.replays();
    addTwice(1);
    addTwice(2);
    assertThat(gpu.replays()).as("2 went when 4 came").isEqualTo(before + 1);
  }

  @Test
  void machineThatRefusesToRecordStartsPieceByPiece() {
    host.refuseToRecord("CUresult=900 operation not permitted when stream is capturing");
    device.fill(1, x);
    device.fill(0, y);
    gpu.await();
    for (int time = 0; time < 3; time++) {
      assertThat(startsOf(() -> addTwice(1))).isEqualTo(2);
    }
    assertThat(TensorValues.of(device, y)).containsOnly(6);
    assertThat(gpu.replays()).isZero();
  }

  @Test
  void waitingAndMemoryAreRefusedWithinARecording() {
    assertThatThrownBy(() -> host.record(host::await))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "waiting for the GPU within a recording, which would be started again without it");
    assertThatThrownBy(() -> host.record(() -> host.allocate(1)))
        .hasMessageStartingWith("allocating memory of the GPU within a recording");
    assertThatThrownBy(() -> host.record(() -> host.pinned(1)))
        .hasMessageStartingWith("pinning memory of the host within a recording");
    assertThatThrownBy(() -> host.record(() -> host.fetch().begin(0, 0, 0)))
        .hasMessageStartingWith("exchanging with the host within a recording");
    // and is over
    host.await();
  }

  @Test
  void copiesBesideTheComputationAreOrderedWithWhatWaits() {
    float[] values = {1, 2, 3, 4, 5};
    Gpu.Upload upload = gpu.upload();
    var pinned = gpu.pinned(20);
    pinned.asByteBuffer().order(java.nio.ByteOrder.nativeOrder()).asFloatBuffer().put(values);
    long address = ((CudaTensor) x).address();
    device.fill(7, x);
    device.copy(x, y);
    upload.used();
    upload.copy(pinned.address(), address, 20);
    upload.use();
    device.axpby(1, x, 1, y);
    assertThat(TensorValues.of(device, y)).containsExactly(8, 9, 10, 11, 12);
    gpu.unpin(pinned);
  }

  @Test
  void exchangeSeesWhatWasToBeStarted() {
    device.fill(3, x);
    assertThat(device.host(x).read(0, 5).getFloat(4)).isEqualTo(3);
  }
}
