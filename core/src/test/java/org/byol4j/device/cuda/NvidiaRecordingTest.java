package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.byol4j.device.cuda.DriverGpu.last;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Graphs through {@link NvidiaGpu#record}, and what other threads do meanwhile, on the driver for
 * tests.
 */
@Tag("driver")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NvidiaRecordingTest {
  private static final long BYTES = DriverGpu.BYTES;
  private static final int OUT_OF_MEMORY = 2;
  private static final int CAPTURE_INVALIDATED = 901;

  @RegisterExtension private final DriverGpu open = new DriverGpu();

  private NvidiaGpu gpu() {
    return open.gpu();
  }

  @Test
  void recordingRunsAsOftenAsItIsStartedAndNotBefore() {
    BytePointer host = open.pinned(0);
    long a = gpu().allocate(BYTES);
    long b = gpu().allocate(BYTES);
    gpu().zero(a, BYTES);
    gpu().zero(b, BYTES);
    Gpu.Kernel kernel = open.filling();
    Recorder.Recording recording =
        gpu()
            .record(
                () -> {
                  gpu().copy(b, a, BYTES);
                  open.fill(kernel, 4, b);
                });
    open.bring(b, host);
    assertThat(last(host)).isZero();
    recording.start();
    open.bring(a, host);
    assertThat(last(host)).isZero();
    recording.start();
    open.bring(a, host);
    assertThat(last(host)).isEqualTo(4);
    recording.close();
    recording.close();
    gpu().free(a);
    gpu().free(b);
    gpu().unpin(host);
  }

  @Test
  void recordingThatThrowsLeavesNeitherAGraphNorACapture() {
    long memory = gpu().allocate(BYTES);

    assertThatThrownBy(
            () ->
                gpu()
                    .record(
                        () -> {
                          gpu().zero(memory, BYTES);
                          throw new IllegalArgumentException("on purpose");
                        }))
        .isInstanceOf(RecordingRefusedException.class)
        .hasMessage("on purpose");
    assertThatThrownBy(
            () ->
                gpu()
                    .record(
                        () -> {
                          gpu().zero(memory, BYTES);
                          throw new AssertionError("on purpose too");
                        }))
        .isInstanceOf(AssertionError.class);

    assertThat(HostDriver.held(0)).doesNotContain("graphs");
    assertThatCode(gpu()::await).doesNotThrowAnyException();
    gpu().free(memory);
  }

  @Test
  void waitingOrAskingForMemoryInARecordingIsAFaultThatLeavesNothing() {
    long memory = gpu().allocate(BYTES);
    Runnable[] faults = {
      gpu()::await,
      () -> gpu().allocate(1),
      () -> gpu().pinned(1),
      gpu()::fetch,
      () -> gpu().free(memory)
    };
    for (Runnable fault : faults) {
      assertThatThrownBy(
              () ->
                  gpu()
                      .record(
                          () -> {
                            gpu().zero(memory, BYTES);
                            fault.run();
                          }))
          .isInstanceOf(RecordingGuard.ViolationException.class);
      assertThatCode(gpu()::await).doesNotThrowAnyException();
      assertThat(HostDriver.held(0)).doesNotContain("graphs");
    }
    gpu().free(memory);
  }

  @Test
  void graphThatCannotBeInstantiatedIsRefusedAndDestroyed() {
    long memory = gpu().allocate(BYTES);
    HostDriver.fail("cuGraphInstantiate", 0, OUT_OF_MEMORY);

    assertThatThrownBy(() -> gpu().record(() -> gpu().zero(memory, BYTES)))
        .isInstanceOf(RecordingRefusedException.class)
        .hasMessage("cuGraphInstantiate: CUresult=2 out of memory");

    assertThat(HostDriver.held(0)).doesNotContain("graphs").doesNotContain("executables");
    gpu().free(memory);
  }

  @Test
  void executableIsDestroyedWhereItsGraphCannotBe() {
    long memory = gpu().allocate(BYTES);
    HostDriver.fail("cuGraphDestroy", 0, OUT_OF_MEMORY);

    assertThatThrownBy(() -> gpu().record(() -> gpu().zero(memory, BYTES)))
        .isInstanceOf(RecordingRefusedException.class);

    assertThat(HostDriver.held(0)).contains("graphs=1").doesNotContain("executables");
    HostDriver.forget(0, "graphs");
    gpu().free(memory);
  }

  @Test
  void driverThatRefusesToCaptureIsAReasonToRecordNothing() {
    long memory = gpu().allocate(BYTES);
    for (String function : new String[] {"cuStreamBeginCapture", "cuMemsetD8Async"}) {
      HostDriver.fail(function, 0, CAPTURE_INVALIDATED);
      assertThatThrownBy(() -> gpu().record(() -> gpu().zero(memory, BYTES)))
          .isInstanceOf(RecordingRefusedException.class)
          .hasMessageContaining(function)
          .hasMessageContaining("CUresult=901");
      gpu().zero(memory, BYTES);
      gpu().await();
    }
    gpu().free(memory);
  }

  @Test
  void exchangeOfAnotherThreadWaitsForTheEndOfARecording() throws InterruptedException {
    BytePointer host = open.pinned(6);
    long memory = gpu().allocate(BYTES);
    long other = gpu().allocate(BYTES);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Gpu.Exchange store = gpu().store();
    Thread exchanging =
        new Thread(
            () -> thrown.set(catchThrowable(() -> store.begin(host.address(), memory, BYTES))));
    Recorder.Recording recording =
        gpu()
            .record(
                () -> {
                  gpu().zero(other, BYTES);
                  exchanging.start();
                  awaitBlocked(exchanging);
                  gpu().zero(other, BYTES);
                });
    exchanging.join();

    assertThat(thrown.get()).isNull();
    gpu().zero(memory, BYTES);
    recording.start();
    open.bring(memory, host);
    assertThat(last(host)).isZero();
    recording.close();
    gpu().free(other);
    gpu().free(memory);
    gpu().unpin(host);
  }

  private static void awaitBlocked(Thread thread) {
    while (thread.getState() != Thread.State.BLOCKED) {
      assertThat(thread.getState()).isNotEqualTo(Thread.State.TERMINATED);
      Thread.onSpinWait();
    }
  }

  @Test
  void uploadOfAnotherThreadIsNotPartOfARecording() {
    BytePointer host = open.pinned(8);
    long memory = gpu().allocate(BYTES);
    long other = gpu().allocate(BYTES);
    Gpu.Upload upload = gpu().upload();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Recorder.Recording recording =
        gpu()
            .record(
                () -> {
                  gpu().zero(other, BYTES);
                  Thread uploading =
                      new Thread(
                          () ->
                              thrown.set(
                                  catchThrowable(
                                      () -> {
                                        upload.copy(host.address(), memory, BYTES);
                                        upload.await();
                                      })));
                  uploading.start();
                  assertThatCode(uploading::join).doesNotThrowAnyException();
                });

    assertThat(thrown.get()).isNull();
    assertThat(HostDriver.at(memory).getFloat(0)).isEqualTo(8);
    gpu().zero(memory, BYTES);
    recording.start();
    gpu().await();
    assertThat(HostDriver.at(memory).getFloat(0)).isZero();
    recording.close();
    gpu().free(other);
    gpu().free(memory);
    gpu().unpin(host);
  }
}
