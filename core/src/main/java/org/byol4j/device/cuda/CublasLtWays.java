package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_16F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16BF;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_TF32;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_TENSOR_OP_MASK;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_REDUCTION_SCHEME_NONE;
import static org.bytedeco.cuda.global.cublas.cublasLtCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoCapGetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoConfigGetAttribute;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * cuBLASLt's ways to compute convolutions that are matrix products; none for others.
 *
 * <p>A way's name holds the library's description of an algorithm, which means the same algorithm
 * to the same version. The same algorithm on the same GPU gives the same bits: sums of parts, if
 * any, are written out and added up in a pass of their own; those that are added in place, in
 * whatever order they come, are left out. For float32 so is what rounds factors.
 */
final class CublasLtWays implements ConvolutionWays.Library<Gpu.ConvolutionPlan> {

  private static final String PREFIX = "cublasLt-";

  /** How many algorithms are looked at for each that is asked for. */
  private static final int LOOKS = 4;

  private final cublasLtContext handle = new cublasLtContext();
  private final CUstream_st stream;

  /**
   * For the GPU whose context is current.
   *
   * @param stream where products are started; stays the caller's
   */
  CublasLtWays(CUstream_st stream) {
    this.stream = stream;
    CublasLtProduct.check(cublasLtCreate(handle), "cublasLtCreate");
  }

  @Override
  public List<ConvolutionWays.Way<Gpu.ConvolutionPlan>> ways(ConvolutionProblem problem, int most) {
    List<ConvolutionWays.Way<Gpu.ConvolutionPlan>> ways = new ArrayList<>();
    if (!MatrixProduct.is(problem)) {
      return ways;
    }
    try (CublasLtProduct product = new CublasLtProduct(problem)) {
      for (long[] algorithm : product.heuristics(handle, LOOKS * most)) {
        if (ways.size() < most && keepsPromises(problem.arithmetic(), algorithm)) {
          way(problem, PREFIX + CublasLtAlgorithm.text(algorithm)).ifPresent(ways::add);
        }
      }
    }
    return ways;
  }

  @Override
  public Optional<ConvolutionWays.Way<Gpu.ConvolutionPlan>> way(
      ConvolutionProblem problem, String name) {
    if (!name.startsWith(PREFIX) || !MatrixProduct.is(problem)) {
      return Optional.empty();
    }
    Optional<long[]> algorithm = CublasLtAlgorithm.of(name.substring(PREFIX.length()));
    return algorithm.flatMap(words -> made(problem, name, words));
  }

  private Optional<ConvolutionWays.Way<Gpu.ConvolutionPlan>> made(
      ConvolutionProblem problem, String name, long[] algorithm) {
    CublasLtProduct product = new CublasLtProduct(problem);
    Optional<ConvolutionWays.Way<Gpu.ConvolutionPlan>> made =
        product
            .workspaceBytes(handle, algorithm)
            .map(bytes -> new Made(name, product, algorithm, bytes));
    if (made.isEmpty()) {
      product.close();
    }
    return made;
  }

  private static boolean keepsPromises(Arithmetic arithmetic, long[] words) {
    try (cublasLtMatmulAlgo_t algorithm = CublasLtAlgorithm.pointer(words);
        IntPointer scheme = new IntPointer(1);
        LongPointer flags = new LongPointer(1);
        SizeTPointer written = new SizeTPointer(1)) {
      int told =
          cublasLtMatmulAlgoConfigGetAttribute(
              algorithm, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, scheme, Integer.BYTES, written);
      int toldFlags =
          cublasLtMatmulAlgoCapGetAttribute(
              algorithm, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS, flags, Long.BYTES, written);
      // an algorithm that tells nothing of itself is not used
      return told == 0 && toldFlags == 0 && keepsPromises(arithmetic, scheme.get(), flags.get());
    }
  }

  /**
   * Whether an algorithm may be used.
   *
   * @param scheme how it adds up parts of sums
   * @param flags what it computes with
   */
  static boolean keepsPromises(Arithmetic arithmetic, int scheme, long flags) {
    boolean deterministic =
        scheme == CUBLASLT_REDUCTION_SCHEME_NONE
            || scheme == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    long never = CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_16F;
    long rounding =
        CUBLASLT_NUMERICAL_IMPL_FLAGS_TENSOR_OP_MASK
            | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_TF32
            | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16F
            | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16BF;
    return deterministic
        && (flags & never) == 0
        && (arithmetic != Arithmetic.FP32 || (flags & rounding) == 0);
  }

  @Override
  public void close() {
    CublasLtProduct.check(cublasLtDestroy(handle), "cublasLtDestroy");
  }

  /** A product by one algorithm. It remembers nothing between runs, so all its users share it. */
  private final class Made
      implements ConvolutionWays.Way<Gpu.ConvolutionPlan>, Gpu.ConvolutionPlan {
    private final String name;
    private final CublasLtProduct product;
    private final cublasLtMatmulAlgo_t algorithm;
    private final long workspaceBytes;

    private Made(String name, CublasLtProduct product, long[] words, long workspaceBytes) {
      this.name = name;
      this.product = product;
      this.workspaceBytes = workspaceBytes;
      algorithm = CublasLtAlgorithm.pointer(words);
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Gpu.ConvolutionPlan plan(TrialGround ground) {
      return this;
    }

    @Override
    public long workspaceBytes() {
      return workspaceBytes;
    }

    @Override
    public boolean addsFloats() {
      return product.addsFloats();
    }

    @Override
    public void run(long x, long w, long y, long workspace) {
      product.run(handle, algorithm, x, w, y, workspace, workspaceBytes, stream);
    }

    @Override
    public void close() {
      algorithm.close();
      product.close();
    }
  }
}
