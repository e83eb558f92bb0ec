package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSA;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSB;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F_FAST_TF32;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_N;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmul;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoCheck;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoGetHeuristic;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescSetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceSetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutDestroy;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A {@link MatrixProduct} as cuBLASLt describes it. Sums are in float32; forward results and
 * gradients of images are written over what is there, gradients of filters are added to it, in
 * float32 whatever the factors are of.
 */
final class CublasLtProduct implements AutoCloseable {

  /** What an algorithm may work with besides; what cuBLAS itself takes on Hopper. */
  private static final long MOST_WORKSPACE_BYTES = 32L << 20;

  /** What addresses are multiples of, in bytes. */
  private static final int ALIGNMENT = 16;

  private final MatrixProduct product;
  private final boolean addsFloats;
  private final String name;
  private final cublasLtMatmulDescOpaque_t operation;
  private final cublasLtMatrixLayoutOpaque_t first;
  private final cublasLtMatrixLayoutOpaque_t second;
  private final cublasLtMatrixLayoutOpaque_t result;
  private final FloatPointer one = new FloatPointer(new float[] {1});
  private final FloatPointer kept;
  private final GpuAddress a = new GpuAddress();
  private final GpuAddress b = new GpuAddress();
  private final GpuAddress d = new GpuAddress();
  private final GpuAddress besides = new GpuAddress();

  /**
   * @throws IllegalArgumentException if the problem is no matrix product
   */
  CublasLtProduct(ConvolutionProblem problem) {
    product = MatrixProduct.of(problem);
    addsFloats = problem.direction() == Direction.WEIGHTS;
    name = problem.key();
    kept = new FloatPointer(new float[] {addsFloats ? 1 : 0});
    int factors = problem.arithmetic() == Arithmetic.BF16 ? CUDA_R_16BF : CUDA_R_32F;
    operation = operation(problem.arithmetic());
    first = layout(factors, product.firstRows(), product.firstColumns());
    second = layout(factors, product.secondRows(), product.secondColumns());
    result = layout(addsFloats ? CUDA_R_32F : factors, product.rows(), product.columns());
  }

  private cublasLtMatmulDescOpaque_t operation(Arithmetic arithmetic) {
    int compute = arithmetic == Arithmetic.TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    try (PointerPointer<cublasLtMatmulDescOpaque_t> made = new PointerPointer<>(1)) {
      check(cublasLtMatmulDescCreate(made, compute, CUDA_R_32F), "description of " + name);
      cublasLtMatmulDescOpaque_t description = made.get(cublasLtMatmulDescOpaque_t.class, 0);
      transpose(description, CUBLASLT_MATMUL_DESC_TRANSA, product.transposed());
      transpose(description, CUBLASLT_MATMUL_DESC_TRANSB, product.secondTransposed());
      return description;
    }
  }

  private static void transpose(
      cublasLtMatmulDescOpaque_t description, int attribute, boolean transposed) {
    try (IntPointer value = new IntPointer(new int[] {transposed ? CUBLAS_OP_T : CUBLAS_OP_N})) {
      check(
          cublasLtMatmulDescSetAttribute(description, attribute, value, Integer.BYTES),
          "transposition of a matrix");
    }
  }

  private static cublasLtMatrixLayoutOpaque_t layout(int type, long rows, long columns) {
    try (PointerPointer<cublasLtMatrixLayoutOpaque_t> made = new PointerPointer<>(1)) {
      check(cublasLtMatrixLayoutCreate(made, type, rows, columns, rows), "layout of a matrix");
      return made.get(cublasLtMatrixLayoutOpaque_t.class, 0);
    }
  }

  /** Whether what it makes is float32 and added to what is there. */
  boolean addsFloats() {
    return addsFloats;
  }

