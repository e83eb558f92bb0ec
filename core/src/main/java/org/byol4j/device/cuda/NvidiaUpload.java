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

import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/** A stream of copies, tied by events to the one that computes. */
final class NvidiaUpload implements Gpu.Upload {

  private final CUctx_st context;
  private final CUstream_st computing;
  private final CUstream_st copying = new CUstream_st();
  private final CUevent_st copied = new CUevent_st();
  private final CUevent_st used = new CUevent_st();
  private final Releases made = new Releases();

  /**
   * @param context current on the calling thread
   * @param computing what the copies are used by
   */
  NvidiaUpload(CUctx_st context, CUstream_st computing) {
    this.context = context;
    this.computing = computing;
    try {
      NvidiaGpu.check(cuStreamCreate(copying, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
      made.add(() -> NvidiaGpu.check(cuStreamDestroy(copying), "cuStreamDestroy"));
      make(copied);
      make(used);
    } catch (IllegalStateException e) {
      made.runAfter(e);
      throw e;
    }
  }

  private void make(CUevent_st event) {
    NvidiaGpu.check(cuEventCreate(event, CU_EVENT_DISABLE_TIMING), "cuEventCreate");
    made.add(() -> NvidiaGpu.check(cuEventDestroy(event), "cuEventDestroy"));
  }

  @Override
  public void copy(long from, long to, long bytes) {
    enter();
    NvidiaGpu.check(cuMemcpyAsync(to, from, bytes, copying), "cuMemcpyAsync");
    // recorded each time, so that a wait for it is for the newest copy and for nothing behind it
    NvidiaGpu.check(cuEventRecord(copied, copying), "cuEventRecord");
  }

  @Override
  public void use() {
    enter();
    NvidiaGpu.check(cuStreamWaitEvent(computing, copied, 0), "cuStreamWaitEvent");
  }

  @Override
  public void used() {
    enter();
    NvidiaGpu.check(cuEventRecord(used, computing), "cuEventRecord");
    NvidiaGpu.check(cuStreamWaitEvent(copying, used, 0), "cuStreamWaitEvent");
  }

  @Override
  public void await() {
    enter();
    NvidiaGpu.check(cuEventSynchronize(copied), "copy to the GPU");
  }

  private void enter() {
    NvidiaGpu.check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  /** Returns when all copies are done, be they in use or not. */
  void finish() {
    NvidiaGpu.check(cuStreamSynchronize(copying), "copies to the GPU");
  }

  /** Waits for the copies and frees what it holds. */
  void close() {
    made.add(this::finish);
    made.run();
  }
}
