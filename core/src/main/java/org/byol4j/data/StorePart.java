package org.byol4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The mapped files of a store, or of one shard of a store that lies in shards: a record for each of
 * its images, in the order of ids.
 */
final class StorePart {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** Stands for a shard that is not here. */
  static final StorePart ABSENT = new StorePart(NOTHING, NOTHING, new ByteBuffer[0], 0);

  private final ByteBuffer index;
  private final ByteBuffer names;
  private final ByteBuffer[] segments;
  private final int images;

  private StorePart(ByteBuffer index, ByteBuffer names, ByteBuffer[] segments, int images) {
    this.index = index;
    this.names = names;
    this.segments = segments;
    this.images = images;
  }

  /** Maps what {@code manifest} says lies in {@code files}. */
  static StorePart of(StoreFiles files, Manifest manifest) throws IOException {
    ByteBuffer[] segments = new ByteBuffer[manifest.segmentBytes().size()];
    for (int i = 0; i < segments.length; i++) {
      segments[i] = map(files.segment(i), manifest.segmentBytes().get(i));
    }
    return new StorePart(
        map(files.index(), manifest.indexBytes()),
        map(files.names(), manifest.namesBytes()),
        segments,
        manifest.images());
  }

  private static ByteBuffer map(Path file, long length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, length);
    }
  }

  /** How many images there are; records are numbered below it. */
  int images() {
    return images;
  }

  /** A number of a record: {@link StoreFiles} has the fields. */
  int field(int record, int field) {
    return index.getInt(record * StoreFiles.RECORD_BYTES + field);
  }

  /** Copies a piece of the paths, UTF-8, from {@code start} on. */
  void copyName(int start, byte[] to) {
    names.get(start, to);
  }

  /** The files of encoded images, for one reader. */
  ByteBuffer[] windows() {
    ByteBuffer[] windows = new ByteBuffer[segments.length];
    for (int i = 0; i < windows.length; i++) {
      windows[i] = segments[i].duplicate();
    }
    return windows;
  }
}
