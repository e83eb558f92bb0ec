package org.byol4j.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.byol4j.data.ImageSource.Visitor;

/** Reads a tar archive, gzipped if its first bytes say so, from front to back. */
public final class TarReader {
  private static final int BLOCK_BYTES = 512;
  private static final int BUFFER_BYTES = 1 << 17;
  private static final int GZIP_MAGIC = 0x8b1f;

  private TarReader() {}

  /**
   * Shows the archive's contents to {@code visitor}, in their order.
   *
   * @param archive the archive's bytes; closed by the caller
   * @param name how messages name the archive
   * @throws DataException if the archive is broken or cannot be read
   */
  public static void read(InputStream archive, String name, Visitor visitor) {
    long entries = 0;
    try (InputStream buffered = new BufferedInputStream(archive, BUFFER_BYTES);
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
          "broken archive: path=%s entriesRead=%d: %s".formatted(name, entries, e.getMessage()), e);
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
    } else if (entry.getSize() > ImageSource.LARGEST_FILE) {
      visitor.bad(parts.toString(), ImageSource.TOO_LARGE);
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
