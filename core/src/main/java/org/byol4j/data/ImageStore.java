package org.byol4j.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The encoded bytes of all good images of a source, once, in mapped files of a local folder.
 *
 * <p>An image's id is the rank of its path in the bytewise order of the good images' paths.
 * Whatever the number of images, a store is a few objects on the heap: index, paths and images are
 * pages of files. Safe for any number of threads. A store has nothing to close: its files may be
 * deleted at any time, their pages go when the store is no longer reachable.
 */
public final class ImageStore {
  private static final Logger LOG = LoggerFactory.getLogger(ImageStore.class);

  private final Manifest manifest;

  /**
   * The image {@code id} is number {@code id / parts.length} in part {@code id mod parts.length}.
   */
  private final StorePart[] parts;

  /**
   * @param parts one, or as many as the set has shards
   */
  ImageStore(Manifest manifest, StorePart... parts) {
    this.manifest = manifest;
    this.parts = parts;
  }

  /**
   * The store of {@code source} in {@code folder}: the one that lies there if it is whole and the
   * source is unchanged, else a new one, for which every image is decoded once by {@code
   * settings.workers()} threads. What a crash left half-built is discarded.
   *
   * @throws DataException if the source is broken, has no image, or has more bad ones than {@code
   *     settings} tolerate, with their number by reason and the first names; the names of all are
   *     in {@code bad-images.tsv}
   * @throws UncheckedIOException if the store cannot be written or read, as on a full disk; what
   *     was written of it is removed
   */
  public static ImageStore open(
      ImageSource source, Path folder, DataSettings settings, StoreProgress progress) {
    return open(source, folder, settings, progress, SegmentWriter.SEGMENT_BYTES);
  }

  /**
   * The store of {@code source} in {@code folder}, as {@link #open} makes it, if its images are
   * those that are known by {@code sha256}. A new one is built beside the folder, which takes the
   * room of both, and replaces what lies there only then; so one process may do this at a time.
   *
   * @param sha256 the {@link ManifestHash} of the images
   * @throws OtherImagesException if they are others; the folder is as it was, like after any other
   *     exception
   * @throws DataException as {@link #open}, but bad images are named by the message only
   * @throws UncheckedIOException if the store cannot be written or read
   */
  public static ImageStore openExpecting(
      String sha256,
      ImageSource source,
      Path folder,
      DataSettings settings,
      StoreProgress progress) {
    StoreFiles files = new StoreFiles(folder);
    StoreFiles beside = files.beside();
    Optional<Manifest> present = files.present();
    Optional<Manifest> known = present.filter(found -> found.hash().equals(sha256));
    String before = describe(sha256, folder);
    try {
      try {
        if (present.isPresent() && isStoreOf(source, settings, present.get())) {
          expect(sha256, before, present.get());
          return open(source, folder, settings, progress);
        }
        if (known.isPresent()) {
          expectFiles(new ImageStore(known.get(), StorePart.of(files, known.get())), source);
        }
        expect(sha256, before, open(source, beside.folder(), settings, progress).manifest());
        files.replaceBy(beside);
        return open(source, folder, settings, progress);
      } finally {
        // also what a process that was killed has left
        beside.deleteAll();
      }
    } catch (IOException e) {
      throw files.failed("replace", e);
    }
  }

  /**
   * How messages name the images that are known by {@code sha256}: with source and number if the
   * store in {@code folder} holds them.
   */
  public static String describe(String sha256, Path folder) {
    return new StoreFiles(folder)
        .present()
        .filter(found -> found.hash().equals(sha256))
        .map(Manifest::describe)
        .orElse("sha256=" + sha256);
  }

  private static void expect(String sha256, String before, Manifest now) {
    if (!now.hash().equals(sha256)) {
      throw OtherImagesException.of(before, now.describe());
    }
  }

  /** Spares the building of a store of a folder in which files of {@code known} are missing. */
  private static void expectFiles(ImageStore known, ImageSource source) {
    if (source.count() < 0) {
      // an archive: has no order, and to go through it is to read it
      return;
    }
    int[] found = new int[1];
    source.read(
        new ImageSource.Visitor() {
          @Override
          public void image(String path, long lengthBytes, ImageSource.Encoded file) {
            if (found[0] < known.size() && known.name(found[0]).equals(path)) {
              found[0]++;
            }
          }

          @Override
          public void bad(String path, String reason) {}

          @Override
          public void ignored(String path, String kind) {}
        });
    if (found[0] < known.size()) {
      throw OtherImagesException.of(
          known.manifest().describe(),
          "source=%s files=%d, without %s"
              .formatted(source.path().toAbsolutePath(), source.count(), known.name(found[0])));
    }
  }

