package org.byol4j.cli.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import org.byol4j.augment.KeyedRandom;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;

/**
 * The demo's images: ten classes of shapes and textures in random colours, each image a pure
 * function of (seed, split, class, number).
 */
public final class DrawnImages {
  /** How many classes there are. */
  public static final int CLASSES = Motif.values().length;

  private final int size;
  private final long seed;

  /** Two draws from the same classes that share no image. */
  public enum Split {
    TRAIN,
    TEST
  }

  /**
   * Images that are drawn when asked for.
   *
   * @param size height and width, in pixels
   */
  public DrawnImages(int size, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("size=%d, expected at least 1".formatted(size));
    }
    this.size = size;
    this.seed = seed;
  }

  /**
   * Writes {@code perClass} images of each class as {@code folder/CLASS/NNNN.png}.
   *
   * @throws UncheckedIOException if a file cannot be written, naming it
   */
  public void write(Path folder, Split split, int perClass) {
    for (Motif motif : Motif.values()) {
      Path classFolder = folder.resolve(motif.folder());
      try {
        Files.createDirectories(classFolder);
        for (int number = 0; number < perClass; number++) {
          Path file = classFolder.resolve(String.format(Locale.ROOT, "%04d.png", number));
          Files.write(file, ImageEncoder.png(image(split, motif, number)));
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write images to " + classFolder, e);
      }
    }
  }

  /** One image. */
  Image image(Split split, Motif motif, int number) {
    // by names, not by places: a new class would leave the images of the others as they are
    KeyedRandom key =
        KeyedRandom.of(seed, split.name().hashCode(), motif.name().hashCode(), number);
    return new Drawing(motif, new SplittableRandom(key.key())).render(size);
  }
}
