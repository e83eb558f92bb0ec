package org.byol4j.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The sources of our kernels, CUDA C++ in the resources beside this class. */
final class KernelSource {

  /** What the others begin with. */
  static final String COMMON = "common";

  /** The files of kernels, without {@code .cu}. */
  static final List<String> FILES =
      List.of(
          "batchnorm", "collective", "elementwise", "flat", "layout", "loss", "pooling", "views");

  private KernelSource() {}

  /** Everything that a compiler needs for the kernels of {@code file}. */
  static String of(String file) {
    return text(COMMON) + text(file);
  }

  /** One file as it is. */
  static String text(String file) {
    String name = file + ".cu";
    try (InputStream in = KernelSource.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("no kernels in file=%s".formatted(name));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
