package org.byol4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;

/** The words of {@code train} for a network of a few channels on twelve drawn images. */
final class TinyTraining {
  private static final int IMAGES = 12;
  private static final int SIZE = 16;

  private TinyTraining() {}

  /** Draws the images into {@code folder}, and returns it. */
  static Path drawImages(Path folder) {
    Random random = new Random(3);
    try {
      Files.createDirectories(folder);
      for (int i = 0; i < IMAGES; i++) {
        byte[] rgb = new byte[SIZE * SIZE * Image.CHANNELS];
        random.nextBytes(rgb);
        Files.write(folder.resolve(i + ".png"), ImageEncoder.png(new Image(SIZE, SIZE, rgb)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }

  /**
   * The command's words; three steps an epoch, a checkpoint every ten.
   *
   * @param more more words
   */
  static String[] words(String data, String out, int epochs, String... more) {
    String conf = Path.of("..", "conf", "cifar10-small.conf").toString();
    List<String> words = new ArrayList<>(List.of("train", "--conf", conf));
    words.addAll(List.of("--data", data, "--out", out, "--replicas", "2"));
    words.addAll(settings(epochs));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  /** The words that make a training tiny. */
  static List<String> settings(int epochs) {
    List<String> words = new ArrayList<>();
    for (String assignment :
        List.of(
            "train.epochs=" + epochs,
            "train.batch-size=4",
            "train.checkpoint-every-steps=10",
            "optimizer.warmup-epochs=0",
            "network.width=0.125",
            "heads.hidden=8",
            "heads.output=4",
            "knn.every-epochs=0",
            "compute.threads=1",
            "data.workers=1")) {
      words.addAll(List.of("--set", assignment));
    }
    return words;
  }
}
