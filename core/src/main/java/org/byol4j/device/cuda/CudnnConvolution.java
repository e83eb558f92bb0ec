package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_WORKSPACE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendExecute;
import static org.bytedeco.cuda.global.cudnn.cudnnGetErrorString;

import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.LongPointer;

/**
 * A convolution by one of cuDNN's ways, alone or with what follows it. What it needs to run is made
 * anew only when the addresses are others than the last time.
 */
final class CudnnConvolution implements Gpu.ConvolutionPlan, AutoCloseable {

  private final cudnnContext handle;
  private final CudnnPlanner.Way way;
  private final String name;
  private final long[] tensors;
  private final LongPointer addresses;
  private final LongPointer workspaceAddress = new LongPointer(1);
  private CudnnDescriptor pack;

  /**
   * @param way stays the caller's
   */
  CudnnConvolution(cudnnContext handle, ConvolutionProblem problem, CudnnPlanner.Way way) {
    this.handle = handle;
    this.way = way;
    name = problem.key() + " " + way.name();
    tensors = CudnnGraph.tensors(problem);
    addresses = new LongPointer(CudnnGraph.MOST_TENSORS);
  }

  @Override
  public long workspaceBytes() {
    return way.workspaceBytes();
  }

  @Override
  public void run(long x, long w, long y, long workspace) {
    run(x, w, y, 0, 0, workspace);
  }

  /** Starts it; addend and mask are looked at only where the problem has them. */
  void run(long x, long w, long y, long addend, long mask, long workspace) {
    if (pack == null
        || addresses.get(0) != x
        || addresses.get(1) != w
        || addresses.get(2) != y
        || addresses.get(3) != addend
        || addresses.get(4) != mask
        || workspaceAddress.get() != workspace) {
      addresses.put(0, x).put(1, w).put(2, y).put(3, addend).put(4, mask);
      workspaceAddress.put(workspace);
      bind();
    }
    int status = cudnnBackendExecute(handle, way.plan().handle(), pack.handle());
    if (status != 0) {
      throw new CudnnException(
          "cuDNN cannot run %s: status=%d %s"
              .formatted(name, status, cudnnGetErrorString(status).getString()));
    }
  }

  private void bind() {
    if (pack != null) {
      pack.close();
    }
    pack =
        new CudnnDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "arguments of " + name)
            .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, tensors)
            .setAddresses(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, addresses, tensors.length)
            .setAddresses(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspaceAddress, 1)
            .finish();
  }

  @Override
  public void close() {
    if (pack != null) {
      pack.close();
    }
    addresses.close();
    workspaceAddress.close();
  }
}
