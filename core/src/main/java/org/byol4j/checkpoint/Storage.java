package org.byol4j.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * Where checkpoints lie: named objects in folders, on a disk or in an object store.
 *
 * <p>Paths are relative, parts separated by {@code /}. Objects appear whole or not at all, and are
 * never changed, only replaced or deleted; there is no rename. An object has one writer at a time
 * and any number of readers. Every {@link IOException} may go away by itself, except {@link
 * java.nio.file.NoSuchFileException}, which says that an object is not there.
 */
public interface Storage {

  /**
   * The names of the objects and folders directly in {@code folder}, in bytewise order; none where
   * there is no such folder. {@code ""} is the root. Uploads that were not committed are not
   * listed.
   */
  List<String> list(String folder) throws IOException;

  /** Whether there is an object at {@code path}. */
  boolean exists(String path) throws IOException;

  /** The object's length in bytes. */
  long lengthBytes(String path) throws IOException;

  /** Opens an object for reading; the caller closes the stream. */
  InputStream read(String path) throws IOException;

  /** Begins an object, with the folders above it; the caller closes the upload. */
  Upload create(String path) throws IOException;

  /** Deletes an object, durably; nothing happens where there is none. */
  void delete(String path) throws IOException;

  /** Deletes everything below {@code folder}, in no order; nothing happens where there is none. */
  void deleteFolder(String folder) throws IOException;

  /** How a message names {@code path}: with the place of this storage before it. */
  String describe(String path);
}
