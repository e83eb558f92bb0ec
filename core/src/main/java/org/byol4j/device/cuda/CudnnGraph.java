package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_CONVOLUTION_COMP_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_CONVOLUTION_CONV_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_CONVOLUTION_DILATIONS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_CONVOLUTION_POST_PADDINGS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATIONGRAPH_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATIONGRAPH_OPS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DIMENSIONS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_STRIDES;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_UNIQUE_ID;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CROSS_CORRELATION;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_BFLOAT16;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_CONVOLUTION_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_DATA_TYPE;

import java.util.Optional;
import org.bytedeco.cuda.cudnn.cudnnContext;

/**
 * A convolution as a graph of one operation of cuDNN, from which plans are made. The tensors that a
 * plan is given are named {@link #X}, {@link #W} and {@link #Y}.
 */
final class CudnnGraph implements AutoCloseable {

  static final long X = 1;
  static final long W = 2;
  static final long Y = 3;

  /** What addresses are multiples of, in bytes. */
  private static final long ALIGNMENT = 16;

  private final CudnnDescriptor graph;

  /**
   * @param handle the GPU; none where plans are made for one that is not there
   */
  CudnnGraph(ConvolutionProblem problem, Optional<cudnnContext> handle) {
    CudnnDescriptor made =
        new CudnnDescriptor(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "graph " + problem.key());
    handle.ifPresent(context -> made.setHandle(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, context));
    graph = made.own(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation(problem)).finish();
  }

  CudnnDescriptor descriptor() {
    return graph;
  }

  private static CudnnDescriptor operation(ConvolutionProblem problem) {
    int element = dataType(problem.arithmetic().element());
    CudnnDescriptor x =
        tensor(X, element, problem.batch(), problem.inputs(), problem.height(), problem.width());
    CudnnDescriptor y =
        tensor(
            Y,
            element,
            problem.batch(),
            problem.outputs(),
            problem.outHeight(),
            problem.outWidth());
    CudnnDescriptor w =
        tensor(W, element, problem.outputs(), problem.inputs(), problem.kernel(), problem.kernel());
    return switch (problem.direction()) {
      case FORWARD -> forward(problem, x, w, y);
      case DATA -> data(problem, x, w, y);
      case WEIGHTS -> weightGradient(problem, x, w, y);
    };
  }

  private static CudnnDescriptor forward(
      ConvolutionProblem problem, CudnnDescriptor x, CudnnDescriptor w, CudnnDescriptor y) {
    return new CudnnDescriptor(
            CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, "forward convolution")
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution(problem))
        .setFloat(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1)
        .setFloat(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0)
        .finish();
  }

  private static CudnnDescriptor data(
      ConvolutionProblem problem, CudnnDescriptor dx, CudnnDescriptor w, CudnnDescriptor dy) {
    return new CudnnDescriptor(
            CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, "data gradient")
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, dx)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, w)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, dy)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution(problem))
        .setFloat(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1)
        .setFloat(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0)
        .finish();
  }

  private static CudnnDescriptor weightGradient(
      ConvolutionProblem problem, CudnnDescriptor x, CudnnDescriptor dw, CudnnDescriptor dy) {
    return new CudnnDescriptor(
            CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, "weight gradient")
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, x)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, dw)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, dy)
        .own(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution(problem))
        .setFloat(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1)
        .setFloat(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0)
        .finish();
  }

  private static CudnnDescriptor convolution(ConvolutionProblem problem) {
    return new CudnnDescriptor(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, "convolution")
        .setEnum(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
        .setEnum(
            CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION)
        .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2)
        .set(
            CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS,
            problem.vertical().before(),
            problem.horizontal().before())
        .set(
            CUDNN_ATTR_CONVOLUTION_POST_PADDINGS,
            problem.vertical().after(),
            problem.horizontal().after())
        .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, 1, 1)
        .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, problem.stride(), problem.stride())
        .finish();
  }

  /**
   * Extents are given in the order n, c, h, w whatever the layout; the strides say channels last.
   */
  private static CudnnDescriptor tensor(long id, int dataType, long n, long c, long h, long w) {
    return new CudnnDescriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR, "tensor " + id)
        .setEnum(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, dataType)
        .set(CUDNN_ATTR_TENSOR_DIMENSIONS, n, c, h, w)
        .set(CUDNN_ATTR_TENSOR_STRIDES, c * h * w, 1, c * w, c)
        .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT)
        .finish();
  }

  private static int dataType(Element element) {
    return element == Element.BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  }

  @Override
  public void close() {
    graph.close();
  }
}
