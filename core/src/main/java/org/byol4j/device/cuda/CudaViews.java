package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.PackedViews;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.ViewKernels;

/**
 * Views by the kernels of views.cu. Pixels land in one of two places by turns; the planes that the
 * kernels work on are those of a few views at a time, so that they stay in the GPU's cache.
 */
final class CudaViews implements ViewKernels {

  /** Height and width of what a block of view_resize makes; {@code TILE} of views.cu. */
  private static final int TILE = 32;

  /** About how many pixels are worked on at a time: enough to fill a large GPU. */
  private static final int PIXELS_AT_ONCE = 1 << 21;

  /** Pixels that are worth a thread. */
  private static final int PIXELS_OF_A_THREAD = 4;

  private static final int MOST_VIEWS_AT_ONCE = 32_768;
  private static final int CHANNELS = 3;

  private final Engine engine;
  private final AugmentSettings settings;
  private final int rows;
  private final int size;
  private final Tensor views;
  private final Tensor[] view = new Tensor[PackedViews.VIEWS];
  private final GpuMemory table;
  private final GpuMemory planes;
  private final GpuMemory blurred;
  private final GpuMemory sums;
  private final PixelLanding[] landings = new PixelLanding[2];
  private final List<Launch> launches = new ArrayList<>();
  private long uploaded;
  private long awaited;
  private long made;

  /**
   * @param activations what the views' elements are
   * @param rows how many images there are at a time
   */
  CudaViews(Engine engine, Element activations, AugmentSettings settings, int rows) {
    this.engine = engine;
    this.settings = settings;
    this.rows = rows;
    this.size = settings.size();
    int count = PackedViews.VIEWS * rows;
    Shape one = new Shape(rows, size, size, CHANNELS);
    CudaTensor all =
        CudaTensor.allocate(
            engine,
            DeviceMemory.Purpose.ACTIVATIONS,
            activations,
            new Shape(count, size, size, CHANNELS));
    this.views = all;
    for (int number = 0; number < PackedViews.VIEWS; number++) {
      view[number] = all.view(number * one.elements(), one);
    }
    long pixels = (long) size * size;
    int atOnce = (int) Math.max(1, Math.min(MOST_VIEWS_AT_ONCE, PIXELS_AT_ONCE / pixels));
    atOnce = Math.min(atOnce, count);
    int tiles = tiles() * tiles();
    long planeBytes = atOnce * pixels * CHANNELS * Float.BYTES;
    this.table = engine.allocate(Element.FP32, (long) count * ViewTable.BYTES);
    this.planes = engine.allocate(Element.FP32, planeBytes);
    this.blurred = engine.allocate(Element.FP32, planeBytes);
    this.sums = engine.allocate(Element.FP32, (long) atOnce * tiles * CHANNELS * Double.BYTES);
    for (int i = 0; i < landings.length; i++) {
      landings[i] = new PixelLanding(engine, count);
    }
    for (int first = 0; first < count; first += atOnce) {
      addLaunches(all, first, Math.min(atOnce, count - first));
    }
  }

  private int tiles() {
    return (size + TILE - 1) / TILE;
  }

  private void addLaunches(CudaTensor to, int first, int count) {
    Element element = to.element();
    boolean deepmind = settings.style() == Style.DEEPMIND;
    int tiles = tiles() * tiles();
    int radius = (int) (size / 10.0 / 2);
    int pixels = size * size;
    launches.add(
        engine
            .launch("views", element, "view_resize")
            .grid(tiles, count)
            .memory(table)
            .integer(first)
            .memory(planes)
            .memory(sums)
            .integer(size)
            .flag(deepmind));
    launches.add(
        engine
            .launch("views", element, "view_colour")
            .grid(parts(pixels), count)
            .memory(table)
            .integer(first)
            .memory(planes)
            .memory(sums)
            .integer(tiles)
            .integer(size)
            .flag(deepmind));
    launches.add(
        engine
            .launch("views", element, "view_blur")
            .grid(parts(pixels * CHANNELS), count)
            .memory(table)
            .integer(first)
            .memory(planes)
            .memory(blurred)
            .integer(size)
            .integer(radius)
            .flag(deepmind));
    Launch finish =
        engine
            .launch("views", element, "view_finish")
            .grid(parts(pixels), count)
            .memory(table)
            .integer(first)
            .memory(planes)
            .memory(blurred)
            .tensor(to)
            .integer(size)
            .integer(radius)
            .flag(deepmind);
    for (double std : settings.std()) {
      finish.real(1 / std);
    }
    for (int channel = 0; channel < CHANNELS; channel++) {
      finish.real(-settings.mean().get(channel) / settings.std().get(channel));
    }
    launches.add(finish);
  }

  private static int parts(int pixels) {
    int ofABlock = Launch.BLOCK * PIXELS_OF_A_THREAD;
    return (pixels + ofABlock - 1) / ofABlock;
  }

  @Override
  public ByteBuffer hostMemory(int bytes) {
    return engine.pinned(bytes).asByteBuffer();
  }

  @Override
  public void upload(PackedViews images) {
    if (images.rows() != rows) {
      throw new IllegalArgumentException(
          "views of rows=%d, expected %d".formatted(images.rows(), rows));
    }
    if (awaited < uploaded || uploaded - made == landings.length) {
      throw new IllegalStateException(
          "uploaded=%d awaited=%d made=%d: expected all awaited and all but one made"
              .formatted(uploaded, awaited, made));
    }
    landing(uploaded).upload(images);
    uploaded++;
  }

  @Override
  public void awaitUpload() {
    if (awaited < uploaded) {
      landing(awaited).await();
      awaited = uploaded;
    }
  }

  @Override
  public void make() {
    if (made == uploaded) {
      throw new IllegalStateException("made=%d of uploaded=%d".formatted(made, uploaded));
    }
    PixelLanding landing = landing(made);
    made++;
    landing.use(table);
    for (int i = 0; i < launches.size(); i++) {
      launches.get(i).run();
    }
    landing.used();
  }

  private PixelLanding landing(long microBatch) {
    return landings[(int) (microBatch % landings.length)];
  }

  @Override
  public Tensor view(int number) {
    return view[number];
  }

  @Override
  public void close() {
    engine.gpu().await();
    views.close();
    for (PixelLanding landing : landings) {
      landing.close();
    }
    engine.free(table);
    engine.free(planes);
    engine.free(blurred);
    engine.free(sums);
  }
}
