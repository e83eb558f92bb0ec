package org.byol4j.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where images come from: a folder of any depth, or a tar archive of one, gzipped or not.
 *
 * <p>JPEG and PNG files are images, told by their extension ({@code .jpg .jpeg .png}, in any case).
 * A file or folder whose name begins with a dot is passed over, and so is everything that is not a
 * regular file. A folder's symbolic links are followed; an archive's links are not.
 *
 * <p>An image's path is relative to the source, with {@code /} between its parts. In an archive a
 * leading {@code ./} or {@code /} is dropped, and a path with {@code ..} is passed over.
 */
public interface ImageSource {

  /** The largest file that is taken for an image, in bytes. */
  int LARGEST_FILE = 1 << 28;

  /** Why a file beyond {@link #LARGEST_FILE} is bad. */
  String TOO_LARGE = "larger than " + (LARGEST_FILE >> 20) + " MiB";

  /** A way to an image file's bytes, to be used at most once, by any thread. */
  interface Encoded {
    /**
     * Reads the file; the bytes are the caller's.
     *
     * @throws IOException if it cannot be read
     */
    byte[] read() throws IOException;
  }

  /** What is done with a source's contents; called by one thread, in the source's order. */
  interface Visitor {

    /** An image file of about {@code lengthBytes}. */
    void image(String path, long lengthBytes, Encoded file);

    /** A file that should be an image but cannot be one for {@code reason}. */
    void bad(String path, String reason);

    /** Something that was passed over because of what {@code kind} says. */
    void ignored(String path, String kind);
  }

  /**
   * The source at {@code path}.
   *
   * @throws DataException if there is nothing, or neither a folder nor a tar archive, or a folder
   *     that cannot be read
   */
  static ImageSource at(Path path) {
    if (!Files.exists(path)) {
      throw new DataException("no such file or folder: path=" + path);
    }
    if (Files.isDirectory(path)) {
      return FolderSource.scan(path);
    }
    String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
    if (!name.endsWith(".tar") && !name.endsWith(".tar.gz") && !name.endsWith(".tgz")) {
      throw new DataException(
          "not a source of images: path="
              + path
              + "; expected a folder, or a file named .tar, .tar.gz or .tgz");
    }
    return TarSource.open(path);
  }

  /** Where it lies. */
  Path path();

  /** How many image files there are, or -1 if that is not known ahead. */
  long count();

  /**
   * Changes when the source does: a hash of its path and of the sizes and modification times of the
   * archive or of the folder's images.
   */
  String fingerprint();

  /**
   * Shows everything to {@code visitor}. An image may come up more than once: the last one counts.
   *
   * @throws DataException if the archive is broken or a folder cannot be read, naming it
   */
  void read(Visitor visitor);

  /** Whether {@code name}, without folders, is that of an image. */
  static boolean isImageName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".jpg") || lower.endsWith(".jpeg") || lower.endsWith(".png");
  }

  /** The class of the image at {@code path}: the name of its folder, empty at the root. */
  static String className(String path) {
    return StoreWriter.parentName(path);
  }
}
