package org.byol4j.data;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;

/** Draws images and puts them into folders and archives. */
final class TestImages {
  static final DataSettings SETTINGS = new DataSettings(0, 0.01, 1_000_000, 2, 2);

  private TestImages() {}

  static byte[] jpeg(int seed) {
    return ImageEncoder.jpeg(drawn(seed), 90);
  }

  static byte[] png(int seed) {
    return ImageEncoder.png(drawn(seed));
  }

  /** {@code count} images in three classes, every third a PNG, by path. */
  static Map<String, byte[]> set(int count) {
    Map<String, byte[]> images = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      String path = "class" + i % 3 + "/" + i + (i % 3 == 0 ? ".png" : ".jpg");
      images.put(path, i % 3 == 0 ? png(i) : jpeg(i));
    }
    return images;
  }

  /** Writes {@code files} below {@code root}. */
  static Path folder(Path root, Map<String, byte[]> files) {
    try {
      Files.createDirectories(root);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Path path = root.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.write(path, file.getValue());
      }
      return root;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes {@code files} to a tar, gzipped if its name says so, each name behind {@code prefix}.
   */
  static Path tar(Path tar, String prefix, Map<String, byte[]> files) {
    try (OutputStream file = Files.newOutputStream(tar);
        OutputStream out = tar.toString().endsWith("gz") ? new GZIPOutputStream(file) : file;
        TarArchiveOutputStream archive = new TarArchiveOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : files.entrySet()) {
        TarArchiveEntry header = new TarArchiveEntry(prefix + entry.getKey());
        header.setSize(entry.getValue().length);
        archive.putArchiveEntry(header);
        archive.write(entry.getValue());
        archive.closeArchiveEntry();
      }
      return tar;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Image drawn(int seed) {
    Random random = new Random(seed);
    int height = 8 + random.nextInt(30);
    int width = 8 + random.nextInt(30);
    byte[] rgb = new byte[height * width * Image.CHANNELS];
    random.nextBytes(rgb);
    return new Image(height, width, rgb);
  }
}
