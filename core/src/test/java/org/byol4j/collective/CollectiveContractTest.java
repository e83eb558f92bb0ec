package org.byol4j.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every collective must do, to the bit, whatever the number of replicas. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
public abstract class CollectiveContractTest {
  private static final int LENGTH = 3001;

  /** Returns the handles of a new group, in rank order. */
  protected abstract List<Collective> newGroup();

  @Test
  void handlesKnowTheirRankAndTheGroupsSize() {
    List<Collective> group = newGroup();
    for (int rank = 0; rank < group.size(); rank++) {
      assertThat(group.get(rank).rank()).isEqualTo(rank);
      assertThat(group.get(rank).size()).isEqualTo(group.size());
    }
  }

  @Test
  void allReduceSumsInRankOrder() {
    List<Collective> group = newGroup();
    double[] expected = sumInRankOrder(group.size(), CollectiveContractTest::doubles);
    for (double[] actual :
        Replicas.run(
            group,
            collective -> {
              double[] values = doubles(collective.rank());
              collective.allReduceSum(values);
              return values;
            })) {
      assertThat(actual).containsExactly(expected);
    }
  }

  @Test
  void sumsOfManyOperationsInARowDoNotMix() {
    List<Collective> group = newGroup();
    int size = group.size();
    for (double[] sums :
        Replicas.run(
            group,
            collective -> {
              double[] seen = new double[500];
              for (int i = 0; i < seen.length; i++) {
                double[] values = new double[1 + i % 7];
                Arrays.fill(values, i * 100 + collective.rank());
                collective.allReduceSum(values);
                seen[i] = values[values.length - 1];
              }
              return seen;
            })) {
      for (int i = 0; i < sums.length; i++) {
        assertThat(sums[i]).isEqualTo(size * i * 100 + size * (size - 1) / 2);
      }
    }
  }

  @Test
  void allGatherOrdersByRank() {
    List<Collective> group = newGroup();
    double[] expected =
        IntStream.range(0, group.size())
            .boxed()
            .flatMapToDouble(rank -> Arrays.stream(doubles(rank)))
            .toArray();
    for (double[] actual :
        Replicas.run(
            group,
            collective -> {
              double[] all = new double[LENGTH * collective.size()];
              collective.allGather(doubles(collective.rank()), all);
              return all;
            })) {
      assertThat(actual).containsExactly(expected);
    }
  }

  @Test
  void bytesOfAnyValueAndNumberComeToAllInRankOrder() {
    List<Collective> group = newGroup();
    for (List<byte[]> gathered :
        Replicas.run(
            group, collective -> ByteGather.of(collective, bytes(collective.rank()), 300))) {
      assertThat(gathered).hasSize(group.size());
      for (int rank = 0; rank < group.size(); rank++) {
        assertThat(gathered.get(rank)).isEqualTo(bytes(rank));
      }
    }
  }

  /** All bytes that there are, and a few: rank 0 has none, and lengths leave every remainder. */
  private static byte[] bytes(int rank) {
    byte[] bytes = new byte[rank == 0 ? 0 : 255 + rank];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * (2 * rank + 1));
    }
    return bytes;
  }

  @Test
  void moreBytesThanTheLimitAreRefused() {
    assertThatThrownBy(() -> ByteGather.of(Collective.single(), new byte[5], 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("lengthBytes=5, expected at most 4");
  }

  @Test
  void reduceScatterGivesEachOwnerTheSumsInRankOrderInDouble() {
    expectReduceScatter(false);
  }

  @Test
  void reduceScatterGivesEachOwnerTheSumsInRankOrderInFloat() {
    expectReduceScatter(true);
  }

  private void expectReduceScatter(boolean single) {
    List<Collective> group = newGroup();
    int size = group.size();
    double[] expected =
        single ? floatSumInRankOrder(size) : sumInRankOrder(size, CollectiveContractTest::doubles);
    for (long[] bounds : manyBounds(size)) {
      List<double[]> results =
          Replicas.run(
              group,
              collective -> {
                ArrayVector vector = vector(single, collective.rank());
                collective.reduceScatterSum(vector, bounds);
                return vector.values();
              });
      for (int rank = 0; rank < size; rank++) {
        int from = (int) bounds[rank];
        int to = (int) bounds[rank + 1];
        assertThat(Arrays.copyOfRange(results.get(rank), from, to))
            .as("rank=%d bounds=%s", rank, Arrays.toString(bounds))
            .containsExactly(Arrays.copyOfRange(expected, from, to));
      }
    }
  }

  @Test
  void allGatherOfAVectorGivesAllTheOwnersElements() {
    List<Collective> group = newGroup();
    int size = group.size();
    for (boolean single : new boolean[] {false, true}) {
      for (long[] bounds : manyBounds(size)) {
        double[] expected = new double[LENGTH];
        for (int rank = 0; rank < size; rank++) {
          int from = (int) bounds[rank];
          System.arraycopy(
              vector(single, rank).values(), from, expected, from, (int) bounds[rank + 1] - from);
        }
        for (double[] actual :
            Replicas.run(
                group,
                collective -> {
                  ArrayVector vector = vector(single, collective.rank());
                  collective.allGather(vector, bounds);
                  return vector.values();
                })) {
          assertThat(actual).as("bounds=%s", Arrays.toString(bounds)).containsExactly(expected);
        }
      }
    }
  }

  @Test
  void listenersHearOnceWhyTheGroupHasFailedBeforeAndAfter() throws InterruptedException {
    List<Collective> group = newGroup();
    assumeTrue(group.size() > 1, "a single replica cannot lose another");
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    Collective first = group.get(0);
    first.onFailure(reason -> heard.add("before: " + reason));
    assertThat(heard).isEmpty();

    group.get(1).abort("enough");

    assertThat(heard.poll(30, TimeUnit.SECONDS))
        .startsWith("before: ")
        .contains("aborted by rank=1: enough");
    first.onFailure(reason -> heard.add("after: " + reason));
    assertThat(heard.poll(30, TimeUnit.SECONDS))
        .startsWith("after: ")
        .contains("aborted by rank=1: enough");
    first.abort("again");
    assertThat(heard).isEmpty();
  }

  @Test
  void closingTwiceIsHarmless() {
    for (Collective collective : newGroup()) {
      collective.close();
      collective.close();
    }
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

  private static double[] sumInRankOrder(int size, IntFunction<double[]> of) {
    double[] sum = of.apply(0);
    for (int rank = 1; rank < size; rank++) {
      double[] term = of.apply(rank);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += term[i];
      }
    }
    return sum;
  }

  private static double[] floatSumInRankOrder(int size) {
    float[] sum = new float[LENGTH];
    for (int rank = 0; rank < size; rank++) {
      double[] term = vector(true, rank).values();
      for (int i = 0; i < LENGTH; i++) {
        sum[i] += (float) term[i];
      }
    }
    return IntStream.range(0, LENGTH).mapToDouble(i -> sum[i]).toArray();
  }

  private static ArrayVector vector(boolean single, int rank) {
    double[] values = doubles(rank);
    return single
        ? ArrayVector.ofFloats(Arrays.stream(values).map(value -> (float) value).toArray())
        : ArrayVector.ofDoubles(values);
  }

  private static double[] doubles(int rank) {
    return ManyMagnitudes.doubles(rank, LENGTH);
  }
}