  /** The algorithms that cuBLASLt's heuristics like, best first, at most so many. */
  List<long[]> heuristics(cublasLtContext handle, int most) {
    cublasLtMatmulPreferenceOpaque_t preference = preference();
    try (cublasLtMatmulHeuristicResult_t results = new cublasLtMatmulHeuristicResult_t(most);
        IntPointer count = new IntPointer(1)) {
      int status =
          cublasLtMatmulAlgoGetHeuristic(
              handle, operation, first, second, result, result, preference, most, results, count);
      List<long[]> algorithms = new ArrayList<>();
      for (int i = 0; status == 0 && i < count.get(); i++) {
        cublasLtMatmulHeuristicResult_t found = results.getPointer(i);
        if (found.state() == 0) {
          algorithms.add(CublasLtAlgorithm.words(found.algo()));
        }
      }
      return algorithms;
    } finally {
      cublasLtMatmulPreferenceDestroy(preference);
    }
  }

  private static cublasLtMatmulPreferenceOpaque_t preference() {
    try (PointerPointer<cublasLtMatmulPreferenceOpaque_t> made = new PointerPointer<>(1)) {
      check(cublasLtMatmulPreferenceCreate(made), "preferences");
      cublasLtMatmulPreferenceOpaque_t preference =
          made.get(cublasLtMatmulPreferenceOpaque_t.class, 0);
      prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, MOST_WORKSPACE_BYTES);
      prefer(
          preference,
          CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
          CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, ALIGNMENT);
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, ALIGNMENT);
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, ALIGNMENT);
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, ALIGNMENT);
      return preference;
    }
  }

  private static void prefer(
      cublasLtMatmulPreferenceOpaque_t preference, int attribute, int value) {
    try (IntPointer pointer = new IntPointer(new int[] {value})) {
      check(
          cublasLtMatmulPreferenceSetAttribute(preference, attribute, pointer, Integer.BYTES),
          "preference " + attribute);
    }
  }

  private static void prefer(
      cublasLtMatmulPreferenceOpaque_t preference, int attribute, long value) {
    try (LongPointer pointer = new LongPointer(new long[] {value})) {
      check(
          cublasLtMatmulPreferenceSetAttribute(preference, attribute, pointer, Long.BYTES),
          "preference " + attribute);
    }
  }

  /** What an algorithm works with besides; empty if it does not compute this product here. */
  Optional<Long> workspaceBytes(cublasLtContext handle, long[] words) {
    try (cublasLtMatmulAlgo_t algorithm = CublasLtAlgorithm.pointer(words);
        cublasLtMatmulHeuristicResult_t found = new cublasLtMatmulHeuristicResult_t()) {
      int status =
          cublasLtMatmulAlgoCheck(
              handle, operation, first, second, result, result, algorithm, found);
      return status == 0 && found.state() == 0
          ? Optional.of(found.workspaceSize())
          : Optional.empty();
    }
  }

  /** Starts it; addresses as in {@link Gpu.ConvolutionPlan#run}. */
  void run(
      cublasLtContext handle,
      cublasLtMatmulAlgo_t algorithm,
      long x,
      long w,
      long y,
      long workspace,
      long workspaceBytes,
      CUstream_st stream) {
    a.to(place(product.first(), x, w, y));
    b.to(place(product.second(), x, w, y));
    d.to(place(product.result(), x, w, y));
    int status =
        cublasLtMatmul(
            handle,
            operation,
            one,
            a,
            first,
            b,
            second,
            kept,
            d,
            result,
            d,
            result,
            algorithm,
            besides.to(workspace),
            workspaceBytes,
            stream);
    if (status != 0) {
      throw new CublasException("cuBLASLt cannot run %s: status=%d".formatted(name, status));
    }
  }

  private static long place(MatrixProduct.Role role, long x, long w, long y) {
    return switch (role) {
      case IMAGES -> x;
      case FILTERS -> w;
      case RESULTS -> y;
    };
  }

  static void check(int status, String what) {
    if (status != 0) {
      throw new CublasException("cuBLASLt refuses %s: status=%d".formatted(what, status));
    }
  }

  @Override
  public void close() {
    cublasLtMatmulDescDestroy(operation);
    cublasLtMatrixLayoutDestroy(first);
    cublasLtMatrixLayoutDestroy(second);
    cublasLtMatrixLayoutDestroy(result);
    one.close();
    kept.close();
  }
}
