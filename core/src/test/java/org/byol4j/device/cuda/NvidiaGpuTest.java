package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.bytedeco.cuda.global.cudart.cuMemAlloc;
import static org.bytedeco.cuda.global.cudart.cuMemFree;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import org.byol4j.device.Padding;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory, streams, events, graphs and threads through {@link NvidiaGpu}, on a driver that does
 * nothing before somebody waits for it; and that nothing is left, whatever fails.
 */
@Tag("driver")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NvidiaGpuTest {
  private static final int COUNT = 1000;
  private static final long BYTES = (long) COUNT * Float.BYTES;
  private static final int OUT_OF_MEMORY = 2;
  private static final int ILLEGAL_ADDRESS = 700;
  private static final int CAPTURE_INVALIDATED = 901;

  /** What a device leaves that was closed: the process keeps its context. */
  private static final String NOTHING = "contexts=1";

  @TempDir private static Path cache;

  private NvidiaGpu gpu;

  @BeforeAll
  static void requireDriver() {
    HostDriver.require();
  }

  @BeforeEach
  void open() {
    HostDriver.reset();
    gpu = opened(0);
  }

  @AfterEach
  void closeAndLookWhatIsLeft() {
    gpu.close();
    assertThat(HostDriver.held(0)).isEqualTo(NOTHING);
    assertThat(HostDriver.heldByLibraries()).isZero();
    HostDriver.reset();
  }

  private static NvidiaGpu opened(int number) {
    return new NvidiaGpu(number, 90, new CacheFolder(cache));
  }

  private BytePointer pinned(float value) {
    BytePointer memory = gpu.pinned(BYTES);
    FloatPointer floats = new FloatPointer(memory);
    for (int i = 0; i < COUNT; i++) {
      floats.put(i, value);
    }
    return memory;
  }

  private static float last(BytePointer memory) {
    return new FloatPointer(memory).get(COUNT - 1);
  }

  /** Copies to the host, after everything that was started. */
  private void bring(long from, BytePointer to) {
    Gpu.Exchange fetch = gpu.fetch();
    fetch.begin(from, to.address(), BYTES);
    fetch.await();
  }

  /** Starts to fill memory by a kernel. */
  private void fill(Gpu.Kernel kernel, float value, long address) {
    try (Arguments arguments = new Arguments()) {
      arguments.addFloat(value);
      arguments.addLong(address);
      arguments.addLong(COUNT);
      kernel.launch(4, 1, 256, 1, arguments);
    }
  }

  private Gpu.Kernel filling() {
    return gpu.kernel("elementwise", Element.FP32, "fill");
  }

  @Test
  void gpuIsNamedByItsNameAndNothingBehindIt() {
    assertThat(gpu.facts()).containsEntry("gpu", "GPU of the host, for tests");
    assertThat(gpu.place().busId()).isEqualTo("0000:00:00.0");
  }

  @Test
  void kernelTakesItsArgumentsWhenItIsStarted() {
    BytePointer host = pinned(0);
    long memory = gpu.allocate(BYTES);
    fill(filling(), 2.5f, memory); // which frees them
    gpu.copy(memory, host.address(), BYTES);
    assertThat(last(host)).isZero();

    gpu.await();

    assertThat(last(host)).isEqualTo(2.5f);
    gpu.free(memory);
    gpu.unpin(host);
  }

  /** Each on a thread that has driven no GPU before. */
  @Test
  void whatWasMadeOnOneThreadIsForAnyOther() {
    BytePointer host = pinned(1);
    long memory = gpu.allocate(BYTES);
    Gpu.Kernel kernel = filling();
    Gpu.Upload upload = gpu.upload();
    Gpu.Exchange fetch = gpu.fetch();
    Recorder.Recording recording = gpu.record(() -> gpu.zero(memory, BYTES));
    ConvolutionProblem problem = product();
    Gpu.ConvolutionPlan plan =
        gpu.plan(problem, new TrialGround(memory, memory, memory, this::lend));
    long workspace = gpu.allocate(plan.workspaceBytes());
    expectElsewhere(() -> plan.run(memory, memory, memory, workspace));
    expectElsewhere(() -> upload.copy(host.address(), memory, BYTES));
    expectElsewhere(upload::use);
    expectElsewhere(() -> fill(kernel, 3, memory));
    expectElsewhere(upload::used);
    expectElsewhere(upload::await);
    expectElsewhere(() -> bring(memory, host));
    assertThat(last(host)).isEqualTo(3);
    expectElsewhere(() -> fetch.begin(memory, host.address(), BYTES));
    expectElsewhere(fetch::await);
    expectElsewhere(recording::start);
    expectElsewhere(() -> gpu.copy(memory, host.address(), BYTES));
    expectElsewhere(gpu::await);
    assertThat(last(host)).isZero();
    expectElsewhere(recording::close);
    expectElsewhere(() -> gpu.record(() -> gpu.zero(memory, BYTES)).close());
    expectElsewhere(() -> gpu.zero(memory, BYTES));
    expectElsewhere(() -> gpu.free(gpu.allocate(1)));
    expectElsewhere(() -> gpu.unpin(gpu.pinned(1)));
    for (Runnable call : List.<Runnable>of(gpu::facts, gpu::place, gpu::room, gpu::newLinkId)) {
      expectElsewhere(call);
    }
    expectElsewhere(() -> gpu.upload());
    expectElsewhere(() -> gpu.fetch());
    expectElsewhere(() -> gpu.free(workspace));
    expectElsewhere(() -> gpu.free(memory));
    expectElsewhere(() -> gpu.unpin(host));
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
    long address = gpu.allocate(bytes);
    try {
      return work.apply(address);
    } finally {
      gpu.free(address);
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
  void recordingRunsAsOftenAsItIsStartedAndNotBefore() {
    BytePointer host = pinned(0);
    long a = gpu.allocate(BYTES);
    long b = gpu.allocate(BYTES);
    gpu.zero(a, BYTES);
    gpu.zero(b, BYTES);
    Gpu.Kernel kernel = filling();
    Recorder.Recording recording =
        gpu.record(
            () -> {
              gpu.copy(b, a, BYTES);
              fill(kernel, 4, b);
            });
    bring(b, host);
    assertThat(last(host)).isZero();
    recording.start();
    bring(a, host);
    assertThat(last(host)).isZero();
    recording.start();
    bring(a, host);
    assertThat(last(host)).isEqualTo(4);
    recording.close();
    recording.close();
    gpu.free(a);
    gpu.free(b);
    gpu.unpin(host);
  }

  @Test
  void recordingThatThrowsLeavesNeitherAGraphNorACapture() {
    long memory = gpu.allocate(BYTES);

    assertThatThrownBy(
            () ->
                gpu.record(
                    () -> {
                      gpu.zero(memory, BYTES);
                      throw new IllegalArgumentException("on purpose");
                    }))
        .isInstanceOf(RecordingRefusedException.class)
        .hasMessage("on purpose");
    assertThatThrownBy(
            () ->
                gpu.record(
                    () -> {
                      gpu.zero(memory, BYTES);
                      throw new AssertionError("on purpose too");
                    }))
        .isInstanceOf(AssertionError.class);

    assertThat(HostDriver.held(0)).doesNotContain("graphs");
    assertThatCode(gpu::await).doesNotThrowAnyException();
    gpu.free(memory);
  }

  @Test
  void waitingOrAskingForMemoryInARecordingIsAFaultThatLeavesNothing() {
    long memory = gpu.allocate(BYTES);
    Runnable[] faults = {
      gpu::await, () -> gpu.allocate(1), () -> gpu.pinned(1), gpu::fetch, () -> gpu.free(memory)
    };
    for (Runnable fault : faults) {
      assertThatThrownBy(
              () ->
                  gpu.record(
                      () -> {
                        gpu.zero(memory, BYTES);
                        fault.run();
                      }))
          .isInstanceOf(RecordingGuard.ViolationException.class);
      assertThatCode(gpu::await).doesNotThrowAnyException();
      assertThat(HostDriver.held(0)).doesNotContain("graphs");
    }
    gpu.free(memory);
  }

  @Test
  void graphThatCannotBeInstantiatedIsRefusedAndDestroyed() {
    long memory = gpu.allocate(BYTES);
    HostDriver.fail("cuGraphInstantiate", 0, OUT_OF_MEMORY);

    assertThatThrownBy(() -> gpu.record(() -> gpu.zero(memory, BYTES)))
        .isInstanceOf(RecordingRefusedException.class)
        .hasMessage("cuGraphInstantiate: CUresult=2 out of memory");

    assertThat(HostDriver.held(0)).doesNotContain("graphs").doesNotContain("executables");
    gpu.free(memory);
  }

  @Test
  void executableIsDestroyedWhereItsGraphCannotBe() {
    long memory = gpu.allocate(BYTES);
    HostDriver.fail("cuGraphDestroy", 0, OUT_OF_MEMORY);

    assertThatThrownBy(() -> gpu.record(() -> gpu.zero(memory, BYTES)))
        .isInstanceOf(RecordingRefusedException.class);

    assertThat(HostDriver.held(0)).contains("graphs=1").doesNotContain("executables");
    HostDriver.forget(0, "graphs");
    gpu.free(memory);
  }

  @Test
  void driverThatRefusesToCaptureIsAReasonToRecordNothing() {
    long memory = gpu.allocate(BYTES);
    for (String function : new String[] {"cuStreamBeginCapture", "cuMemsetD8Async"}) {
      HostDriver.fail(function, 0, CAPTURE_INVALIDATED);
      assertThatThrownBy(() -> gpu.record(() -> gpu.zero(memory, BYTES)))
          .isInstanceOf(RecordingRefusedException.class)
          .hasMessageContaining(function)
          .hasMessageContaining("CUresult=901");
      gpu.zero(memory, BYTES);
      gpu.await();
    }
    gpu.free(memory);
  }

  @Test
  void exchangeOfAnotherThreadWaitsForTheEndOfARecording() throws InterruptedException {
    BytePointer host = pinned(6);
    long memory = gpu.allocate(BYTES);
    long other = gpu.allocate(BYTES);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Gpu.Exchange store = gpu.store();
    Thread exchanging =
        new Thread(
            () -> thrown.set(catchThrowable(() -> store.begin(host.address(), memory, BYTES))));
    Recorder.Recording recording =
        gpu.record(
            () -> {
              gpu.zero(other, BYTES);
              exchanging.start();
              awaitBlocked(exchanging);
              gpu.zero(other, BYTES);
            });
    exchanging.join();

    assertThat(thrown.get()).isNull();
    gpu.zero(memory, BYTES);
    recording.start();
    bring(memory, host);
    assertThat(last(host)).isZero();
    recording.close();
    gpu.free(other);
    gpu.free(memory);
    gpu.unpin(host);
  }

  private static void awaitBlocked(Thread thread) {
    while (thread.getState() != Thread.State.BLOCKED) {
      assertThat(thread.getState()).isNotEqualTo(Thread.State.TERMINATED);
      Thread.onSpinWait();
    }
  }

  @Test
  void uploadOfAnotherThreadIsNotPartOfARecording() {
    BytePointer host = pinned(8);
    long memory = gpu.allocate(BYTES);
    long other = gpu.allocate(BYTES);
    Gpu.Upload upload = gpu.upload();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Recorder.Recording recording =
        gpu.record(
            () -> {
              gpu.zero(other, BYTES);
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
    gpu.zero(memory, BYTES);
    recording.start();
    gpu.await();
    assertThat(HostDriver.at(memory).getFloat(0)).isZero();
    recording.close();
    gpu.free(other);
    gpu.free(memory);
    gpu.unpin(host);
  }

  @Test
  void fetchComesAfterWhatWasStartedAndIsThereWhenItWasAwaited() {
    BytePointer first = pinned(0);
    BytePointer second = pinned(0);
    long memory = gpu.allocate(BYTES);
    Gpu.Kernel kernel = filling();
    Gpu.Exchange early = gpu.fetch();
    Gpu.Exchange late = gpu.fetch();
    fill(kernel, 1, memory);
    early.begin(memory, first.address(), BYTES);
    assertThat(last(first)).isZero();
    early.await();
    assertThat(last(first)).isEqualTo(1);
    fill(kernel, 2, memory);
    early.begin(memory, first.address(), BYTES);
    late.begin(memory, second.address(), BYTES);
    assertThat(last(first)).isEqualTo(1);
    late.await();
    early.await();

    assertThat(last(first)).isEqualTo(2);
    assertThat(last(second)).isEqualTo(2);
    gpu.free(memory);
    gpu.unpin(first);
    gpu.unpin(second);
  }

  @Test
  void storeComesBetweenWhatWasStartedBeforeItAndWhatIsStartedAfterIt() {
    BytePointer one = pinned(1);
    BytePointer two = pinned(2);
    BytePointer seen = pinned(0);
    long memory = gpu.allocate(BYTES);
    long before = gpu.allocate(BYTES);
    long after = gpu.allocate(BYTES);
    Gpu.Exchange store = gpu.store();
    store.await(); // for none
    fill(filling(), 3, memory);
    gpu.copy(memory, before, BYTES);
    store.begin(one.address(), memory, BYTES);
    gpu.copy(memory, after, BYTES);
    store.await();
    store.begin(two.address(), memory, BYTES);

    bring(before, seen);
    assertThat(last(seen)).isEqualTo(3);
    bring(after, seen);
    assertThat(last(seen)).isEqualTo(1);
    bring(memory, seen);
    assertThat(last(seen)).isEqualTo(2);
    for (long address : new long[] {memory, before, after}) {
      gpu.free(address);
    }
    for (BytePointer host : List.of(one, two, seen)) {
      gpu.unpin(host);
    }
  }

  @Test
  void uploadIsSeenByWhatUsesItAndLeavesAloneWhatIsStillUsed() {
    BytePointer one = pinned(1);
    BytePointer two = pinned(2);
    BytePointer seen = pinned(0);
    long page = gpu.allocate(BYTES);
    long copied = gpu.allocate(BYTES);
    Gpu.Upload upload = gpu.upload();
    upload.copy(one.address(), page, BYTES);
    upload.use();
    gpu.copy(page, copied, BYTES);
    upload.used();
    upload.copy(two.address(), page, BYTES);
    upload.await();
    gpu.copy(copied, seen.address(), BYTES);
    gpu.await();
    assertThat(last(seen)).isEqualTo(1);
    upload.use();
    gpu.copy(page, seen.address(), BYTES);
    gpu.await();

    assertThat(last(seen)).isEqualTo(2);
    gpu.free(page);
    gpu.free(copied);
    gpu.unpin(one);
    gpu.unpin(two);
    gpu.unpin(seen);
  }

  @Test
  void memoryIsFreedAfterEveryCopyThatWasBegun() {
    BytePointer host = pinned(1);
    Gpu.Upload upload = gpu.upload();
    Gpu.Exchange fetch = gpu.fetch();
    long uploaded = gpu.allocate(BYTES);
    upload.copy(host.address(), uploaded, BYTES);
    gpu.free(uploaded);
    upload.await();
    long fetched = gpu.allocate(BYTES);
    fetch.begin(fetched, host.address(), BYTES);
    gpu.free(fetched);
    fetch.await();
    long zeroed = gpu.allocate(BYTES);
    gpu.zero(zeroed, BYTES);
    gpu.free(zeroed);
    gpu.unpin(host);

    assertThatCode(gpu::await).doesNotThrowAnyException();
  }

  @Test
  void pinnedMemoryIsGivenBackAfterEveryCopyThatWasBegun() {
    long memory = gpu.allocate(BYTES);
    gpu.zero(memory, BYTES);
    Gpu.Upload upload = gpu.upload();
    Gpu.Exchange fetch = gpu.fetch();
    BytePointer uploaded = pinned(1);
    upload.copy(uploaded.address(), memory, BYTES);
    gpu.unpin(uploaded);
    BytePointer fetched = pinned(1);
    fetch.begin(memory, fetched.address(), BYTES);
    gpu.unpin(fetched);
    BytePointer copied = pinned(1);
    gpu.copy(copied.address(), memory, BYTES);
    gpu.unpin(copied);

    assertThatCode(gpu::await).doesNotThrowAnyException();
    gpu.free(memory);
  }

  @Test
  void closingWaitsForAllThatNobodyAwaits() {
    NvidiaGpu other = opened(0);
    BytePointer up = pinned(1);
    BytePointer down = pinned(0);
    long uploaded = gpu.allocate(BYTES);
    long fetched = gpu.allocate(BYTES);
    long computed = gpu.allocate(BYTES);
    gpu.copy(up.address(), fetched, BYTES);
    gpu.await();
    other.upload().copy(up.address(), uploaded, BYTES);
    other.fetch().begin(fetched, down.address(), BYTES);
    other.copy(up.address(), computed, BYTES);

    other.close();

    assertThat(HostDriver.at(computed).getFloat(0)).isEqualTo(1);

    assertThat(HostDriver.at(uploaded).getFloat(0)).isEqualTo(1);
    assertThat(last(down)).isEqualTo(1);
    gpu.free(uploaded);
    gpu.free(fetched);
    gpu.free(computed);
    gpu.unpin(up);
    gpu.unpin(down);
  }

  @Test
  void missingMemoryIsToldWithWhatThereIs() {
    HostDriver.memory(0, 10_000);
    long memory = gpu.allocate(4_000);

    assertThatThrownBy(() -> gpu.allocate(6_001))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("cannot allocate GPU memory: bytes=6001 freeBytes=6000 totalBytes=10000");
    HostDriver.fail("cuMemAllocHost", 0, OUT_OF_MEMORY);
    assertThatThrownBy(() -> gpu.pinned(5))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("cannot pin memory of the host: bytes=5");

    gpu.free(memory);
    assertThat(gpu.room()).isEqualTo(new Gpu.Room(10_000, 10_000));
  }

  @Test
  void errorOfAKernelIsToldByWhoeverWaits() {
    long memory = gpu.allocate(BYTES);
    gpu.zero(memory, BYTES);
    NvidiaGpu.check(cuMemFree(memory), "cuMemFree");

    assertThatThrownBy(gpu::await)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("computing on the GPU: CUresult=700 an illegal memory access was encountered");
    assertThatThrownBy(() -> gpu.allocate(1)).hasMessageContaining("CUresult=700");
    HostDriver.breakContext(0, 0);
  }

  @Test
  void copyBeyondMemoryIsRefused() {
    long memory = gpu.allocate(BYTES);

    assertThatThrownBy(() -> gpu.zero(memory, BYTES + 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("cuMemsetD8Async: CUresult=1 invalid argument");
    gpu.free(memory);
  }

  @Test
  void kernelThatTheModuleLacksIsNamed() {
    assertThatThrownBy(() -> gpu.kernel("flat", Element.FP32, "no_such"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("kernel no_such: CUresult=500 named symbol not found");
  }

  @Test
  void contextThatIsBrokenIsToldWhenAnotherDeviceIsOpened() {
    HostDriver.breakContext(0, ILLEGAL_ADDRESS);

    assertThatThrownBy(() -> opened(0))
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

    assertThatThrownBy(() -> opened(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the context that this process has on gpu=1 is broken");
    HostDriver.forget(1, "streams");
  }

  @Test
  void deviceThatCannotBeOpenedLeavesNothing() {
    String before = HostDriver.held(1);
    long libraries = HostDriver.heldByLibraries();
    HostDriver.failCudnn(1001);
    assertThatThrownBy(() -> opened(1))
        .isInstanceOf(CudnnException.class)
        .hasMessageStartingWith("cudnnCreate: status=1001");
    assertThat(HostDriver.held(1)).isEqualTo(before);
    HostDriver.failCudnn(0);
    for (String function : new String[] {"cuStreamCreate", "cuEventCreate"}) {
      HostDriver.fail(function, 0, OUT_OF_MEMORY);
      assertThatThrownBy(() -> opened(1)).hasMessageStartingWith(function);
      assertThat(HostDriver.held(1)).isEqualTo(before);
    }
    HostDriver.failCublasLt(1);
    assertThatThrownBy(() -> opened(1)).isInstanceOf(CublasException.class);

    // cuDNN has started: its context is kept
    assertThat(HostDriver.held(1)).isEqualTo(NOTHING);
    assertThat(HostDriver.heldByLibraries()).isEqualTo(libraries);
  }

  @Test
  void uploadThatCannotBeMadeLeavesNothing() {
    String before = HostDriver.held(0);
    for (int events = 0; events < 2; events++) {
      HostDriver.fail("cuEventCreate", events, OUT_OF_MEMORY);
      assertThatThrownBy(gpu::upload)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("cuEventCreate: CUresult=2 out of memory");
      assertThat(HostDriver.held(0)).isEqualTo(before);
    }
  }

  @Test
  void deviceIsOpenedAgainAfterAnotherWasClosedAndBesideOne() {
    NvidiaGpu beside = opened(0);
    NvidiaGpu elsewhere = opened(1);
    long memory = gpu.allocate(BYTES);
    long other = elsewhere.allocate(BYTES);
    beside.zero(memory, BYTES);
    beside.await();
    elsewhere.zero(other, BYTES);
    gpu.zero(memory, BYTES);
    elsewhere.await();
    gpu.await();
    elsewhere.free(other);
    beside.close();
    elsewhere.close();
    gpu.free(memory);
    gpu.close();

    gpu = opened(0);
    long again = gpu.allocate(BYTES);
    gpu.zero(again, BYTES);
    gpu.await();
    gpu.free(again);
    assertThat(HostDriver.held(1)).isEqualTo(NOTHING);
  }
}
