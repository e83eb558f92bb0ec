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
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_BDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_DXDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_DYDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_XDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_YDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_POINTWISE_MATH_PREC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_POINTWISE_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DIMENSIONS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_IS_VIRTUAL;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_STRIDES;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_UNIQUE_ID;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_POINTWISE_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CROSS_CORRELATION;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_BFLOAT16;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_ADD;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_RELU_BWD;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_CONVOLUTION_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_POINTWISE_MODE;

import java.util.Optional;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.bytedeco.cuda.cudnn.cudnnContext;

/**
 * A convolution as a graph of cuDNN's operations, from which plans are made: one operation, or for
 * a masked gradient those that follow it too. The tensors that a plan is given are {@link
 * #tensors}.
 */
final class CudnnGraph implements AutoCloseable {

  /** The most tensors that a plan is given. */
  static final int MOST_TENSORS = 5;

  private static final long X = 1;
  private static final long W = 2;
  private static final long Y = 3;
  private static final long ADDEND = 4;
  private static final long MASK = 5;

  /** Within a plan: the gradient, and its sum with the addend. */
  private static final long GRADIENT = 6;

  private static final long SUM = 7;

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
    graph = made.own(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations(problem)).finish();
  }

  /** Names of the tensors that a plan is given, in the order x, w, y, addend, mask. */
  static long[] tensors(ConvolutionProblem problem) {
    return problem.direction() == Direction.MASKED_DATA
        ? new long[] {X, W, Y, ADDEND, MASK}
        : new long[] {X, W, Y};
  }

  CudnnDescriptor descriptor() {
    return graph;
  }

  private static CudnnDescriptor[] operations(ConvolutionProblem problem) {
    int element = dataType(problem.arithmetic().element());
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
      case FORWARD -> array(forward(problem, images(problem, X, element), w, y));
      case DATA -> array(data(problem, images(problem, X, element), w, y));
      case WEIGHTS -> array(weightGradient(problem, images(problem, X, element), w, y));
      case MASKED_DATA -> maskedData(problem, element, w, y);
    };
  }

  private static CudnnDescriptor[] array(CudnnDescriptor... all) {
    return all;
  }

  /** What is between the operations is of float, and lies nowhere. */
  private static CudnnDescriptor[] maskedData(
      ConvolutionProblem problem, int element, CudnnDescriptor w, CudnnDescriptor dy) {
    CudnnDescriptor gradient = within(problem, GRADIENT);
    CudnnDescriptor sum = within(problem, SUM);
    // each owns what it makes, and the next refers to that: in this order
    CudnnDescriptor product = data(problem, gradient, w, dy);
    CudnnDescriptor addition =
        pointwise(CUDNN_POINTWISE_ADD, "sum")
            .refer(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, gradient)
            .own(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, images(problem, ADDEND, element))
            .own(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, sum)
            .finish();
    CudnnDescriptor masking =
        pointwise(CUDNN_POINTWISE_RELU_BWD, "mask")
            .refer(CUDNN_ATTR_OPERATION_POINTWISE_DYDESC, sum)
            .own(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, images(problem, MASK, element))
            .own(CUDNN_ATTR_OPERATION_POINTWISE_DXDESC, images(problem, X, element))
            .finish();
    return array(product, addition, masking);
  }

  /** An operation that is yet to be given its tensors; its steps are in float. */
  private static CudnnDescriptor pointwise(int mode, String name) {
    return new CudnnDescriptor(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, name)
        .own(
            CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR,
            new CudnnDescriptor(CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "kind of " + name)
                .setEnum(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode)
                .setEnum(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
                .finish());
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

  /** A tensor of the extents of x. */
  private static CudnnDescriptor images(ConvolutionProblem problem, long id, int dataType) {
    return tensor(
        id, dataType, problem.batch(), problem.inputs(), problem.height(), problem.width());
  }

  /** One of the extents of x that only passes from one operation to the next. */
  private static CudnnDescriptor within(ConvolutionProblem problem, long id) {
    return unfinished(
            id,
            CUDNN_DATA_FLOAT,
            problem.batch(),
            problem.inputs(),
            problem.height(),
            problem.width())
        .setTrue(CUDNN_ATTR_TENSOR_IS_VIRTUAL)
        .finish();
  }

  private static CudnnDescriptor tensor(long id, int dataType, long n, long c, long h, long w) {
    return unfinished(id, dataType, n, c, h, w).finish();
  }

  /**
   * Extents are given in the order n, c, h, w whatever the layout; the strides say channels last.
   */
  private static CudnnDescriptor unfinished(long id, int dataType, long n, long c, long h, long w) {
    return new CudnnDescriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR, "tensor " + id)
        .setEnum(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, dataType)
        .set(CUDNN_ATTR_TENSOR_DIMENSIONS, n, c, h, w)
        .set(CUDNN_ATTR_TENSOR_STRIDES, c * h * w, 1, c * w, c)
        .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT);
  }

  private static int dataType(Element element) {
    return element == Element.BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  }

  @Override
  public void close() {
    graph.close();
  }
}
