package org.byol4j.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.byol4j.cli.demo.DrawnImages.Split;
import org.byol4j.image.Image;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrawnImagesTest {
  private static final int SIZE = 24;

  @TempDir Path folder;

  @Test
  void sameSeedDrawsTheSameFiles() throws IOException {
    new DrawnImages(SIZE, 5).write(folder.resolve("a"), Split.TRAIN, 3);
    new DrawnImages(SIZE, 5).write(folder.resolve("b"), Split.TRAIN, 3);

    List<Path> files = files(folder.resolve("a"));
    assertThat(files).hasSize(10 * 3);
    for (Path file : files) {
      Path twin = folder.resolve("b").resolve(folder.resolve("a").relativize(file));
      assertThat(Files.readAllBytes(twin)).as(file.toString()).isEqualTo(Files.readAllBytes(file));
    }
  }

  @Test
  void noTwoImagesOfSeedsSplitsAndNumbersAreTheSame() {
    Set<String> drawn = new HashSet<>();
    int count = 0;
    for (long seed = 1; seed <= 2; seed++) {
      DrawnImages images = new DrawnImages(SIZE, seed);
      for (Split split : Split.values()) {
        for (Motif motif : Motif.values()) {
          for (int number = 0; number < 5; number++) {
            drawn.add(Arrays.toString(images.image(split, motif, number).rgb()));
            count++;
          }
        }
      }
    }
    assertThat(drawn).hasSize(count);
  }

  @Test
  void everyMotifShowsBothColours() {
    DrawnImages images = new DrawnImages(SIZE, 1);
    for (Motif motif : Motif.values()) {
      for (int number = 0; number < 20; number++) {
        double share = shareOfInk(images.image(Split.TEST, motif, number));
        assertThat(share).as("%s %d", motif, number).isBetween(0.1, 0.7);
      }
    }
  }

  @Test
  void motifsRepeatWithPeriodOne() {
    for (Motif motif : List.of(Motif.DISC, Motif.STAR, Motif.CHECKER, Motif.STRIPES)) {
      for (double at = -0.45; at < 0.5; at += 0.1) {
        double here = motif.distance(at, 0.3 * at);
        assertThat(motif.distance(at + 2, 0.3 * at - 3))
            .as("%s %f", motif, at)
            .isCloseTo(here, within(1e-9));
      }
    }
  }

  /** The ink is lighter than the ground in every hue. */
  private static double shareOfInk(Image image) {
    int light = 0;
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        int largest = Math.max(image.at(y, x, 0), Math.max(image.at(y, x, 1), image.at(y, x, 2)));
        light += largest > 255 * 0.725 ? 1 : 0;
      }
    }
    return (double) light / (SIZE * SIZE);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
