package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cudart.cuCtxSetCurrent;
import static org.bytedeco.cuda.global.cudart.cuDevicePrimaryCtxRelease;
import static org.bytedeco.cuda.global.cudart.cuDevicePrimaryCtxRetain;
import static org.bytedeco.cuda.global.cudart.cuEventCreate;
import static org.bytedeco.cuda.global.cudart.cuEventDestroy;
import static org.bytedeco.cuda.global.cudart.cuEventRecord;
import static org.bytedeco.cuda.global.cudart.cuEventSynchronize;
import static org.bytedeco.cuda.global.cudart.cuGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cuGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cuGraphInstantiate;
import static org.bytedeco.cuda.global.cudart.cuGraphLaunch;
import static org.bytedeco.cuda.global.cudart.cuInit;
import static org.bytedeco.cuda.global.cudart.cuLaunchKernel;
import static org.bytedeco.cuda.global.cudart.cuMemAlloc;
import static org.bytedeco.cuda.global.cudart.cuMemFree;
import static org.bytedeco.cuda.global.cudart.cuMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cuMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cuMemsetD8Async;
import static org.bytedeco.cuda.global.cudart.cuModuleGetFunction;
import static org.bytedeco.cuda.global.cudart.cuModuleLoadData;
import static org.bytedeco.cuda.global.cudart.cuModuleUnload;
import static org.bytedeco.cuda.global.cudart.cuStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cuStreamCreate;
import static org.bytedeco.cuda.global.cudart.cuStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cuStreamEndCapture;
import static org.bytedeco.cuda.global.cudart.cuStreamQuery;
import static org.bytedeco.cuda.global.cudart.cuStreamSynchronize;
import static org.bytedeco.cuda.global.cudart.cuStreamWaitEvent;

import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** That the driver for tests is one that notices: what the other tests on it stand on. */
@Tag("driver")
class HostDriverTest {
  private static final int BYTES = 16;
  private static final int THREAD_LOCAL = 1;

  private final CUctx_st context = new CUctx_st();
  private final CUstream_st one = new CUstream_st();
  private final CUstream_st two = new CUstream_st();
  private final CUevent_st event = new CUevent_st();
  private final CUgraph_st graph = new CUgraph_st();
  private final long[] a = new long[1];
  private final long[] b = new long[1];

  @BeforeAll
  static void requireDriver() {
    HostDriver.require();
  }

  @BeforeEach
  void begin() {
    HostDriver.reset();
    ok(cuInit(0));
    ok(cuDevicePrimaryCtxRetain(context, 0));
    ok(cuCtxSetCurrent(context));
    ok(cuStreamCreate(one, 1));
    ok(cuStreamCreate(two, 1));
    ok(cuEventCreate(event, 2));
    ok(cuMemAlloc(a, BYTES));
    ok(cuMemAlloc(b, BYTES));
  }

  @AfterEach
  void end() {
    HostDriver.reset();
    ok(cuEventDestroy(event));
    ok(cuStreamDestroy(one));
    ok(cuStreamDestroy(two));
    ok(cuDevicePrimaryCtxRelease(0));
    ok(cuCtxSetCurrent(null));
    HostDriver.reset();
  }

  private static void ok(int status) {
    assertThat(status).as("%s", HostDriver.why()).isZero();
  }

  private static byte first(long[] memory) {
    return HostDriver.at(memory[0]).getByte(0);
  }

  @Test
  void nothingRunsBeforeSomebodyWaitsForIt() {
    ok(cuMemsetD8Async(a[0], (byte) 1, BYTES, one));
    assertThat(first(a)).isEqualTo((byte) -1);
    assertThat(HostDriver.undone()).isEqualTo(1);
    ok(cuStreamSynchronize(two));
    assertThat(first(a)).isEqualTo((byte) -1);
    assertThat(cuStreamQuery(one)).isEqualTo(600);
    ok(cuStreamQuery(one));
    assertThat(first(a)).isEqualTo((byte) 1);
  }

  @Test
  void everythingRunsAtOnceWhereThatIsAskedFor() {
    HostDriver.order(HostDriver.Order.EARLY, 1);
    ok(cuMemsetD8Async(a[0], (byte) 1, BYTES, one));

    assertThat(first(a)).isEqualTo((byte) 1);
  }

  @Test
  void streamThatDoesNotWaitForAnotherSeesRubbish() {
    ok(cuMemsetD8Async(a[0], (byte) 1, BYTES, one));
    // never recorded: waiting for it is no wait
    ok(cuStreamWaitEvent(two, event, 0));
    ok(cuMemcpyAsync(b[0], a[0], BYTES, two));
    ok(cuStreamSynchronize(two));
    assertThat(first(b)).isEqualTo((byte) -1);

    ok(cuEventRecord(event, one));
    ok(cuStreamWaitEvent(two, event, 0));
    ok(cuMemcpyAsync(b[0], a[0], BYTES, two));
    ok(cuStreamSynchronize(two));
    assertThat(first(b)).isEqualTo((byte) 1);
  }