  static ImageStore open(
      ImageSource source,
      Path folder,
      DataSettings settings,
      StoreProgress progress,
      int segmentBytes) {
    StoreFiles files = new StoreFiles(folder);
    try {
      Files.createDirectories(folder);
      try (FileChannel channel =
              FileChannel.open(files.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.tryLock()) {
        if (lock == null) {
          throw new IOException("another process is at it");
        }
        Optional<Manifest> present = files.present();
        if (present.isPresent() && isStoreOf(source, settings, present.get())) {
          return new ImageStore(present.get(), StorePart.of(files, present.get()));
        }
        Manifest built = build(source, files, settings, progress, segmentBytes);
        return new ImageStore(built, StorePart.of(files, built));
      } catch (OverlappingFileLockException e) {
        throw new IOException("another thread is at it", e);
      }
    } catch (IOException e) {
      throw files.failed("open", e);
    }
  }

  /**
   * The store that lies in {@code folder}, as somebody else has opened it before.
   *
   * @throws DataException if there is none
   * @throws UncheckedIOException if it cannot be read
   */
  public static ImageStore existing(Path folder) {
    StoreFiles files = new StoreFiles(folder);
    try {
      Optional<Manifest> present = files.present();
      if (present.isEmpty()) {
        throw new DataException("no store of images: folder=%s".formatted(folder));
      }
      return new ImageStore(present.get(), StorePart.of(files, present.get()));
    } catch (IOException e) {
      throw files.failed("open", e);
    }
  }

  private static boolean isStoreOf(ImageSource source, DataSettings settings, Manifest manifest) {
    int all = manifest.images() + manifest.badImages();
    return manifest.format() == Manifest.FORMAT
        && manifest.fingerprint().equals(source.fingerprint())
        && manifest.maxPixels() == settings.maxPixels()
        && manifest.badImages() <= settings.maxBadFraction() * all;
  }

  private static Manifest build(
      ImageSource source,
      StoreFiles files,
      DataSettings settings,
      StoreProgress progress,
      int segmentBytes)
      throws IOException {
    files.discard();
    boolean built = false;
    try {
      Manifest manifest = StoreBuilder.build(source, files, settings, progress, segmentBytes);
      built = true;
      if (manifest.badImages() > 0) {
        LOG.warn(
            "bad images left out: source={} bad={} of={} reasons={}; names in {}",
            source.path(),
            manifest.badImages(),
            manifest.images() + manifest.badImages(),
            manifest.bad(),
            files.badImages());
      }
      if (!manifest.ignored().isEmpty()) {
        LOG.warn("files passed over: source={} kinds={}", source.path(), manifest.ignored());
      }
      return manifest;
    } finally {
      if (!built) {
        // what is left would only keep a full disk full
        files.discardImages();
      }
    }
  }

  /** What is known of the store as a whole. */
  public Manifest manifest() {
    return manifest;
  }

  /** The number of images; ids are below it. */
  public int size() {
    return manifest.images();
  }

  /** Whether the image lies here: a store of some shards knows of all ids, and holds its own. */
  public boolean holds(int id) {
    return recordOf(id) < partOf(id).images();
  }

  /** The path of an image in its source. */
  public String name(int id) {
    StorePart part = partOf(id);
    byte[] name = new byte[part.field(recordOf(id), StoreFiles.NAME_LENGTH)];
    part.copyName(part.field(recordOf(id), StoreFiles.NAME_START), name);
    return new String(name, StandardCharsets.UTF_8);
  }

  /** The index of an image's class in the manifest, or -1 if it lies in no folder. */
  public int label(int id) {
    return partOf(id).field(recordOf(id), StoreFiles.LABEL);
  }

  /** A way to the encoded bytes, for one thread. */
  public Reader reader() {
    return new Reader();
  }

  /** Reads encoded images without making objects; confined to one thread. */
  public final class Reader {
    private final ByteBuffer[][] windows = new ByteBuffer[parts.length][];

    private Reader() {
      for (int i = 0; i < windows.length; i++) {
        windows[i] = parts[i].windows();
      }
    }

    /**
     * An image's encoded bytes, from the position to the limit of a read-only direct buffer that
     * the next call may use again.
     */
    public ByteBuffer read(int id) {
      StorePart part = partOf(id);
      int record = recordOf(id);
      int offset = part.field(record, StoreFiles.OFFSET);
      return windows[id % parts.length][part.field(record, StoreFiles.SEGMENT)]
          .limit(offset + part.field(record, StoreFiles.LENGTH))
          .position(offset);
    }
  }

  private StorePart partOf(int id) {
    return parts[id % parts.length];
  }

  private int recordOf(int id) {
    return id / parts.length;
  }
}
