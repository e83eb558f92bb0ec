package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudart.CU_EVENT_DISABLE_TIMING;
import static org.bytedeco.cuda.global.cudart.CU_STREAM_NON_BLOCKING;
import static org.bytedeco.cuda.global.cudart.cuCtxSetCurrent;
import static org.bytedeco.cuda.global.cudart.cuEventCreate;
import static org.bytedeco.cuda.global.cudart.cuEventDestroy;
import static org.bytedeco.cuda.global.cudart.cuEventRecord;
import static org.bytedeco.cuda.global.cudart.cuEventSynchronize;
import static org.bytedeco.cuda.global.cudart.cuMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cuStreamCreate;
import static org.bytedeco.cuda.global.cudart.cuStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cuStreamSynchronize;
import static org.bytedeco.cuda.global.cudart.cuStreamWaitEvent;

import java.util.function.Consumer;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * A stream of copies to and from the host, each of which comes after everything that was started to
 * compute. For any thread, also while another one records.
 */
final class NvidiaExchanges {
  private static final String COPY = "copy between host and GPU";

  private final CUctx_st context;
  private final CUstream_st computing;
  private final RecordingGuard guard;
  private final CUstream_st exchanging = new CUstream_st();
  private final CUevent_st computed = new CUevent_st();
  private final Releases made = new Releases();

  /**
   * @param context current on the calling thread
   * @param computing what copies come after
   * @param guard knows when that is recorded
   */
  NvidiaExchanges(CUctx_st context, CUstream_st computing, RecordingGuard guard) {
    this.context = context;
    this.computing = computing;
    this.guard = guard;
    try {
      NvidiaGpu.check(cuStreamCreate(exchanging, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
      made.add(() -> NvidiaGpu.check(cuStreamDestroy(exchanging), "cuStreamDestroy"));
      make(computed);
    } catch (IllegalStateException e) {
      made.runAfter(e);
      throw e;
    }
  }

  private void make(CUevent_st event) {
    NvidiaGpu.check(cuEventCreate(event, CU_EVENT_DISABLE_TIMING), "cuEventCreate");
    made.add(() -> NvidiaGpu.check(cuEventDestroy(event), "cuEventDestroy"));
  }

  /** See {@link Gpu#fetch}. */
  Gpu.Exchange fetch() {
    return exchange(done -> {});
  }

  /** See {@link Gpu#store}: what is computed from then on waits for the copy. */
  Gpu.Exchange store() {
    return exchange(
        done -> NvidiaGpu.check(cuStreamWaitEvent(computing, done, 0), "cuStreamWaitEvent"));
  }

  /**
   * Copies that are each followed by an event that is waited for.
   *
   * @param onBegin what to do with the event of a copy that was begun
   */
  private synchronized Gpu.Exchange exchange(Consumer<CUevent_st> onBegin) {
    guard.requireNone("making an event");
    enter();
    CUevent_st done = new CUevent_st();
    make(done);
    return new Gpu.Exchange() {
      @Override
      public void begin(long from, long to, long bytes) {
        guard.apart(
            "exchanging with the host",
            () -> {
              start(from, to, bytes, done);
              onBegin.accept(done);
            });
      }

      @Override
      public void await() {
        enter();
        NvidiaGpu.check(cuEventSynchronize(done), COPY);
      }
    };
  }

  private synchronized void start(long from, long to, long bytes, CUevent_st done) {
    enter();
    NvidiaGpu.check(cuEventRecord(computed, computing), "cuEventRecord");
    NvidiaGpu.check(cuStreamWaitEvent(exchanging, computed, 0), "cuStreamWaitEvent");
    NvidiaGpu.check(cuMemcpyAsync(to, from, bytes, exchanging), "cuMemcpyAsync");
    NvidiaGpu.check(cuEventRecord(done, exchanging), "cuEventRecord");
  }

  private void enter() {
    NvidiaGpu.check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  /** Returns when all copies that were begun are done; the context is the calling thread's. */
  void finish() {
    NvidiaGpu.check(cuStreamSynchronize(exchanging), COPY);
  }

  /** Waits for the copies and frees what it holds; the context is the calling thread's. */
  void close() {
    made.add(this::finish);
    made.run();
  }
}
