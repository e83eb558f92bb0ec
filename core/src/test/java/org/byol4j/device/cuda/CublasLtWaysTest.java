package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_16F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_HMMA;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16BF;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_TF32;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_REDUCTION_SCHEME_INPLACE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_REDUCTION_SCHEME_NONE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE;

import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of cuBLASLt's algorithms are used, and what they are called. */
class CublasLtWaysTest {
  private static final long FLOAT =
      CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA
          | CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F
          | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F;
  private static final long TENSOR_CORES =
      CUBLASLT_NUMERICAL_IMPL_FLAGS_HMMA | CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F;
  private static final int NONE = CUBLASLT_REDUCTION_SCHEME_NONE;

  @Test
  void partsOfSumsAreAddedUpInAPassOfTheirOwnOrNotAtAll() {
    expect(Arithmetic.FP32, NONE, FLOAT, true);
    expect(Arithmetic.FP32, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE, FLOAT, true);
    expect(Arithmetic.FP32, CUBLASLT_REDUCTION_SCHEME_INPLACE, FLOAT, false);
    expect(Arithmetic.FP32, CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE, FLOAT, false);
  }

  @Test
  void factorsAreRoundedOnlyWhereThePrecisionSaysSo() {
    long tf32 = TENSOR_CORES | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_TF32;
    long bf16 = TENSOR_CORES | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16BF;
    expect(Arithmetic.FP32, NONE, tf32, false);
    expect(Arithmetic.FP32, NONE, bf16, false);
    expect(Arithmetic.TF32, NONE, tf32, true);
    expect(Arithmetic.BF16, NONE, bf16, true);
  }

  @Test
  void sumsOfHalfPrecisionAreNeverTaken() {
    long half = CUBLASLT_NUMERICAL_IMPL_FLAGS_HMMA | CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_16F;
    for (Arithmetic arithmetic : Arithmetic.values()) {
      expect(arithmetic, NONE, half, false);
    }
  }

  private static void expect(Arithmetic arithmetic, int scheme, long flags, boolean used) {
    assertThat(CublasLtWays.keepsPromises(arithmetic, scheme, flags))
        .as("%s scheme=%d flags=%x", arithmetic, scheme, flags)
        .isEqualTo(used);
  }

  @Test
  void textOfAnAlgorithmIsThatAlgorithm() {
    long[] words = {0x2000000042L, 0, -1, 7, 0, 0, 0, 0};
    assertThat(CublasLtAlgorithm.text(words)).isEqualTo("2000000042.0.ffffffffffffffff.7");
    assertThat(CublasLtAlgorithm.of("2000000042.0.ffffffffffffffff.7")).contains(words);

    long[] none = new long[8];
    assertThat(CublasLtAlgorithm.of(CublasLtAlgorithm.text(none))).contains(none);
    long[] full = {1, 2, 3, 4, 5, 6, 7, Long.MIN_VALUE};
    assertThat(CublasLtAlgorithm.of(CublasLtAlgorithm.text(full))).contains(full);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1..2", "1.x", "1.2.3.4.5.6.7.8.9", "12345678123456781"})
  void textThatNamesNoAlgorithmIsNone(String text) {
    assertThat(CublasLtAlgorithm.of(text)).isEmpty();
  }

  /** What cuBLASLt takes without a GPU: every description, but no question about algorithms. */
  @Tag("cuda")
  @ParameterizedTest
  @EnumSource(names = "MASKED_DATA", mode = EnumSource.Mode.EXCLUDE)
  void everyProductCanBeDescribed(Direction direction) {
    Padding none = Padding.both(0);
    for (Arithmetic arithmetic : Arithmetic.values()) {
      ConvolutionProblem problem =
          new ConvolutionProblem(
              direction, arithmetic, 64, 7, 7, 512, 7, 7, 2048, 1, 1, none, none);
      try (CublasLtProduct product = new CublasLtProduct(problem);
          cublasLtContext nobody = new cublasLtContext()) {
        assertThat(product.addsFloats()).isEqualTo(direction == Direction.WEIGHTS);
        assertThat(product.heuristics(nobody, 4)).isEmpty();
        assertThat(product.workspaceBytes(nobody, new long[8])).isEmpty();
      }
    }
  }
}