  @Test
  void waitIsForWhatTheEventWasRecordedBehindLast() {
    ok(cuMemsetD8Async(a[0], (byte) 1, BYTES, one));
    ok(cuEventRecord(event, one));
    ok(cuMemsetD8Async(a[0], (byte) 2, BYTES, one));
    ok(cuEventSynchronize(event));
    assertThat(first(a)).isEqualTo((byte) 1);
    ok(cuMemsetD8Async(b[0], (byte) 3, BYTES, two));
    ok(cuEventRecord(event, two));
    ok(cuEventSynchronize(event));

    assertThat(first(a)).isEqualTo((byte) 1);
    assertThat(first(b)).isEqualTo((byte) 3);
  }

  @Test
  void workOnMemoryThatWasFreedBreaksTheContext() {
    ok(cuMemsetD8Async(a[0], (byte) 1, BYTES, one));
    ok(cuMemFree(a[0]));
    assertThat(cuMemFree(a[0])).isEqualTo(1);
    assertThat(cuMemFree(b[0] + 1)).isEqualTo(1);

    assertThat(cuStreamSynchronize(one)).isEqualTo(700);
    assertThat(cuMemAlloc(a, 1)).isEqualTo(700);
    assertThat(HostDriver.why()).contains("16 bytes at 0x");
  }

  @Test
  void copyBeyondMemoryIsRefused() {
    assertThat(cuMemcpyAsync(a[0], b[0] + 1, BYTES, one)).isEqualTo(1);
    assertThat(cuMemsetD8Async(a[0], (byte) 0, BYTES + 1, one)).isEqualTo(1);
  }

  @Test
  void writingBesideMemoryIsFoundWhenItIsFreed() {
    HostDriver.at(a[0]).setByte(BYTES, (byte) 0);

    assertThat(cuMemFree(a[0])).isEqualTo(700);
  }

  @Test
  void threadWithoutAContextOrWithOneThatWasReleasedIsRefused() throws InterruptedException {
    AtomicInteger status = new AtomicInteger();
    Thread other = new Thread(() -> status.set(cuStreamSynchronize(one)));
    other.start();
    other.join();
    assertThat(status.get()).isEqualTo(201);

    CUctx_st second = new CUctx_st();
    ok(cuDevicePrimaryCtxRetain(second, 1));
    int users = Integer.parseInt(HostDriver.held(1).replaceAll("\\D", ""));
    if (users == 1) { // nothing else of this process keeps it
      ok(cuCtxSetCurrent(second));
      ok(cuDevicePrimaryCtxRelease(1));
      try (SizeTPointer free = new SizeTPointer(1);
          SizeTPointer total = new SizeTPointer(1)) {
        assertThat(cuMemGetInfo(free, total)).isEqualTo(709);
      }
      ok(cuCtxSetCurrent(context));
    } else {
      ok(cuDevicePrimaryCtxRelease(1));
    }
  }

  @Test
  void whatACaptureCannotHoldInvalidatesIt() {
    ok(cuStreamBeginCapture(one, THREAD_LOCAL));
    assertThat(cuStreamBeginCapture(one, THREAD_LOCAL)).isEqualTo(401);
    assertThat(cuStreamSynchronize(one)).isEqualTo(900);
    assertThat(cuMemsetD8Async(a[0], (byte) 1, BYTES, one)).isEqualTo(901);
    assertThat(cuStreamEndCapture(one, graph)).isEqualTo(901);
    assertThat(graph.isNull()).isTrue();
    assertThat(cuStreamEndCapture(one, graph)).isEqualTo(401);
    ok(cuStreamBeginCapture(one, THREAD_LOCAL));
    assertThat(cuMemAlloc(new long[1], 1)).isEqualTo(900);
    assertThat(cuStreamEndCapture(one, graph)).isEqualTo(901);
  }

  @Test
  void captureOfOneThreadHindersNoOther() throws InterruptedException {
    ok(cuStreamBeginCapture(one, THREAD_LOCAL));
    AtomicInteger status = new AtomicInteger(-1);
    AtomicInteger ending = new AtomicInteger(-1);
    Thread other =
        new Thread(
            () -> {
              ok(cuCtxSetCurrent(context));
              status.set(cuStreamSynchronize(two));
              ending.set(cuStreamEndCapture(one, graph));
            });
    other.start();
    other.join();

    assertThat(status.get()).isZero();
    assertThat(ending.get()).isEqualTo(908);
    assertThat(cuStreamEndCapture(one, graph)).isEqualTo(901);
  }

