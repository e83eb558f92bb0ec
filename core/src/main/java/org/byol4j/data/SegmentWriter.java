package org.byol4j.data;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/** Appends encoded images to files of bounded size, which can be mapped each as a whole. */
final class SegmentWriter implements AutoCloseable {
  /** The largest size of a file; beyond 2 GiB a file cannot be mapped into one buffer. */
  static final int SEGMENT_BYTES = 1 << 30;

  private static final int BUFFER_BYTES = 1 << 20;

  private final StoreFiles files;
  private final int segmentBytes;
  private final List<Long> sizes = new ArrayList<>();
  private FileOutputStream file;
  private OutputStream out;
  private long size;

  SegmentWriter(StoreFiles files, int segmentBytes) {
    this.files = files;
    this.segmentBytes = segmentBytes;
  }

  /** Appends an image; returns its segment in the upper half and its offset in the lower one. */
  long append(byte[] encoded) throws IOException {
    if (out == null || size + encoded.length > segmentBytes) {
      finishSegment();
      file = new FileOutputStream(files.segment(sizes.size()).toFile());
      out = new BufferedOutputStream(file, BUFFER_BYTES);
      size = 0;
    }
    long location = (long) sizes.size() << 32 | size;
    out.write(encoded);
    size += encoded.length;
    return location;
  }

  /** Brings everything to the disk; returns the sizes of the files. */
  List<Long> finish() throws IOException {
    finishSegment();
    return List.copyOf(sizes);
  }

  private void finishSegment() throws IOException {
    if (out == null) {
      return;
    }
    out.flush();
    file.getFD().sync();
    file.close();
    out = null;
    sizes.add(size);
  }

  @Override
  public void close() {
    if (out == null) {
      return;
    }
    try {
      file.close();
    } catch (IOException e) {
      throw files.failed("close", e);
    }
  }
}
