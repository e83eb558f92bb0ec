package org.byol4j.data;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Writes the store of some images of a set whose ids, verdicts and hash are settled already, such
 * as a replica's shards. The index has a record for every id of the set; those of images that are
 * not here are zeros.
 *
 * <p>Confined to one thread. Without {@link #finish} there is no store.
 */
public final class ShardStoreWriter implements AutoCloseable {
  private final StoreFiles files;
  private final SegmentWriter segments;
  private final FileChannel index;
  private final OutputStream names;
  private final ByteBuffer entry = ByteBuffer.allocate(StoreFiles.RECORD_BYTES);
  private final int images;
  private int nameEnd;

  /**
   * Begins a store in {@code folder}, which is created; one that lies there is removed.
   *
   * @param images how many images the whole set has
   * @throws UncheckedIOException if the folder cannot be written to
   */
  public ShardStoreWriter(Path folder, int images) {
    this.files = new StoreFiles(folder);
    this.images = images;
    try {
      Files.createDirectories(folder);
      files.discard();
      this.segments = new SegmentWriter(files, SegmentWriter.SEGMENT_BYTES);
      this.index =
          FileChannel.open(files.index(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      this.names = new BufferedOutputStream(new FileOutputStream(files.names().toFile()));
    } catch (IOException e) {
      throw files.failed("write", e);
    }
  }

  /**
   * Adds an image.
   *
   * @param label the index of its class, or -1
   * @throws UncheckedIOException if it cannot be written
   */
  public void add(int id, String path, int label, byte[] encoded) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    try {
      entry.clear().putLong(segments.append(encoded)).putInt(encoded.length).putInt(label);
      entry.putInt(nameEnd).putInt(name.length).flip();
      long position = (long) id * StoreFiles.RECORD_BYTES;
      while (entry.hasRemaining()) {
        position += index.write(entry, position);
      }
      names.write(name);
      nameEnd += name.length;
    } catch (IOException e) {
      throw files.failed("write", e);
    }
  }

  /**
   * Makes the store complete.
   *
   * @param source where the set comes from
   * @param maxPixels the largest image that was decoded when the set was settled
   * @param hash the {@link ManifestHash} of the whole set
   * @param classes the names of the classes that labels are indices of
   * @param bad how many files of the set are bad, by reason
   * @throws UncheckedIOException if it cannot be written
   */
  public ImageStore finish(
      String source, long maxPixels, String hash, List<String> classes, Map<String, Integer> bad) {
    long indexBytes = (long) images * StoreFiles.RECORD_BYTES;
    try {
      if (index.size() < indexBytes) {
        ByteBuffer last = ByteBuffer.wrap(new byte[1]);
        while (last.hasRemaining()) {
          index.write(last, indexBytes - 1);
        }
      }
      index.force(true);
      names.flush();
      files.commit(
          new Manifest(
              Manifest.FORMAT,
              source,
              hash,
              maxPixels,
              images,
              hash,
              classes,
              bad,
              Map.of(),
              indexBytes,
              nameEnd,
              segments.finish()));
    } catch (IOException e) {
      throw files.failed("write", e);
    }
    return ImageStore.existing(files.folder());
  }

  @Override
  public void close() {
    segments.close();
    try {
      index.close();
      names.close();
    } catch (IOException e) {
      throw files.failed("close", e);
    }
  }
}
