package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.FloatVector;
import org.byol4j.collective.ManyMagnitudes;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.collective.Vector;
import org.byol4j.collective.tcp.OpenGroups;
import org.byol4j.device.Figures;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.cuda.HostGpu.Order;
import org.byol4j.paramserver.HostVector;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Replicas that exchange from GPU to GPU, on GPUs made of the host, over real TCP connections. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NcclCollectiveTest {
  private static final int LENGTH = 5003;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @RegisterExtension private final OpenGroups groups = new OpenGroups();

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  /** What a replica has while a test runs. */
  private record Seat(Collective nccl, Collective control, CudaDevice device, HostLink link) {}

  /** What a replica does in a test. */
  @FunctionalInterface
  private interface Work<T> {
    T run(Seat seat) throws Exception;
  }

  private static <T> T seated(
      Collective control, byte[] id, long scratchBytes, Duration timeout, Work<T> work)
      throws Exception {
    HostGpu gpu = new HostGpu(control.rank() % 2 == 0 ? Order.FORWARDS : Order.BACKWARDS);
    try (CudaDevice device = HostCuda.open("fp32", gpu)) {
      HostLink link = HostLink.connect(gpu, id, control.rank(), control.size());
      try (Collective nccl =
          new NcclCollective(control, device.engine(), link, timeout, scratchBytes)) {
        return work.run(new Seat(nccl, control, device, link));
      }
    }
  }

  private <T> List<T> together(int size, long scratchBytes, Work<T> work) {
    byte[] id = new HostGpu(Order.FORWARDS).newLinkId();
    return Replicas.run(
        groups.of(size), control -> seated(control, id, scratchBytes, PATIENCE, work));
  }

  private <T> List<Outcome<T>> outcomes(int size, Duration timeout, Work<T> work) {
    byte[] id = new HostGpu(Order.FORWARDS).newLinkId();
    return Replicas.outcomes(
        groups.of(size), control -> seated(control, id, 1 << 20, timeout, work));
  }

  /** What becomes of work that all but one do, who ends the group instead. */
  private List<Outcome<String>> whereRank1Aborts(int size, Work<String> work) {
    return outcomes(
        size,
        PATIENCE,
        seat -> {
          if (seat.nccl().rank() == 1) {
            seat.nccl().abort("no more");
            return "aborted";
          }
          return work.run(seat);
        });
  }

  /** What becomes of work of two that one does, for 200 ms, while the other never comes. */
  private List<Outcome<String>> whereRank0NeverComes(Work<String> work) {
    CountDownLatch isOver = new CountDownLatch(1);
    return outcomes(
        2,
        Duration.ofMillis(200),
        seat -> {
          if (seat.nccl().rank() == 0) {
            isOver.await();
            return "never came";
          }
          try {
            seat.link().stall();
            return work.run(seat);
          } finally {
            isOver.countDown();
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1048576",
    "2, 1048576",
    "2, 400",
    "3, 1048576",
    "3, 900",
    "5, 1048576",
    "5, 4096"
  })
  void sumsAndGathersAreThoseOfTcpToTheBit(int size, long scratchBytes) {
    List<float[][]> results =
        together(
            size,
            scratchBytes,
            seat -> {
              List<float[]> bits = new ArrayList<>();
              for (long[] bounds : manyBounds(size)) {
                bits.add(trip(seat, seat.nccl(), bounds));
                bits.add(trip(seat, seat.control(), bounds));
              }
              return bits.toArray(new float[0][]);
            });

    for (float[][] bits : results) {
      for (int i = 0; i < bits.length; i += 2) {
        assertThat(bits[i]).as("bounds %d", i / 2).containsExactly(bits[i + 1]);
        assertThat(bits[i]).containsExactly(results.get(0)[i]);
      }
    }
  }

  /** Sums in parts to the owners, then gathers, so that every replica has all sums. */
  private static float[] trip(Seat seat, Collective collective, long[] bounds) {
    try (Tensor tensor = random(seat, collective.rank())) {
      Vector vector = new HostVector(seat.device().host(tensor));
      collective.reduceScatterSum(vector, bounds);
      collective.allGather(vector, bounds);
      return read(seat, tensor);
    }
  }

  @Test
  void elementsOutsideOfAllRangesStayAsTheyAre() {
    long[] bounds = {100, 2000, 3000};
    together(
        2,
        1 << 20,
        seat -> {
          try (Tensor tensor = random(seat, seat.nccl().rank())) {
            float[] before = read(seat, tensor);
            seat.nccl().allGather(new HostVector(seat.device().host(tensor)), bounds);
            float[] after = read(seat, tensor);
            assertThat(Arrays.copyOf(after, 100)).containsExactly(Arrays.copyOf(before, 100));
            assertThat(Arrays.copyOfRange(after, 3000, LENGTH))
                .containsExactly(Arrays.copyOfRange(before, 3000, LENGTH));
            return after;
          }
        });
  }

  @Test
  void whatDoesNotLieOnTheDeviceGoesByTheOtherCollective() {
    List<Long> sent =
        together(
            2,
            1 << 20,
            seat -> {
              Collective nccl = seat.nccl();
              double[] values = {1 + nccl.rank()};
              nccl.allReduceSum(values);
              assertThat(values).containsExactly(3);
              double[] all = new double[2];
              nccl.allGather(new double[] {nccl.rank()}, all);
              assertThat(all).containsExactly(0, 1);
              FloatVector vector = new FloatVector(2);
              vector.values().put(nccl.rank(), 5);
              nccl.reduceScatterSum(vector, new long[] {0, 1, 2});
              assertThat(vector.values().get(nccl.rank())).isEqualTo(5);
              assertThat(nccl.background()).isSameAs(seat.control().background());
              return nccl.sentBytes() - seat.control().sentBytes();
            });

    assertThat(sent).containsExactly(0L, 0L);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void figuresOfAllReplicasAreThereForWhoeverWaits(int size) {
    List<double[]> all =
        together(
            size,
            1 << 20,
            seat -> {
              Collective nccl = seat.nccl();
              GpuFigures.Place figures = figures(seat, 7);
              assertThat(nccl.reaches(figures)).isTrue();
              nccl.startAllGather(figures);
              double[] values = new double[figures.length()];
              figures.read(values, 0);
              return values;
            });

    for (double[] values : all) {
      for (int i = 0; i < values.length; i++) {
        int rank = i / 7;
        assertThat(values[i]).isEqualTo(1000.0 * rank + i % 7);
      }
    }
  }

  /** Room for so many numbers of each replica, of which this one's are there. */
  private static GpuFigures.Place figures(Seat seat, int length) {
    int size = seat.nccl().size();
    int rank = seat.nccl().rank();
    Engine engine = seat.device().engine();
    GpuFigures.Place all = CudaSharedPass.room(engine, size, length);
    double[] own = new double[length];
    Arrays.setAll(own, i -> 1000.0 * rank + i);
    engine.staging().upload(own, CudaSharedPass.part(all, rank, size).address());
    return all;
  }

  @Test
  void figuresElsewhereAreNotReached() {
    together(
        2,
        1 << 20,
        seat -> {
          Figures elsewhere = Figures.of(new double[1], new double[1]);
          assertThat(seat.nccl().reaches(elsewhere)).isFalse();
          assertThat(seat.control().reaches(figures(seat, 1))).isFalse();
          assertThatThrownBy(() -> seat.nccl().startAllGather(elsewhere))
              .isInstanceOf(UnsupportedOperationException.class);
          return "";
        });
  }

  @Test
  void whoWaitsForFiguresHearsThatTheirReplicaIsLost() {
    List<Outcome<String>> outcomes = whereRank1Aborts(2, NcclCollectiveTest::endOfFigures);

    assertThat(outcomes.get(0).failure().get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageStartingWith("allGather of figures failed: rank=0 size=2: ")
        .hasMessageContaining("aborted by rank=1: no more");
  }

  @Test
  void waitForFiguresThatNeverComeTimesOut() {
    List<Outcome<String>> outcomes = whereRank0NeverComes(NcclCollectiveTest::endOfFigures);

    assertThat(outcomes.get(1).failure().get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("allGather of figures between GPUs timed out: timeoutMs=200");
  }

  private static String endOfFigures(Seat seat) {
    GpuFigures.Place figures = figures(seat, 3);
    seat.nccl().startAllGather(figures);
    figures.read(new double[figures.length()], 0);
    return "came to its end";
  }

  @Test
  void bytesFromGpuToGpuAreCounted() {
    long[] bounds = {0, 3, 10};
    assertThat(
            together(
                2,
                1 << 20,
                seat -> {
                  try (Tensor tensor = random(seat, seat.nccl().rank())) {
                    Vector vector = new HostVector(seat.device().host(tensor));
                    seat.nccl().reduceScatterSum(vector, bounds);
                    return seat.nccl().sentBytes() - seat.control().sentBytes();
                  }
                }))
        .containsExactly(7L * Float.BYTES, 3L * Float.BYTES);
  }

  @Test
  void replicaThatFailsEndsTheOperationsOfAllOthers() {
    List<Outcome<String>> outcomes = whereRank1Aborts(3, NcclCollectiveTest::endOfASum);

    for (int rank : new int[] {0, 2}) {
      assertThat(outcomes.get(rank).failure().get(0))
          .isInstanceOf(CollectiveException.class)
          .hasMessageStartingWith("reduceScatterSum failed: rank=%d size=3: ".formatted(rank))
          .hasMessageContaining("aborted by rank=1: no more");
    }
  }

  @Test
  void problemOfTheConnectionFailsTheGroup() {
    List<Outcome<String>> outcomes =
        outcomes(
            2,
            PATIENCE,
            seat -> {
              if (seat.nccl().rank() == 1) {
                seat.link().breakDown("NCCL status=6 remote process exited");
              }
              return endOfSums(seat);
            });

    for (Outcome<String> outcome : outcomes) {
      assertThat(outcome.failure().get(0))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("rank=1 reduceScatterSum: NCCL status=6 remote process exited");
    }
  }

  @Test
  void operationThatStandsStillTimesOut() {
    List<Outcome<String>> outcomes = whereRank0NeverComes(NcclCollectiveTest::endOfASum);

    assertThat(outcomes.get(1).failure().get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("reduceScatterSum between GPUs timed out: timeoutMs=200");
  }

  @Test
  void interruptedReplicaFailsTheGroup() {
    List<Outcome<String>> outcomes =
        outcomes(
            2,
            PATIENCE,
            seat -> {
              if (seat.nccl().rank() == 1) {
                Thread.currentThread().interrupt();
              }
              return endOfSums(seat);
            });

    assertThat(outcomes)
        .allSatisfy(
            outcome ->
                assertThat(outcome.failure().get(0)).isInstanceOf(CollectiveException.class));
  }

  @Test
  void nothingIsStartedAfterTheGroupHasFailed() {
    outcomes(
        2,
        PATIENCE,
        seat -> {
          seat.control().abort("over");
          assertThatThrownBy(() -> endOfASum(seat))
              .isInstanceOf(CollectiveException.class)
              .hasMessageContaining("over");
          while (!seat.link().isAborted()) {
            Thread.onSpinWait();
          }
          return "";
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void wrongBoundsAreRefused(int size) {
    together(
        size,
        1 << 20,
        seat -> {
          try (Tensor tensor = random(seat, 0)) {
            Vector vector = new HostVector(seat.device().host(tensor));
            assertThatThrownBy(() -> seat.nccl().allGather(vector, new long[] {0}))
                .isInstanceOf(IllegalArgumentException.class);
            return "";
          }
        });
  }

  /** Has no end but the group's. */
  private static String endOfSums(Seat seat) {
    while (true) {
      endOfASum(seat);
    }
  }

  private static String endOfASum(Seat seat) {
    try (Tensor tensor = random(seat, seat.nccl().rank())) {
      Vector vector = new HostVector(seat.device().host(tensor));
      long[] bounds = manyBounds(seat.nccl().size()).get(0);
      seat.nccl().reduceScatterSum(vector, bounds);
      return "came to its end";
    }
  }

  private static Tensor random(Seat seat, int seed) {
    Tensor tensor = seat.device().allocate(Shape.vector(LENGTH));
    seat.device().write(FloatBuffer.wrap(ManyMagnitudes.floats(seed, LENGTH)), tensor);
    return tensor;
  }

  private static float[] read(Seat seat, Tensor tensor) {
    float[] values = new float[LENGTH];
    seat.device().read(tensor, FloatBuffer.wrap(values));
    return values;
  }

  /** Equal shares, everything to the first, everything to the last, and uneven ones. */
  private static List<long[]> manyBounds(int size) {
    long[] equal = new long[size + 1];
    long[] first = new long[size + 1];
    long[] last = new long[size + 1];
    long[] uneven = new long[size + 1];
    for (int i = 0; i <= size; i++) {
      equal[i] = (long) LENGTH * i / size;
      first[i] = i == 0 ? 0 : LENGTH;
      last[i] = i == size ? LENGTH : 0;
      uneven[i] = (long) LENGTH * i * i / ((long) size * size);
    }
    return List.of(equal, first, last, uneven);
  }
}
