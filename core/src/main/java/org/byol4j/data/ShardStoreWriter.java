package org.byol4j.data;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes the store of one shard, of a set whose ids, verdicts and hash are settled already. Closed
 * without {@link #finish} it leaves nothing behind.
 *
 * <p>Confined to one thread; others may write the same shard at the same time, the first to finish
 * is taken.
 */
public final class ShardStoreWriter implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final StoreFiles whole;
  private final StoreFiles files;
  private final SegmentWriter segments;
  private final FileOutputStream indexFile;
  private final FileOutputStream namesFile;
  private final OutputStream index;
  private final OutputStream names;
  private final ByteBuffer entry = ByteBuffer.allocate(StoreFiles.RECORD_BYTES);
  private final ManifestHash hash = new ManifestHash();
  private String sha256 = "";
  private int images;
  private int nameEnd;

  /**
   * Begins a store that becomes {@code folder} when it is whole.
   *
   * @throws UncheckedIOException if the disk does not take it
   */
  ShardStoreWriter(Path folder) {
    this(folder, UUID.randomUUID().toString());
  }

  /**
   * @param unique tells the folder that is written from those of others
   */
  ShardStoreWriter(Path folder, String unique) {
    this.whole = new StoreFiles(folder);
    this.files =
        new StoreFiles(
            folder.resolveSibling(".%s.%s.part".formatted(folder.getFileName(), unique)));
    this.segments = new SegmentWriter(files, SegmentWriter.SEGMENT_BYTES);
    Tables tables = Tables.open(files);
    this.indexFile = tables.index();
    this.namesFile = tables.names();
    this.index = new BufferedOutputStream(indexFile, BUFFER_BYTES);
    this.names = new BufferedOutputStream(namesFile, BUFFER_BYTES);
  }

  /** Two open files. */
  private record Tables(FileOutputStream index, FileOutputStream names) {

    /** Opens both; where one cannot be opened nothing stays behind. */
    static Tables open(StoreFiles files) {
      try {
        Files.createDirectories(files.folder());
        return openIn(files);
      } catch (IOException e) {
        UncheckedIOException failure = files.failed("write", e);
        try {
          files.deleteAll();
        } catch (IOException more) {
          failure.addSuppressed(more);
        }
        throw failure;
      }
    }

    private static Tables openIn(StoreFiles files) throws IOException {
      FileOutputStream index = new FileOutputStream(files.index().toFile());
      try {
        return new Tables(index, new FileOutputStream(files.names().toFile()));
      } catch (IOException e) {
        index.close();
        throw e;
      }
    }
  }

  /**
   * Adds the next image, in the order of ids.
   *
   * @param label the index of its class, or -1
   * @throws UncheckedIOException if it cannot be written
   */
  public void add(String path, int label, byte[] encoded) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    hash.add(name, Verdict.hashOf(encoded));
    try {
      entry.clear().putLong(segments.append(encoded)).putInt(encoded.length).putInt(label);
      entry.putInt(nameEnd).putInt(name.length);
      index.write(entry.array());
      names.write(name);
    } catch (IOException e) {
      throw files.failed("write", e);
    }
    nameEnd += name.length;
    images++;
  }

  /** How many images were added. */
  public int images() {
    return images;
  }

  /** The {@link ManifestHash} of the images; none can be added afterwards. */
  public String hash() {
    if (sha256.isEmpty()) {
      sha256 = hash.hex();
    }
    return sha256;
  }

  /**
   * Makes the store appear: the caller has compared the {@linkplain #hash hash}.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void finish() {
    try {
      index.flush();
      indexFile.getFD().sync();
      names.flush();
      namesFile.getFD().sync();
      files.commit(
          new Manifest(
              Manifest.FORMAT,
              whole.folder().toString(),
              hash(),
              0,
              images,
              hash(),
              List.of(),
              Map.of(),
              Map.of(),
              (long) images * StoreFiles.RECORD_BYTES,
              nameEnd,
              segments.finish()));
      appear();
    } catch (IOException e) {
      throw files.failed("write", e);
    }
  }

  private void appear() throws IOException {
    try {
      rename();
    } catch (IOException e) {
      if (whole.present().isPresent()) {
        // another task was faster: it has written the same
        return;
      }
      // a folder whose files were cut or taken away; nobody leaves one on purpose
      whole.deleteAll();
      rename();
    }
  }

  private void rename() throws IOException {
    Files.move(files.folder(), whole.folder(), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() {
    segments.close();
    try {
      // what is not written yet is not wanted any more
      indexFile.close();
      namesFile.close();
      files.deleteAll();
    } catch (IOException e) {
      throw files.failed("close", e);
    }
  }
}
