package org.byol4j.data;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The files of a store in its folder; files that are not a store's are never touched.
 *
 * <pre>
 *   manifest.json      written last: without it there is no store
 *   index.bin          a record of {@link #RECORD_BYTES} for each id, big-endian
 *   names.bin          the paths, UTF-8, one after the other
 *   images-00000.bin   encoded images, one after the other, in the source's order
 *   bad-images.tsv     reason, tab, path of each bad file
 *   lock               held by the process that builds
 *
 *   record:  0 segment  4 offset  8 length  12 label or -1  16 start of name  20 length of name
 * </pre>
 *
 * @param folder where the files lie
 */
record StoreFiles(Path folder) {
  static final int RECORD_BYTES = 24;
  static final int SEGMENT = 0;
  static final int OFFSET = 4;
  static final int LENGTH = 8;
  static final int LABEL = 12;
  static final int NAME_START = 16;
  static final int NAME_LENGTH = 20;

  Path manifest() {
    return folder.resolve("manifest.json");
  }

  Path index() {
    return folder.resolve("index.bin");
  }

  Path names() {
    return folder.resolve("names.bin");
  }

  Path segment(int number) {
    return folder.resolve("images-%05d.bin".formatted(number));
  }

  Path badImages() {
    return folder.resolve("bad-images.tsv");
  }

  Path lock() {
    return folder.resolve("lock");
  }

  /** The manifest, if there is one and each file is as long as it says. */
  Optional<Manifest> present() {
    try {
      Manifest manifest = Manifest.read(manifest());
      boolean whole =
          Files.size(index()) == manifest.indexBytes()
              && Files.size(names()) == manifest.namesBytes();
      for (int i = 0; whole && i < manifest.segmentBytes().size(); i++) {
        whole = Files.size(segment(i)) == manifest.segmentBytes().get(i);
      }
      return whole ? Optional.of(manifest) : Optional.empty();
    } catch (IOException e) {
      // no store, or none that can be used: a new one is built in its place
      return Optional.empty();
    }
  }

  /** Those of a store that is to take the place of this one. */
  StoreFiles beside() {
    return new StoreFiles(folder.resolveSibling(folder.getFileName() + ".new"));
  }

  /**
   * Takes the files of a whole store that lies on the same disk; the manifest goes first, and comes
   * last.
   */
  void replaceBy(StoreFiles whole) throws IOException {
    Files.createDirectories(folder);
    discard();
    try (DirectoryStream<Path> segments = Files.newDirectoryStream(whole.folder, "images-*.bin")) {
      for (Path segment : segments) {
        Files.move(segment, folder.resolve(segment.getFileName()));
      }
    }
    Files.move(whole.index(), index());
    Files.move(whole.names(), names());
    Files.move(whole.badImages(), badImages());
    syncFolder();
    Files.move(whole.manifest(), manifest());
    syncFolder();
  }

  /** Removes a store, whole or half-built; the manifest goes first. */
  void discard() throws IOException {
    if (Files.deleteIfExists(manifest())) {
      syncFolder();
    }
    Files.deleteIfExists(badImages());
    discardImages();
  }

  /** Removes what takes room. */
  void discardImages() throws IOException {
    Files.deleteIfExists(index());
    Files.deleteIfExists(names());
    try (DirectoryStream<Path> segments = Files.newDirectoryStream(folder, "images-*.bin")) {
      for (Path segment : segments) {
        Files.delete(segment);
      }
    }
  }

  /** Removes the folder with all that lies right in it; does nothing if there is none. */
  void deleteAll() throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path file : all) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  /** Makes the store complete. */
  void commit(Manifest manifest) throws IOException {
    Path whole = folder.resolve("manifest.json.new");
    try (FileOutputStream out = new FileOutputStream(whole.toFile())) {
      out.write(manifest.toJson());
      out.getFD().sync();
    }
    syncFolder();
    Files.move(whole, manifest(), StandardCopyOption.ATOMIC_MOVE);
    syncFolder();
  }

  private void syncFolder() throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** What a failure of the disk becomes: worth trying again once there is room. */
  UncheckedIOException failed(String action, IOException cause) {
    return new UncheckedIOException(
        "cannot %s image store: path=%s: %s".formatted(action, folder, cause.getMessage()), cause);
  }
}
