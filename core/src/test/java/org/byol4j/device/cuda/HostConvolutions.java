package org.byol4j.device.cuda;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import java.util.Arrays;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;

/** Convolutions from their definition, by {@code host_convolution.cpp}. */
final class HostConvolutions {

  /** Of {@code convolve}: makes gradients of filters in float32, added to what is there. */
  private static final int ADD_FLOATS = 3;

  private HostConvolutions() {}

  static Gpu.ConvolutionPlan plan(HostGpu gpu, ConvolutionProblem problem) {
    Function convolve = function(problem, "convolve");
    // as cuBLASLt does
    boolean adds = problem.direction() == Direction.WEIGHTS && MatrixProduct.is(problem);
    int code = adds ? ADD_FLOATS : code(problem.direction());
    return new Gpu.ConvolutionPlan() {
      @Override
      public long workspaceBytes() {
        return 0;
      }

      @Override
      public boolean addsFloats() {
        return adds;
      }

      @Override
      public void run(long x, long w, long y, long workspace) {
        Object[] arguments = arguments(problem, 1, x, w, y);
        arguments[0] = code;
        gpu.start(() -> convolve.invokeVoid(arguments));
      }
    };
  }

  /** One that rounds once, as a fusion does. */
  static Gpu.MaskedPlan maskedPlan(HostGpu gpu, ConvolutionProblem problem) {
    Function convolve = function(problem, "convolve_masked");
    return new Gpu.MaskedPlan(
        0,
        (x, w, y, addend, mask, workspace) -> {
          Object[] arguments = arguments(problem, 0, x, w, y, addend, mask);
          gpu.start(() -> convolve.invokeVoid(arguments));
        });
  }

  private static Function function(ConvolutionProblem problem, String name) {
    return HostKernels.of(problem.arithmetic().element()).getFunction(name);
  }

  /** Addresses and extents, behind room for {@code first} arguments. */
  private static Object[] arguments(ConvolutionProblem problem, int first, long... addresses) {
    if (Arrays.stream(addresses).anyMatch(address -> address % 16 != 0)) {
      throw new AssertionError("convolution at addresses " + Arrays.toString(addresses));
    }
    int[] extents = {
      problem.batch(), problem.height(), problem.width(), problem.inputs(),
      problem.outHeight(), problem.outWidth(), problem.outputs(), problem.kernel(),
      problem.stride(), problem.vertical().before(), problem.horizontal().before()
    };
    Object[] arguments = new Object[first + addresses.length + extents.length];
    for (int i = 0; i < addresses.length; i++) {
      arguments[first + i] = new Pointer(addresses[i]);
    }
    for (int i = 0; i < extents.length; i++) {
      arguments[first + addresses.length + i] = extents[i];
    }
    return arguments;
  }

  /** A direction as {@code convolve} is told it. */
  private static int code(Direction direction) {
    return switch (direction) {
      case FORWARD -> 0;
      case DATA -> 1;
      case WEIGHTS -> 2;
      case MASKED_DATA -> throw new AssertionError("more than a convolution");
    };
  }
}
