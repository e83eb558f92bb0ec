package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShardPlanTest {

  /** The ids of one micro-batch: those of all ranks, one after the other. */
  private static int[] ids(ShardPlan plan, long step, int microBatch, int replicas) {
    return IntStream.range(0, replicas)
        .mapToObj(rank -> new ReplicaOrder(plan, rank, replicas))
        .flatMapToInt(
            order -> {
              int[] ids = new int[order.rows()];
              order.ids(step, microBatch, ids);
              return Arrays.stream(ids);
            })
        .toArray();
  }

  @Test
  void imageBelongsToTheReplicaThatOwnsItsShard() {
    ShardPlan plan = new ShardPlan(100, 8, 16, 1, 1);
    for (int size = 1; size <= 8; size++) {
      for (int id = 0; id < 100; id++) {
        int rank = plan.rankOf(id, size);
        assertThat(id % 8)
            .as("id=%d rank=%d size=%d", id, rank, size)
            .isBetween(plan.firstShard(rank, size), plan.firstShard(rank + 1, size) - 1);
      }
    }
  }

  @Test
  void theBatchIsTheSameSequenceOnAnyNumberOfReplicas() {
    long seed = System.nanoTime();
    System.out.println("seed=" + seed);
    Random random = new Random(seed);
    for (int trial = 0; trial < 200; trial++) {
      int shards = 5 + random.nextInt(12);
      int microBatches = 1 + random.nextInt(3);
      int batchSize = shards * microBatches * (1 + random.nextInt(3));
      int images = batchSize + random.nextInt(5 * batchSize);
      ShardPlan plan = new ShardPlan(images, shards, batchSize, microBatches, random.nextLong());
      long step = random.nextInt(100);
      int microBatch = random.nextInt(microBatches);
      int[] whole = ids(plan, step, microBatch, 1);
      assertThat(whole).hasSize(batchSize / microBatches);
      for (int replicas : new int[] {2, 3, 5}) {
        assertThat(ids(plan, step, microBatch, replicas))
            .as("plan=%s step=%d replicas=%d", plan, step, replicas)
            .isEqualTo(whole);
      }
    }
  }

  @Test
  void anEpochShowsNoImageTwiceAndLeavesOutLessThanABatchAndARowOfShards() {
    ShardPlan plan = new ShardPlan(1003, 8, 48, 3, 7);
    assertThat(plan.stepsPerEpoch()).isEqualTo(125 / 6);
    for (int epoch = 0; epoch < 3; epoch++) {
      Set<Integer> seen = new HashSet<>();
      for (int step = 0; step < plan.stepsPerEpoch(); step++) {
        for (int microBatch = 0; microBatch < 3; microBatch++) {
          for (int id : ids(plan, (long) epoch * plan.stepsPerEpoch() + step, microBatch, 1)) {
            assertThat(seen.add(id)).as("id=%d epoch=%d step=%d", id, epoch, step).isTrue();
            assertThat(id).isBetween(0, 1002);
          }
        }
      }
      assertThat(seen).hasSize(plan.stepsPerEpoch() * 48).hasSizeGreaterThan(1003 - 48 - 8);
    }
  }

  @Test
  void imagesOfAStepStayTheSameIfTheBatchIsCutIntoParts() {
    ShardPlan whole = new ShardPlan(500, 4, 24, 1, 3);
    ShardPlan cut = new ShardPlan(500, 4, 24, 3, 3);
    for (long step = 0; step < 30; step++) {
      long at = step;
      int[] parts = IntStream.range(0, 3).flatMap(m -> Arrays.stream(ids(cut, at, m, 1))).toArray();
      assertThat(parts).containsExactlyInAnyOrder(ids(whole, step, 0, 1));
    }
  }

  @Test
  void everyShardHasItsImagesInAnotherOrderEachEpoch() {
    ShardPlan plan = new ShardPlan(1000, 4, 8, 1, 5);
    int[] first = plan.order(0, 1);
    int[] second = plan.order(1, 1);
    assertThat(first).isNotEqualTo(second).containsExactlyInAnyOrder(second);
    assertThat(Arrays.stream(first)).hasSize(250).allMatch(id -> id % 4 == 1);
    assertThat(new ShardPlan(1000, 4, 8, 1, 6).order(0, 1)).isNotEqualTo(first);
  }

  @Test
  void everyImageIsEquallyLikelyAtTheFrontOfItsShard() {
    int[] counts = new int[10];
    ShardPlan plan = new ShardPlan(20, 2, 2, 1, 11);
    for (int epoch = 0; epoch < 20_000; epoch++) {
      counts[plan.order(epoch, 0)[0] / 2]++;
    }
    // a share of 1/10 of 20,000 draws has a standard deviation of 42
    assertThat(Arrays.stream(counts).boxed())
        .allSatisfy(count -> assertThat(count).isBetween(1790, 2210));
  }

  @Test
  void theOrderNeverChangesBetweenVersions() {
    assertThat(new ShardPlan(20, 2, 4, 1, 42).order(3, 1))
        .containsExactly(17, 5, 9, 13, 7, 19, 15, 1, 3, 11);
  }

  @Test
  void rowsAreConstantAndDifferByAtMostOneShardBetweenReplicas() {
    ShardPlan plan = new ShardPlan(100, 8, 16, 1, 0);
    assertThat(IntStream.range(0, 3).map(rank -> plan.rows(rank, 3))).containsExactly(4, 6, 6);
    assertThat(plan.rows(0, 1)).isEqualTo(16);
  }

  @Test
  void theDefaultIsTheLargestUsableNumberOfShardsUpTo64() {
    assertThat(ShardPlan.defaultShards(4096, 1)).isEqualTo(64);
    assertThat(ShardPlan.defaultShards(4096, 64)).isEqualTo(64);
    assertThat(ShardPlan.defaultShards(4096, 128)).isEqualTo(32);
    assertThat(ShardPlan.defaultShards(96, 1)).isEqualTo(48);
    assertThat(ShardPlan.defaultShards(67, 1)).isEqualTo(1);
  }

  @Test
  void aPlanThatCannotBeDealtOutNamesWhatIsAllowed() {
    assertThatThrownBy(() -> new ShardPlan(1000, 5, 12, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shards=5")
        .hasMessageContaining("[1, 2, 3, 4, 6, 12]");
    assertThatThrownBy(() -> new ShardPlan(1000, 12, 12, 2, 0))
        .hasMessageContaining("microBatches=2")
        .hasMessageContaining("[1, 2, 3, 6]");
    assertThatThrownBy(() -> ShardPlan.defaultShards(10, 3))
        .hasMessageContaining("microBatches=3 does not divide batchSize=10");
  }

  @Test
  void moreReplicasThanShardsNamesWhatIsAllowed() {
    ShardPlan plan = new ShardPlan(1000, 4, 12, 1, 0);
    assertThatThrownBy(() -> plan.rows(0, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("replicas=5 is not in 1..4")
        .hasMessageContaining("[1, 2, 3, 4, 6, 12]");
  }

  @Test
  void fewerImagesThanABatchIsAFaultOfTheData() {
    assertThatThrownBy(() -> new ShardPlan(11, 4, 12, 1, 0))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("images=11 batchSize=12");
    assertThat(new ShardPlan(12, 4, 12, 1, 0).stepsPerEpoch()).isEqualTo(1);
  }
}