  @Test
  void streamsJoinACaptureByItsEventsAndHaveToComeBack() {
    ok(cuEventRecord(event, two));
    ok(cuStreamBeginCapture(one, THREAD_LOCAL));
    assertThat(cuStreamWaitEvent(one, event, 0)).isEqualTo(905);
    assertThat(cuStreamEndCapture(one, graph)).isEqualTo(901);

    ok(cuStreamBeginCapture(one, THREAD_LOCAL));
    ok(cuMemsetD8Async(a[0], (byte) 1, BYTES, one));
    ok(cuEventRecord(event, one));
    ok(cuStreamWaitEvent(two, event, 0));
    ok(cuMemcpyAsync(b[0], a[0], BYTES, two));
    assertThat(cuStreamEndCapture(one, graph)).isEqualTo(904);
    assertThat(cuStreamWaitEvent(two, event, 0)).isEqualTo(907);
    assertThat(cuEventSynchronize(event)).isEqualTo(907);
  }

  @Test
  void graphRunsAsOftenAsItIsLaunchedInItsOwnOrder() {
    ok(cuStreamBeginCapture(one, THREAD_LOCAL));
    ok(cuMemsetD8Async(a[0], (byte) 1, BYTES, one));
    ok(cuEventRecord(event, one));
    ok(cuStreamWaitEvent(two, event, 0));
    ok(cuMemcpyAsync(b[0], a[0], BYTES, two));
    ok(cuEventRecord(event, two));
    ok(cuStreamWaitEvent(one, event, 0));
    ok(cuMemsetD8Async(a[0], (byte) 2, BYTES, one));
    ok(cuStreamEndCapture(one, graph));
    CUgraphExec_st executable = new CUgraphExec_st();
    ok(cuGraphInstantiate(executable, graph, 0));
    ok(cuGraphDestroy(graph));
    assertThat(HostDriver.undone()).isZero();
    for (int run = 0; run < 2; run++) {
      ok(cuMemsetD8Async(b[0], (byte) 0, BYTES, two));
      ok(cuStreamSynchronize(two));
      ok(cuGraphLaunch(executable, one));
      ok(cuStreamSynchronize(one));
      assertThat(first(a)).isEqualTo((byte) 2);
      assertThat(first(b)).isEqualTo((byte) 1);
    }
    assertThat(HostDriver.held(0)).contains("executables=1").doesNotContain("graphs");
    ok(cuGraphLaunch(executable, one));
    ok(cuGraphExecDestroy(executable));

    // destroyed while it had to run
    assertThat(cuStreamSynchronize(one)).isEqualTo(700);
  }

  @Test
  void gridsBeyondThoseOfAGpuAndUnknownKernelsAreRefused() {
    CUmod_st module = new CUmod_st();
    CUfunc_st kernel = new CUfunc_st();
    try (BytePointer image = new BytePointer("host kernels FP32 elementwise");
        BytePointer other = new BytePointer("an image of others");
        Arguments arguments = new Arguments()) {
      assertThat(cuModuleLoadData(module, other)).isEqualTo(200);
      ok(cuModuleLoadData(module, image));
      assertThat(cuModuleGetFunction(kernel, module, "no_such")).isEqualTo(500);
      ok(cuModuleGetFunction(kernel, module, "fill"));
      arguments.addFloat(1);
      arguments.addLong(a[0]);
      arguments.addLong(BYTES / Float.BYTES);
      assertThat(launch(kernel, 1, 65_536, 1, arguments)).isEqualTo(1);
      assertThat(launch(kernel, 1, 1, 1025, arguments)).isEqualTo(1);
      assertThat(launch(kernel, 0, 1, 1, arguments)).isEqualTo(1);
      ok(launch(kernel, 1, 65_535, 1024, arguments));
      ok(launch(kernel, 1, 1, 1, arguments));
      ok(cuModuleUnload(module));
    }
    // unloaded while it had to run
    assertThat(cuStreamSynchronize(one)).isEqualTo(700);
  }

  private int launch(CUfunc_st kernel, int gridX, int gridY, int blockX, Arguments arguments) {
    PointerPointer<Pointer> none = null;
    return cuLaunchKernel(
        kernel, gridX, gridY, 1, blockX, 1, 1, 0, one, arguments.pointers(), none);
  }

  @Test
  void whatIsNotFreedIsCounted() {
    assertThat(HostDriver.held(0)).contains("allocations=2 events=1 streams=2");
  }
}
