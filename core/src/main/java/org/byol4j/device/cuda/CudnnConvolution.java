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
 * A convolution by one of cuDNN's ways. What it needs to run is made anew only when the addresses
 * are others than the last time.
 */
final class CudnnConvolution implements Gpu.ConvolutionPlan, AutoCloseable {

  private static final int TENSORS = 3;

  private final cudnnContext handle;
  private final CudnnPlanner.Way way;
  private final String name;
  private final LongPointer addresses = new LongPointer(TENSORS);
  private final LongPointer workspaceAddress = new LongPointer(1);
  private CudnnDescriptor pack;

  /**
   * @param way stays the caller's
   */
  CudnnConvolution(cudnnContext handle, ConvolutionProblem problem, CudnnPlanner.Way way) {
    this.handle = handle;
    this.way = way;
    name = problem.key() + " " + way.name();
  }

  @Override
  public long workspaceBytes() {
    return way.workspaceBytes();
  }

  @Override
  public void run(long x, long w, long y, long workspace) {
    if (pack == null
        || addresses.get(0) != x
        || addresses.get(1) != w
        || addresses.get(2) != y
        || workspaceAddress.get() != workspace) {
      bind(x, w, y, workspace);
    }
    int status = cudnnBackendExecute(handle, way.plan().handle(), pack.handle());
    if (status != 0) {
      throw new CudnnException(
          "cuDNN cannot run %s: status=%d %s"
              .formatted(name, status, cudnnGetErrorString(status).getString()));
    }
  }

  private void bind(long x, long w, long y, long workspace) {
    if (pack != null) {
      pack.close();
    }
    addresses.put(0, x);
    addresses.put(1, w);
    addresses.put(2, y);
    workspaceAddress.put(workspace);
    pack =
        new CudnnDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "arguments of " + name)
            .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CudnnGraph.X, CudnnGraph.W, CudnnGraph.Y)
            .setAddresses(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, addresses, TENSORS)
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
