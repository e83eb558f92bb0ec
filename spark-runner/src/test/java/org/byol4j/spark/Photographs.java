package org.byol4j.spark;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Drawn JPEGs of many sizes, in a folder for each of two classes and one at the root. */
public final class Photographs {
  private Photographs() {}

  /** Draws {@code count} of them into {@code folder}, and returns it. */
  public static Path draw(Path folder, int count) throws IOException {
    Random random = new Random(11);
    for (int i = 0; i < count; i++) {
      int width = 20 + random.nextInt(40);
      int height = 20 + random.nextInt(40);
      BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int value = (x * (i + 3) + y * 5 + random.nextInt(40)) & 0xff;
          image.setRGB(x, y, value << 16 | (255 - value) << 8 | (value * i & 0xff));
        }
      }
      String at = i == 0 ? "" : i % 2 == 0 ? "even/" : "odd/";
      Path file = folder.resolve("%s%04d.jpg".formatted(at, i));
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "jpeg", file.toFile());
    }
    return folder;
  }
}
