package org.byol4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The jar that these classes come from. */
final class OurJar {
  private OurJar() {}

  /** Its path; empty if the classes lie in a folder, as while they are built. */
  static Optional<Path> path() {
    try {
      Path place =
          Path.of(OurJar.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return Optional.of(place).filter(Files::isRegularFile);
    } catch (URISyntaxException e) {
      throw new UncheckedIOException(new IOException("the jar has no path", e));
    }
  }
}
