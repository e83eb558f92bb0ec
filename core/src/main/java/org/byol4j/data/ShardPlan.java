package org.byol4j.data;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Which images make up which step, as a pure function of its components: the same on any number of
 * replicas, and resumed by starting at a step.
 *
 * <p>Image {@code id} lies in shard {@code id mod shards}. Each step takes {@code batchSize /
 * shards} images of each shard, in the shard's order for (seed, epoch); what is left over at the
 * end sits out that epoch. A step's batch is cut into {@code microBatches} parts of which each
 * takes an equal number of images of each shard. Replica {@code r} of {@code N} owns the shards
 * {@code [floor(r * shards / N), floor((r + 1) * shards / N))}, and its rows stand in the order of
 * its shards: the rows of all ranks, one after the other, are the same sequence for any {@code N}.
 *
 * @param images the number of images, at least {@code batchSize}
 * @param shards the number of shards, a divisor of {@code batchSize}
 * @param batchSize images per optimizer step, over all replicas and micro-batches
 * @param microBatches into how many parts a step's batch is cut, a divisor of {@code batchSize /
 *     shards}
 * @param seed what the orders are drawn from
 */
public record ShardPlan(int images, int shards, int batchSize, int microBatches, long seed) {
  private static final int LARGEST_DEFAULT = 64;

  /**
   * Checks the plan.
   *
   * @throws DataException if there are fewer images than {@code batchSize}
   * @throws IllegalArgumentException if the batch cannot be dealt out, naming what is allowed
   */
  public ShardPlan {
    if (batchSize < 1 || microBatches < 1 || shards < 1) {
      throw new IllegalArgumentException(
          "expected positive numbers: batchSize=%d microBatches=%d shards=%d"
              .formatted(batchSize, microBatches, shards));
    }
    if (!allowedShards(batchSize, microBatches).contains(shards)) {
      throw new IllegalArgumentException(
          "shards=%d does not divide batchSize=%d into parts for microBatches=%d; allowed shards: %s"
              .formatted(shards, batchSize, microBatches, allowedShards(batchSize, microBatches)));
    }
    if (images < batchSize) {
      throw new DataException(
          "too few images for one step: images=%d batchSize=%d; expected at least batchSize"
              .formatted(images, batchSize));
    }
  }

  /**
   * The plan for {@code shards}, of which 0 stands for {@link #defaultShards}.
   *
   * @throws DataException as the constructor
   * @throws IllegalArgumentException as the constructor
   */
  public static ShardPlan of(int images, int shards, int batchSize, int microBatches, long seed) {
    int number = shards == 0 ? defaultShards(batchSize, microBatches) : shards;
    return new ShardPlan(images, number, batchSize, microBatches, seed);
  }

  /**
   * The largest allowed number of shards that is not above 64.
   *
   * @throws IllegalArgumentException if {@code microBatches} does not divide {@code batchSize}
   */
  public static int defaultShards(int batchSize, int microBatches) {
    return allowedShards(batchSize, microBatches).stream()
        .filter(shards -> shards <= LARGEST_DEFAULT)
        .reduce((smaller, larger) -> larger)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "microBatches=%d does not divide batchSize=%d"
                        .formatted(microBatches, batchSize)));
  }

  /** Every number of shards that these sizes allow, ascending. */
  public static List<Integer> allowedShards(int batchSize, int microBatches) {
    if (batchSize % microBatches != 0) {
      return List.of();
    }
    int rows = batchSize / microBatches;
    return IntStream.rangeClosed(1, rows).filter(shards -> rows % shards == 0).boxed().toList();
  }

  /** The number of steps in an epoch, at least 1. */
  public int stepsPerEpoch() {
    return (images / shards) / (batchSize / shards);
  }

  /** The epoch that {@code step} lies in; both count from 0. */
  public int epochOf(long step) {
    return Math.toIntExact(step / stepsPerEpoch());
  }

  /** How many images each shard gives to a micro-batch. */
  public int rowsPerShard() {
    return batchSize / shards / microBatches;
  }

  /**
   * How many rows of each micro-batch are those of replica {@code rank} of {@code size}: the same
   * for the whole run and never 0.
   *
   * @throws IllegalArgumentException if there are more replicas than shards
   */
  public int rows(int rank, int size) {
    checkReplicas(size);
    return (firstShard(rank + 1, size) - firstShard(rank, size)) * rowsPerShard();
  }

  /**
   * Checks that each of {@code size} replicas gets a shard.
   *
   * @throws IllegalArgumentException if not, naming the allowed values
   */
  public void checkReplicas(int size) {
    if (size < 1 || size > shards) {
      throw new IllegalArgumentException(
          ("replicas=%d is not in 1..%d, the number of shards; "
                  + "shards allowed by batchSize=%d microBatches=%d: %s")
              .formatted(
                  size, shards, batchSize, microBatches, allowedShards(batchSize, microBatches)));
    }
  }

  /**
   * The first shard of replica {@code rank} of {@code size}; that of rank {@code size} is the end.
   */
  public int firstShard(int rank, int size) {
    return Math.toIntExact((long) rank * shards / size);
  }

  /** Which of {@code size} replicas owns the shard that an image lies in. */
  public int rankOf(int id, int size) {
    int shard = id % shards;
    return (int) (((shard + 1L) * size - 1) / shards);
  }

  /** How many images {@code shard} holds. */
  public int shardSize(int shard) {
    return (images - shard + shards - 1) / shards;
  }

  /**
   * The ids of {@code shard} in their order for {@code epoch}: a Fisher-Yates shuffle of the
   * ascending ids, drawn from SplitMix64 (Steele et al. 2014) that starts at a hash of (seed,
   * epoch, shard). The order depends on nothing else and must never change: runs are resumed on it.
   */
  public int[] order(int epoch, int shard) {
    int[] ids = new int[shardSize(shard)];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i * shards + shard;
    }
    long state = mix(mix(mix(seed) + epoch) + shard);
    for (int i = ids.length - 1; i > 0; i--) {
      state += GOLDEN_GAMMA;
      // floor(u * (i + 1)) for u, 63 random bits as a fraction: its bias is below 2^-32
      int j = (int) Math.multiplyHigh(mix(state) >>> 1, (i + 1L) << 1);
      int swapped = ids[i];
      ids[i] = ids[j];
      ids[j] = swapped;
    }
    return ids;
  }

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  /** SplitMix64's output function: Stafford's variant 13 of a 64-bit finalizer. */
  private static long mix(long value) {
    long z = value + GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
