package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.byol4j.device.cuda.DriverGpu.last;
import static org.bytedeco.cuda.global.cudart.cuMemAlloc;
import static org.bytedeco.cuda.global.cudart.cuMemFree;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import org.byol4j.device.Padding;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Opening, closing, threads and errors of {@link NvidiaGpu} on the driver for tests; and that
 * nothing is left, whatever fails.
 */
@Tag("driver")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NvidiaGpuTest {
  private static final long BYTES = DriverGpu.BYTES;
  private static final int OUT_OF_MEMORY = 2;
  private static final int ILLEGAL_ADDRESS = 700;
  private static final String NOTHING = DriverGpu.NOTHING;

  @RegisterExtension private final DriverGpu open = new DriverGpu();

  private NvidiaGpu gpu() {
    return open.gpu();
  }

  @Test
  void gpuIsNamedByItsNameAndNothingBehindIt() {
    assertThat(gpu().facts()).containsEntry("gpu", "GPU of the host, for tests");
    assertThat(gpu().place().busId()).isEqualTo("0000:00:00.0");
  }

  /** Each on a thread that has driven no GPU before. */
  @Test
  void whatWasMadeOnOneThreadIsForAnyOther() {
    BytePointer host = open.pinned(1);
    long memory = gpu().allocate(BYTES);
    Gpu.Kernel kernel = open.filling();
    Gpu.Upload upload = gpu().upload();
    Gpu.Exchange fetch = gpu().fetch();
    Recorder.Recording recording = gpu().record(() -> gpu().zero(memory, BYTES));
    ConvolutionProblem problem = product();
    Gpu.ConvolutionPlan plan =
        gpu().plan(problem, new TrialGround(memory, memory, memory, this::lend));
    long workspace = gpu().allocate(plan.workspaceBytes());
    expectElsewhere(() -> plan.run(memory, memory, memory, workspace));
    expectElsewhere(() -> upload.copy(host.address(), memory, BYTES));
    expectElsewhere(upload::use);
    expectElsewhere(() -> open.fill(kernel, 3, memory));
    expectElsewhere(upload::used);
    expectElsewhere(upload::await);
    expectElsewhere(() -> open.bring(memory, host));
    assertThat(last(host)).isEqualTo(3);
    expectElsewhere(() -> fetch.begin(memory, host.address(), BYTES));
    expectElsewhere(fetch::await);
    expectElsewhere(recording::start);
    expectElsewhere(() -> gpu().copy(memory, host.address(), BYTES));
    expectElsewhere(gpu()::await);
    assertThat(last(host)).isZero();
    expectElsewhere(recording::close);
    expectElsewhere(() -> gpu().record(() -> gpu().zero(memory, BYTES)).close());
    expectElsewhere(() -> gpu().zero(memory, BYTES));
    expectElsewhere(() -> gpu().free(gpu().allocate(1)));
    expectElsewhere(() -> gpu().unpin(gpu().pinned(1)));
    for (Runnable call :
        List.<Runnable>of(gpu()::facts, gpu()::place, gpu()::room, gpu()::newLinkId)) {
      expectElsewhere(call);
    }
    expectElsewhere(() -> gpu().upload());
    expectElsewhere(() -> gpu().fetch());
    expectElsewhere(() -> gpu().free(workspace));
    expectElsewhere(() -> gpu().free(memory));
    expectElsewhere(() -> gpu().unpin(host));
  }

  /** A convolution that is a matrix product, in memory of {@link #BYTES}. */
  private static ConvolutionProblem product() {
    Padding none = Padding.both(0);
    return new ConvolutionProblem(
        ConvolutionProblem.Direction.FORWARD,
        ConvolutionProblem.Arithmetic.FP32,
        1,
        1,
        1,
        8,
        1,
        1,
        8,
        1,
        1,
        none,
        none);
  }

  private <T> T lend(long bytes, LongFunction<T> work) {
    long address = gpu().allocate(bytes);
    try {
      return work.apply(address);
    } finally {
      gpu().free(address);
    }
  }

  private static void expectElsewhere(Runnable call) {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread other = new Thread(() -> thrown.set(catchThrowable(call::run)));
    other.start();
    assertThatCode(other::join).doesNotThrowAnyException();
    assertThat(thrown.get()).as("%s", HostDriver.why()).isNull();
  }

  @Test
  void missingContextIsAnErrorOfTheDriver() throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Runnable allocating = () -> NvidiaGpu.check(cuMemAlloc(new long[1], 1), "cuMemAlloc");
    Thread other = new Thread(() -> thrown.set(catchThrowable(allocating::run)));
    other.start();
    other.join();

    assertThat(thrown.get()).hasMessage("cuMemAlloc: CUresult=201 invalid device context");
  }

  @Test
  void errorOfAKernelIsToldByWhoeverWaits() {
    long memory = gpu().allocate(BYTES);
    gpu().zero(memory, BYTES);
    NvidiaGpu.check(cuMemFree(memory), "cuMemFree");

    assertThatThrownBy(gpu()::await)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("computing on the GPU: CUresult=700 an illegal memory access was encountered");
    assertThatThrownBy(() -> gpu().allocate(1)).hasMessageContaining("CUresult=700");
    HostDriver.breakContext(0, 0);
  }

  @Test
  void kernelThatTheModuleLacksIsNamed() {
    assertThatThrownBy(() -> gpu().kernel("flat", Element.FP32, "no_such"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("kernel no_such: CUresult=500 named symbol not found");
  }

  @Test
  void contextThatIsBrokenIsToldWhenAnotherDeviceIsOpened() {
    HostDriver.breakContext(0, ILLEGAL_ADDRESS);

    assertThatThrownBy(() -> open.another(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the context that this process has on gpu=0 is broken by an earlier error"
                + " (CUresult=700 an illegal memory access was encountered): the process, such as"
                + " Spark's executor, must be started anew");
    HostDriver.breakContext(0, 0);
  }

  @Test
  void contextThatBreaksWhileADeviceIsOpenedIsToldToo() {
    HostDriver.fail("cuStreamSynchronize", 0, ILLEGAL_ADDRESS);
    HostDriver.fail("cuStreamDestroy", 0, ILLEGAL_ADDRESS);

    assertThatThrownBy(() -> open.another(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the context that this process has on gpu=1 is broken");
    HostDriver.forget(1, "streams");
  }

  @Test
  void deviceThatCannotBeOpenedLeavesNothing() {
    String before = HostDriver.held(1);
    long libraries = HostDriver.heldByLibraries();
    HostDriver.failCudnn(1001);
    assertThatThrownBy(() -> open.another(1))
        .isInstanceOf(CudnnException.class)
        .hasMessageStartingWith("cudnnCreate: status=1001");
    assertThat(HostDriver.held(1)).isEqualTo(before);
    HostDriver.failCudnn(0);
    for (String function : new String[] {"cuStreamCreate", "cuEventCreate"}) {
      HostDriver.fail(function, 0, OUT_OF_MEMORY);
      assertThatThrownBy(() -> open.another(1)).hasMessageStartingWith(function);
      assertThat(HostDriver.held(1)).isEqualTo(before);
    }
    HostDriver.failCublasLt(1);
    assertThatThrownBy(() -> open.another(1)).isInstanceOf(CublasException.class);

    // cuDNN has started: its context is kept
    assertThat(HostDriver.held(1)).isEqualTo(NOTHING);
    assertThat(HostDriver.heldByLibraries()).isEqualTo(libraries);
  }

  @Test
  void deviceIsOpenedAgainAfterAnotherWasClosedAndBesideOne() {
    NvidiaGpu beside = open.another(0);
    NvidiaGpu elsewhere = open.another(1);
    long memory = gpu().allocate(BYTES);
    long other = elsewhere.allocate(BYTES);
    beside.zero(memory, BYTES);
    beside.await();
    elsewhere.zero(other, BYTES);
    gpu().zero(memory, BYTES);
    elsewhere.await();
    gpu().await();
    elsewhere.free(other);
    beside.close();
    elsewhere.close();
    gpu().free(memory);
    open.closeAndOpenAgain();

    long again = gpu().allocate(BYTES);
    gpu().zero(again, BYTES);
    gpu().await();
    gpu().free(again);
    assertThat(HostDriver.held(1)).isEqualTo(NOTHING);
  }
}
