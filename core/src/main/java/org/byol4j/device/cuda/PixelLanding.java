package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.augment.PackedViews;
import org.bytedeco.javacpp.BytePointer;

/** Where the pixels of a micro-batch land on the GPU, page by page, with the table of its views. */
final class PixelLanding {

  private final Engine engine;
  private final Gpu.Upload upload;
  private final BytePointer hostTable;
  private final ByteBuffer entries;
  private final GpuMemory table;
  private final List<GpuMemory> pages = new ArrayList<>();

  /**
   * @param views how many there are
   */
  PixelLanding(Engine engine, int views) {
    this.engine = engine;
    upload = engine.gpu().upload();
    hostTable = engine.pinned((long) views * ViewTable.BYTES);
    entries = hostTable.asByteBuffer().order(ByteOrder.nativeOrder());
    table = engine.allocate(Element.FP32, hostTable.capacity());
    upload.used();
  }

  /** Starts to bring pixels and table up; what was here before was awaited and used. */
  void upload(PackedViews images) {
    for (int number = 0; number < images.pages(); number++) {
      ByteBuffer page = images.page(number);
      GpuMemory memory = memoryOf(number, page.capacity());
      try (BytePointer from = new BytePointer(page)) {
        upload.copy(from.address(), memory.address(), page.limit());
      }
    }
    int index = 0;
    for (int view = 0; view < PackedViews.VIEWS; view++) {
      for (int row = 0; row < images.rows(); row++) {
        PackedViews.Piece piece = images.piece(view, row);
        long pixels = pages.get(piece.page()).address() + piece.offset();
        ViewTable.put(entries, index++, piece, pixels);
      }
    }
    upload.copy(hostTable.address(), table.address(), hostTable.capacity());
  }

  /** Room for a page; it grows to the largest page of that number. */
  private GpuMemory memoryOf(int number, long bytes) {
    if (number < pages.size() && pages.get(number).bytes() >= bytes) {
      return pages.get(number);
    }
    GpuMemory made = engine.allocate(Element.FP32, bytes);
    // the GPU may still be clearing it
    upload.used();
    if (number == pages.size()) {
      pages.add(made);
    } else {
      engine.free(pages.set(number, made));
    }
    return made;
  }

  /** Returns when the memory of the host may change. */
  void await() {
    upload.await();
  }

  /** Whatever is started from now on sees the pixels, and the table where it is to be. */
  void use(GpuMemory to) {
    upload.use();
    engine.gpu().copy(table.address(), to.address(), table.bytes());
  }

  /** The pixels are not needed by what is started from now on. */
  void used() {
    upload.used();
  }

  void close() {
    upload.await();
    engine.free(table);
    pages.forEach(engine::free);
  }
}
