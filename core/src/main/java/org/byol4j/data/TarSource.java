package org.byol4j.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.StringJoiner;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A tar archive, gzipped if its first bytes say so, read from front to back. */
final class TarSource implements ImageSource {
  private static final int BLOCK_BYTES = 512;
  private static final int BUFFER_BYTES = 1 << 17;
  private static final int GZIP_MAGIC = 0x8b1f;

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
    long entries = 0;
    try (InputStream buffered = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
        ZeroTail bytes = new ZeroTail(unzipped(buffered));
        TarArchiveInputStream tar =
            new TarArchiveInputStream(bytes, StandardCharsets.UTF_8.name())) {
      for (TarArchiveEntry entry = next(tar); entry != null; entry = next(tar)) {
        visit(tar, entry, visitor);
        entries++;
      }
      // to the end, where gzip has its checksum
      bytes.transferTo(OutputStream.nullOutputStream());
      if (bytes.zeros < BLOCK_BYTES) {
        throw new EOFException("ends without the block of zeros that marks the end");
      }
    } catch (IOException e) {
      throw new DataException(
          "broken archive: path=%s entriesRead=%d: %s".formatted(file, entries, e.getMessage()), e);
    }
  }

  private static InputStream unzipped(InputStream buffered) throws IOException {
    buffered.mark(2);
    int magic = buffered.read() | buffered.read() << 8;
    buffered.reset();
    return magic == GZIP_MAGIC ? new GZIPInputStream(buffered, BUFFER_BYTES) : buffered;
  }

  private static TarArchiveEntry next(TarArchiveInputStream tar) throws IOException {
    try {
      return tar.getNextEntry();
    } catch (IllegalArgumentException e) {
      throw new IOException("a header that is not one of a tar archive", e);
    }
  }

  private static void visit(TarArchiveInputStream tar, TarArchiveEntry entry, Visitor visitor)
      throws IOException {
    String path = entry.getName();
    if (entry.isDirectory() || !ImageSource.isImageName(path)) {
      return;
    }
    StringJoiner parts = new StringJoiner("/");
    for (String part : path.split("/", -1)) {
      if (part.equals("..")) {
        visitor.ignored(path, "path with ..");
        return;
      }
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (part.startsWith(".")) {
        return;
      }
      parts.add(part);
    }
    if (entry.isLink() || entry.isSymbolicLink()) {
      visitor.ignored(parts.toString(), "link in an archive");
    } else if (isDevice(entry) || !tar.canReadEntryData(entry)) {
      visitor.ignored(parts.toString(), "not a regular file");
    } else if (entry.getSize() > LARGEST_FILE) {
      visitor.bad(parts.toString(), TOO_LARGE);
    } else {
      byte[] bytes = tar.readAllBytes();
      visitor.image(parts.toString(), bytes.length, () -> bytes);
    }
  }

  private static boolean isDevice(TarArchiveEntry entry) {
    return entry.isFIFO() || entry.isCharacterDevice() || entry.isBlockDevice();
  }

  /** Counts the zeros at the end of what was read: an archive cut short has too few. */
  private static final class ZeroTail extends FilterInputStream {
    private long zeros;

    ZeroTail(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int value = in.read();
      if (value >= 0) {
        zeros = value == 0 ? zeros + 1 : 0;
      }
      return value;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int count = in.read(bytes, offset, length);
      int tail = 0;
      while (tail < count && bytes[offset + count - 1 - tail] == 0) {
        tail++;
      }
      zeros = tail < count ? tail : zeros + tail;
      return count;
    }

    /**
     * Reads instead of skipping: a skip does not tell the end of the file from a skip beyond it.
     */
    @Override
    public long skip(long wanted) throws IOException {
      byte[] skipped = new byte[(int) Math.min(wanted, BUFFER_BYTES)];
      int count = read(skipped, 0, skipped.length);
      return Math.max(count, 0);
    }
  }
}
