package org.byol4j.spark.embed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Section;
import org.byol4j.config.Configuration;
import org.byol4j.nn.Architecture;

/**
 * The online backbone of a checkpoint with its running statistics, and the settings that its
 * features depend on: the network, how images are prepared, and what it computes with.
 */
public final class BackboneModel {
  /** The keys that features depend on; names, or sections that end in a dot. */
  private static final List<String> DECISIVE =
      List.of("network.", "augment.", "compute.", "data.max-pixels", "knn.image-size");

  private final Configuration configuration;
  private final float[] weights;
  private final float[] running;

  /**
   * A model of given values, which stay as they are from now on.
   *
   * @param weights the parameters of the backbone, as the table of its network has them
   * @param running its running means and variances
   * @throws IllegalArgumentException if these are not as many as the network has
   */
  public BackboneModel(Configuration configuration, float[] weights, float[] running) {
    Architecture architecture = new Architecture(configuration.network());
    if (weights.length != architecture.backboneParameters()
        || running.length != architecture.backboneRunningLength()) {
      throw new IllegalArgumentException(
          "weights=%d running=%d, expected %d and %d"
              .formatted(
                  weights.length,
                  running.length,
                  architecture.backboneParameters(),
                  architecture.backboneRunningLength()));
    }
    this.configuration = configuration;
    this.weights = weights;
    this.running = running;
  }

  /**
   * The model of a checkpoint.
   *
   * @param configuration that of the checkpoint, perhaps with another {@code compute} or {@code
   *     knn.image-size}
   * @throws org.byol4j.checkpoint.CheckpointException if the checkpoint is damaged
   */
  public static BackboneModel of(Checkpoint checkpoint, Configuration configuration) {
    Architecture architecture = new Architecture(configuration.network());
    return new BackboneModel(
        configuration,
        Arrays.copyOf(checkpoint.values(Section.WEIGHTS), architecture.backboneParameters()),
        Arrays.copyOf(
            checkpoint.values(Section.BATCHNORM_ONLINE), architecture.backboneRunningLength()));
  }

  /** All settings; features depend on a few of them, see {@link #id}. */
  public Configuration configuration() {
    return configuration;
  }

  /** The number of features of an image. */
  public int features() {
    return configuration.network().features();
  }

  /** The parameters, not a copy. */
  public float[] weights() {
    return weights;
  }

  /** The running means and variances, not a copy. */
  public float[] running() {
    return running;
  }

  /**
   * A hash of all that features depend on besides the library and the machine: two models with the
   * same one are the same.
   */
  public String id() {
    MessageDigest digest = sha256();
    configuration
        .text()
        .toString()
        .lines()
        .filter(line -> DECISIVE.stream().anyMatch(line::startsWith))
        .forEach(line -> digest.update((line + "\n").getBytes(StandardCharsets.UTF_8)));
    update(digest, weights);
    update(digest, running);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  private static void update(MessageDigest digest, float[] values) {
    ByteBuffer chunk = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    int perChunk = chunk.capacity() / Float.BYTES;
    for (int from = 0; from < values.length; from += perChunk) {
      int count = Math.min(perChunk, values.length - from);
      chunk.clear().limit(count * Float.BYTES);
      chunk.asFloatBuffer().put(values, from, count);
      digest.update(chunk);
    }
  }

  /** Sends the model to the executors of {@code spark}, each of which gets it once. */
  public SentModel sendBy(JavaSparkContext spark) {
    float[] values = Arrays.copyOf(weights, weights.length + running.length);
    System.arraycopy(running, 0, values, weights.length, running.length);
    return new SentModel(configuration.text().toString(), id(), spark.broadcast(values));
  }
}
