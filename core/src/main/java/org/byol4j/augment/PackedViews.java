package org.byol4j.augment;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.byol4j.image.Image;

/**
 * What two views of each of some images are made of, for whoever makes them elsewhere: the decoded
 * pixels that their crops see, and what was drawn for each view.
 *
 * <p>Of an image goes in the smallest box around both crops, or one box for each crop where those
 * are fewer bytes. Pixels lie in pages of memory that were given; there are as many as the images
 * needed so far. Several threads may put images in, each its own rows; whoever takes them out comes
 * after all of them.
 */
public final class PackedViews {
  /** How many views are made of an image. */
  public static final int VIEWS = 2;

  private static final int PAGE_BYTES = 16 << 20;
  private static final int CHANNELS = Image.CHANNELS;

  private final IntFunction<ByteBuffer> memory;
  private final int pageBytes;
  private final List<Page> pages = new ArrayList<>();
  private final Piece[][] pieces;

  /**
   * What one view is made of. The crop's position in {@code parameters} is that in the whole image.
   *
   * @param page the page with the crop's pixels
   * @param offset where the first of them is red, in bytes from the page's start
   * @param rowBytes from a row to the next
   * @param parameters what was drawn
   */
  public record Piece(int page, int offset, int rowBytes, ViewParameters parameters) {}

  /**
   * @param rows how many images
   * @param memory gives direct memory of at least so many bytes, to any thread; it is never given
   *     back
   */
  public PackedViews(int rows, IntFunction<ByteBuffer> memory) {
    this(rows, memory, PAGE_BYTES);
  }

  /**
   * @param pageBytes how large a page is, unless a box needs more
   */
  PackedViews(int rows, IntFunction<ByteBuffer> memory, int pageBytes) {
    this.memory = memory;
    this.pageBytes = pageBytes;
    this.pieces = new Piece[VIEWS][rows];
  }

  /** Makes room for other images; pages stay. */
  public synchronized void clear() {
    pages.forEach(page -> page.used = 0);
  }

  /**
   * Takes what two views of an image need.
   *
   * @param row whose views they are; put in once between two {@link #clear}s
   * @throws OutOfMemoryError if there is no memory for another page
   */
  public void put(int row, Image image, ViewParameters first, ViewParameters second) {
    CropBox one = first.crop();
    CropBox other = second.crop();
    CropBox both = one.around(other);
    if (both.pixels() <= one.pixels() + other.pixels()) {
      Piece box = take(image, both, first);
      pieces[0][row] = within(box, both, first);
      pieces[1][row] = within(box, both, second);
    } else {
      pieces[0][row] = take(image, one, first);
      pieces[1][row] = take(image, other, second);
    }
  }

  /** How many images there is room for. */
  public int rows() {
    return pieces[0].length;
  }

  /**
   * What a view is made of.
   *
   * @param view 0 for the first, 1 for the second
   */
  public Piece piece(int view, int row) {
    return pieces[view][row];
  }

  /** How many pages there are; one may hold nothing at present. */
  public synchronized int pages() {
    return pages.size();
  }

  /** A page's pixels, from 0 to the limit. */
  public synchronized ByteBuffer page(int number) {
    Page page = pages.get(number);
    return page.memory.duplicate().limit(page.used);
  }

  /** How many bytes the pixels take. */
  public synchronized long bytes() {
    return pages.stream().mapToLong(page -> page.used).sum();
  }

  private static Piece within(Piece box, CropBox of, ViewParameters parameters) {
    CropBox crop = parameters.crop();
    int first = (crop.top() - of.top()) * box.rowBytes() + (crop.left() - of.left()) * CHANNELS;
    return new Piece(box.page(), box.offset() + first, box.rowBytes(), parameters);
  }

  private Piece take(Image image, CropBox box, ViewParameters parameters) {
    int rowBytes = box.width() * CHANNELS;
    int bytes = rowBytes * box.height();
    int number;
    int offset;
    ByteBuffer to;
    synchronized (this) {
      number = pageWith(bytes);
      Page page = pages.get(number);
      offset = page.used;
      page.used += bytes;
      to = page.memory;
    }
    int imageRow = image.width() * CHANNELS;
    int from = box.top() * imageRow + box.left() * CHANNELS;
    if (rowBytes == imageRow) {
      to.put(offset, image.rgb(), from, bytes);
    } else {
      for (int y = 0; y < box.height(); y++) {
        to.put(offset + y * rowBytes, image.rgb(), from + y * imageRow, rowBytes);
      }
    }
    return new Piece(number, offset, rowBytes, parameters);
  }

  private int pageWith(int bytes) {
    for (int number = 0; number < pages.size(); number++) {
      Page page = pages.get(number);
      if (bytes <= page.memory.capacity() - page.used) {
        return number;
      }
    }
    pages.add(new Page(memory.apply(Math.max(pageBytes, bytes))));
    return pages.size() - 1;
  }

  private static final class Page {
    private final ByteBuffer memory;
    private int used;

    private Page(ByteBuffer memory) {
      this.memory = memory;
    }
  }
}
