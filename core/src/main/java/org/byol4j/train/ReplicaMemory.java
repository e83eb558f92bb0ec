package org.byol4j.train;

import java.util.stream.IntStream;
import org.byol4j.data.ShardPlan;
import org.byol4j.device.Shape;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.PlanSize;

/**
 * The memory that a replica's plan takes on a device of float32, known without taking it: what
 * operations work with besides, momentum, and batches on their way are not in it.
 *
 * @param images how many the largest of the replicas has at a time
 * @param activationBytes activations and their gradients, which grow with the images
 * @param parameterBytes both networks' weights, and the gradients of the online network
 */
public record ReplicaMemory(int images, long activationBytes, long parameterBytes) {

  /**
   * That of a run.
   *
   * @param shards the number of shards; 0 for the default
   * @param imageSize height and width of a view
   * @throws IllegalArgumentException if the batch cannot be dealt out to the replicas
   */
  public static ReplicaMemory of(
      NetworkSettings network, TrainSettings train, int shards, int imageSize) {
    ShardPlan plan =
        ShardPlan.of(train.batchSize(), shards, train.batchSize(), train.microBatches(), 0);
    int images =
        IntStream.range(0, train.replicas())
            .map(rank -> plan.rows(rank, train.replicas()))
            .max()
            .orElseThrow();
    PlanSize size =
        PlanSize.of(new Architecture(network), new Shape(images, imageSize, imageSize, 3));
    return new ReplicaMemory(
        images, size.activations() * Float.BYTES, size.parameters() * Float.BYTES);
  }

  /** All of it. */
  public long bytes() {
    return activationBytes + parameterBytes;
  }

  /**
   * How many images at a time fit into so much memory: an eighth of what parameters and momentum
   * leave is for what operations work with besides.
   */
  public long imagesWithin(long bytes) {
    double room = 7.0 / 8 * (bytes - 2.0 * parameterBytes);
    return Math.max(0, (long) (room / ((double) activationBytes / images)));
  }
}
