package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudart.cuCtxSetCurrent;
import static org.bytedeco.cuda.global.cudart.cuGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cuGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cuGraphInstantiate;
import static org.bytedeco.cuda.global.cudart.cuGraphLaunch;

import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/** A CUDA graph. */
final class NvidiaRecording implements Recorder.Recording {
  private final CUctx_st context;
  private final CUstream_st stream;
  private final CUgraphExec_st executable = new CUgraphExec_st();
  private boolean closed;

  /**
   * @param context current on the calling thread
   * @param graph what was captured; taken apart here
   * @throws IllegalStateException if the driver cannot make something executable of it
   */
  NvidiaRecording(CUctx_st context, CUstream_st stream, CUgraph_st graph) {
    this.context = context;
    this.stream = stream;
    int status = cuGraphInstantiate(executable, graph, 0);
    int destroyed = destroy(graph);
    if (destroyed != 0 && status == 0) {
      cuGraphExecDestroy(executable);
    }
    NvidiaGpu.check(status, "cuGraphInstantiate");
    NvidiaGpu.check(destroyed, "cuGraphDestroy");
  }

  /** Destroys a graph, if it is one; returns the driver's status. */
  static int destroy(CUgraph_st graph) {
    return graph.isNull() ? 0 : cuGraphDestroy(graph);
  }

  @Override
  public void start() {
    NvidiaGpu.check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
    NvidiaGpu.check(cuGraphLaunch(executable, stream), "cuGraphLaunch");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      NvidiaGpu.check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
      NvidiaGpu.check(cuGraphExecDestroy(executable), "cuGraphExecDestroy");
    }
  }
}
