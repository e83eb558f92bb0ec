package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.byol4j.device.cuda.MaskedBench.SEQUENCE;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Pointer;
import java.util.function.IntUnaryOperator;
import java.util.function.LongConsumer;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.byol4j.device.cuda.Gpu.MaskedRunner;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Fusions that make something else are passed over, however fast they are. */
class WrongFusionsTest {

  /** Ones of float32 (nearly) or bfloat16. */
  private static final int ONES = 0x3F803F80;

  /** The bits of a float32's fraction that TF32 does not have. */
  private static final int BEYOND_TF32 = 0x1FFF;

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostKernels.areAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  /** Makes a wrong fusion of one that is right. */
  @FunctionalInterface
  private interface Wrong {
    MaskedRunner of(MaskedRunner right, MaskedBench bench);
  }

  private static void expectPassedOver(Arithmetic arithmetic, Wrong wrong) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, bench.sequence());
      bench.add("wrong", 1, wrong.of(bench.fused(), bench));

      assertThat(bench.fastest()).isEqualTo(SEQUENCE);
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void nothingIsMade(Arithmetic arithmetic) {
    expectPassedOver(arithmetic, (right, bench) -> (x, w, y, addend, mask, workspace) -> {});
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void addendAndMaskAreSwapped(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) -> right.run(x, w, y, mask, addend, workspace));
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void addendIsLeftOut(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) -> {
              bench.gpu().zero(x, bench.bytes());
              right.run(x, w, y, x, mask, workspace);
            });
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void maskIsLeftOut(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) -> {
          Gpu.ConvolutionPlan alone =
              HostConvolutions.plan(bench.gpu(), bench.problem().in(Direction.DATA));
          return (x, w, y, addend, mask, workspace) -> alone.run(x, w, y, workspace);
        });
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void maskLetsZeroThrough(Arithmetic arithmetic) {
    int bytes = arithmetic.element().bytes();
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) ->
                withCopy(
                    bench,
                    mask,
                    bench.bytes() / bytes,
                    bytes,
                    value -> value == 0 ? ONES : value,
                    copy -> right.run(x, w, y, addend, copy, workspace)));
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void whatIsMaskedStaysAsItWas(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) -> {
              int length = (int) bench.bytes();
              byte[][] before = new byte[1][];
              bench.gpu().start(() -> before[0] = new Pointer(x).getByteArray(0, length));
              right.run(x, w, y, addend, mask, workspace);
              bench.gpu().start(() -> putBackWhereZero(new Pointer(x), before[0]));
            });
  }

  private static void putBackWhereZero(Pointer to, byte[] before) {
    byte[] made = to.getByteArray(0, before.length);
    for (int i = 0; i < made.length; i++) {
      made[i] = made[i] == 0 ? before[i] : made[i];
    }
    to.write(0, made, 0, made.length);
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void aPartIsNotMade(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) -> {
              right.run(x, w, y, addend, mask, workspace);
              bench.gpu().zero(x + bench.bytes() / 2, bench.bytes() / 16);
            });
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void theEndIsAnother(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) -> {
              right.run(x, w, y, addend, mask, workspace);
              long end = bench.bytes() - Integer.BYTES;
              bench.gpu().start(() -> new Pointer(x).setInt(end, ONES));
            });
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void somethingIsNotANumber(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) -> {
              right.run(x, w, y, addend, mask, workspace);
              bench.gpu().start(() -> new Pointer(x).setInt(0, -1));
            });
  }

  /** Of TF32's own precision that is right. */
  @ParameterizedTest
  @EnumSource(value = Arithmetic.class, names = "FP32")
  void factorsAreRoundedMoreThanThePrecisionSays(Arithmetic arithmetic) {
    expectPassedOver(
        arithmetic,
        (right, bench) ->
            (x, w, y, addend, mask, workspace) ->
                withCopy(
                    bench,
                    w,
                    bench.problem().filters(),
                    Float.BYTES,
                    value -> value & ~BEYOND_TF32,
                    copy -> right.run(x, copy, y, addend, mask, workspace)));
  }

  /**
   * Runs something with a copy of some values, whose bits are changed one by one.
   *
   * @param bytes of a value
   */
  private static void withCopy(
      MaskedBench bench,
      long from,
      long count,
      int bytes,
      IntUnaryOperator change,
      LongConsumer run) {
    bench
        .memory()
        .lend(
            count * bytes,
            copy -> {
              bench.gpu().start(() -> copy(from, copy, count, bytes, change));
              run.accept(copy);
              bench.gpu().await();
              return copy;
            });
  }

  private static void copy(long from, long to, long count, int bytes, IntUnaryOperator change) {
    Pointer source = new Pointer(from);
    Pointer target = new Pointer(to);
    for (long at = 0; at < count * bytes; at += bytes) {
      if (bytes == Float.BYTES) {
        target.setInt(at, change.applyAsInt(source.getInt(at)));
      } else {
        target.setShort(at, (short) change.applyAsInt(source.getShort(at)));
      }
    }
  }
}
