package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import org.apache.hadoop.fs.FileSystem;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;
import org.byol4j.data.Verdict;

/**
 * The rows of those images of one part that are asked for, read by a thread of its own, a few ahead
 * of the consumer: a part may be an archive that no memory holds.
 */
final class PartRows implements Iterator<ShardRow>, AutoCloseable {
  private static final int AHEAD = 8;

  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(AHEAD);
  private final Thread reader;
  private Optional<Item> next = Optional.empty();

  /** What the reader hands over. */
  private sealed interface Item {
    /** An image. */
    record Image(ShardRow row) implements Item {}

    /** Stands behind the last image. */
    record End(Optional<Throwable> failure) implements Item {}
  }

  /**
   * Begins to read {@code images} of {@code part}.
   *
   * @param images in the order in which they came up when the part was checked
   */
  PartRows(SourcePart part, FileSystem files, Iterator<Numbered> images) {
    Wanted wanted = part instanceof SourcePart.Folder ? new ByPath(images) : new InOrder(images);
    this.reader = new Thread(() -> read(part, files, wanted), "part-of-source");
    reader.setDaemon(true);
    reader.start();
  }

  private void read(SourcePart part, FileSystem files, Wanted wanted) {
    Optional<Throwable> failure = Optional.empty();
    try {
      part.read(files, new Picker(wanted));
      if (wanted.left().isPresent()) {
        throw changed(wanted.left().get().image().path());
      }
    } catch (Throwable e) {
      failure = Optional.of(e);
    }
    try {
      queue.put(new Item.End(failure));
    } catch (InterruptedException e) {
      // nobody waits for the end any more
      Thread.currentThread().interrupt();
    }
  }

  private static DataException changed(String path) {
    return new DataException(
        "the source has changed since it was checked: image=%s; delete the folder %s of the output to have it checked again"
            .formatted(path, CheckedParts.FOLDER));
  }

  /** The images that are asked for and have not come up yet. */
  private interface Wanted {
    /** Takes out what comes up as {@code path} at {@code position} of the part, if it is wanted. */
    Optional<Numbered> take(String path, int position);

    /** One that has not come up; empty if all have. */
    Optional<Numbered> left();
  }

  /** For a folder: it has each path once, and lists them as it likes. */
  private static final class ByPath implements Wanted {
    private final Map<String, Numbered> images = new HashMap<>();

    ByPath(Iterator<Numbered> all) {
      all.forEachRemaining(image -> images.put(image.image().path(), image));
    }

    @Override
    public Optional<Numbered> take(String path, int position) {
      return Optional.ofNullable(images.remove(path));
    }

    @Override
    public Optional<Numbered> left() {
      return images.values().stream().findFirst();
    }
  }

  /** For a file: of several entries with one path only the last is wanted. */
  private static final class InOrder implements Wanted {
    private final Iterator<Numbered> images;
    private Optional<Numbered> first;

    InOrder(Iterator<Numbered> images) {
      this.images = images;
      this.first = advance();
    }

    private Optional<Numbered> advance() {
      return images.hasNext() ? Optional.of(images.next()) : Optional.empty();
    }

    @Override
    public Optional<Numbered> take(String path, int position) {
      if (first.isEmpty() || first.get().image().order() != position) {
        return Optional.empty();
      }
      if (!first.get().image().path().equals(path)) {
        throw changed(path);
      }
      Optional<Numbered> taken = first;
      first = advance();
      return taken;
    }

    @Override
    public Optional<Numbered> left() {
      return first;
    }
  }

  /** Puts what is wanted on the queue. */
  private final class Picker implements SourcePart.Visitor {
    private final Wanted wanted;
    private int position;

    Picker(Wanted wanted) {
      this.wanted = wanted;
    }

    @Override
    public void image(String path, String className, ImageSource.Encoded file) {
      Optional<Numbered> image = wanted.take(path, position);
      position++;
      if (image.isPresent()) {
        put(image.get(), file);
      }
    }

    private void put(Numbered image, ImageSource.Encoded file) {
      CheckedImage checked = image.image();
      try {
        byte[] bytes = file.read();
        if (!HexFormat.of().formatHex(Verdict.hashOf(bytes)).equals(checked.sha256())) {
          throw changed(checked.path());
        }
        queue.put(
            new Item.Image(new ShardRow(image.id(), checked.path(), checked.className(), bytes)));
      } catch (IOException e) {
        String message = "cannot read image: path=%s: %s".formatted(checked.path(), e);
        throw SourcePart.isUnreadable(e)
            ? new DataException(message, e)
            : new UncheckedIOException(message, e);
      } catch (InterruptedException e) {
        throw stopped();
      }
    }

    @Override
    public void bad(String path, String reason) {
      position++;
    }

    @Override
    public void ignored(String kind) {}
  }

  private static CancellationException stopped() {
    Thread.currentThread().interrupt();
    return new CancellationException("stopped while reading images");
  }

  private Item peek() {
    if (next.isEmpty()) {
      try {
        next = Optional.of(queue.take());
      } catch (InterruptedException e) {
        throw stopped();
      }
    }
    return next.get();
  }

  @Override
  public boolean hasNext() {
    if (!(peek() instanceof Item.End end)) {
      return true;
    }
    if (end.failure().isEmpty()) {
      return false;
    }
    if (end.failure().get() instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) end.failure().get();
  }

  @Override
  public ShardRow next() {
    if (!hasNext() || !(peek() instanceof Item.Image image)) {
      throw new NoSuchElementException("no row is left");
    }
    next = Optional.empty();
    return image.row();
  }

  /** Ends the thread. */
  @Override
  public void close() {
    reader.interrupt();
  }
}
