package org.byol4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** A tar archive on this machine, gzipped or not. */
final class TarSource implements ImageSource {
  private final Path file;
  private final String fingerprint;

  private TarSource(Path file, String fingerprint) {
    this.file = file;
    this.fingerprint = fingerprint;
  }

  static TarSource open(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      if (!attributes.isRegularFile()) {
        throw new DataException("not a regular file: path=" + file);
      }
      String fingerprint =
          new Fingerprint()
              .add(file.toRealPath().toUri().getRawPath())
              .add(attributes.size())
              .add(attributes.lastModifiedTime().toString())
              .hex();
      return new TarSource(file, fingerprint);
    } catch (IOException e) {
      throw new DataException("cannot read archive: path=%s: %s".formatted(file, e), e);
    }
  }

  @Override
  public Path path() {
    return file;
  }

  @Override
  public long count() {
    return -1;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void read(Visitor visitor) {
    try (InputStream archive = Files.newInputStream(file)) {
      TarReader.read(archive, file.toString(), visitor);
    } catch (IOException e) {
      throw new DataException("cannot read archive: path=%s: %s".formatted(file, e), e);
    }
  }
}
