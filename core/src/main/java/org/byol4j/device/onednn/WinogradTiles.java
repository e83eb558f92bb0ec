package org.byol4j.device.onednn;

import static org.byol4j.device.onednn.Winograd.POINTS;
import static org.byol4j.device.onednn.Winograd.SIZE;
import static org.byol4j.device.onednn.Winograd.STEP;

import java.util.Arrays;
import org.byol4j.device.Shape;
import org.byol4j.device.Window;

/**
 * The ways between the images of a convolution, cut into tiles of 4x4 outputs, and Winograd's
 * points, {@code [36, tile, channel]} with tiles in the order of images, rows and columns.
 *
 * <p>A way is a loop over a range of images. Its pieces are rows of tiles; where these overlap in
 * the result, the even ones come first. A piece goes patch by patch: a few tiles of all channels,
 * or one tile of some.
 */
final class WinogradTiles {

  private final Tiles scratch;
  private final Scratch staging;
  private final Shape input;
  private final Shape output;
  private final int down;
  private final int across;

  /** What a tile covers of the inputs and of the outputs. */
  private final Area window;

  private final Area outputs;

  /** The loop that is running: a device runs one at a time. */
  private NativeTensor images;

  private Shape shape;
  private NativeMemory points;
  private long firstPoint;
  private int firstImage;
  private int tiles;

  private final Workers.Task inputRow = ofRows(this::input);
  private final Workers.Task outputRow = ofRows(this::output);
  private final Workers.Task outputGradientRow = ofRows(this::outputGradient);
  private final Workers.Task inputGradientRow = ofRows(this::inputGradient);
  private final Workers.Task evenInputGradientRow = this::evenInputGradientRow;
  private final Workers.Task oddInputGradientRow = this::oddInputGradientRow;

  /** Takes one patch its way. */
  @FunctionalInterface
  private interface Way {
    /**
     * Takes {@code count} tiles, from {@code column} of a row of tiles, and {@code width} channels.
     */
    void take(int worker, int row, int column, int count, int channel, int width);
  }

  WinogradTiles(Engine engine, Shape input, Shape output, Window window) {
    scratch = engine.tiles();
    staging = engine.staging();
    this.input = input;
    this.output = output;
    down = along(output.height());
    across = along(output.width());
    this.window =
        new Area(Winograd.INPUTS, window.vertical().before(), window.horizontal().before());
    outputs = new Area(Winograd.OUTPUTS, 0, 0);
  }

  /** How many tiles cover an image of outputs. */
  static int perImage(Shape output) {
    return along(output.height()) * along(output.width());
  }

  private static int along(int outputs) {
    return (outputs + STEP - 1) / STEP;
  }

  /**
   * Takes the inputs {@code x} to points.
   *
   * @param at where the points begin in the staging area, in elements
   * @param first the first of the images
   * @param count how many images
   */
  void input(NativeTensor x, long at, int first, int count) {
    run(inputRow, x, input, at, first, count, count * down);
  }

  /** Takes points to the outputs {@code y}. */
  void output(NativeTensor y, long at, int first, int count) {
    run(outputRow, y, output, at, first, count, count * down);
    y.memory().changed();
  }

  /** Takes gradients {@code dy} of outputs to points. */
  void outputGradient(NativeTensor dy, long at, int first, int count) {
    run(outputGradientRow, dy, output, at, first, count, count * down);
  }

  /** Takes points to gradients {@code dx} of inputs. */
  void inputGradient(NativeTensor dx, long at, int first, int count) {
    // rows of tiles overlap their neighbours in the result, but not the next but one
    run(evenInputGradientRow, dx, input, at, first, count, count * ((down + 1) / 2));
    run(oddInputGradientRow, dx, input, at, first, count, count * (down / 2));
    dx.memory().changed();
  }

  private void run(
      Workers.Task task, NativeTensor tensor, Shape of, long at, int first, int count, int pieces) {
    tensor.memory().requireOpen();
    images = tensor;
    shape = of;
    points = staging.area();
    firstPoint = at;
    firstImage = first;
    tiles = count * down * across;
    scratch.run(task, pieces, (long) tiles * POINTS * of.channels());
  }

  private Workers.Task ofRows(Way way) {
    return (row, worker) -> {
      int channels = shape.channels();
      int step = Math.max(1, Tiles.PATCH / channels);
      for (int c = 0; c < channels; c += Tiles.PATCH) {
        int width = Math.min(Tiles.PATCH, channels - c);
        for (int column = 0; column < across; column += step) {
          way.take(worker, row, column, Math.min(step, across - column), c, width);
        }
      }
    };
  }

  private void input(int worker, int row, int column, int count, int channel, int width) {
    float[][] patch = scratch.patch(worker);
    for (int tile = 0; tile < count; tile++) {
      load(window, patch, row, column + tile, channel, width, tile * width);
    }
    Winograd.input(patch, count * width);
    storePoints(patch, row * across + column, channel, count * width);
  }

  private void output(int worker, int row, int column, int count, int channel, int width) {
    float[][] patch = scratch.patch(worker);
    loadPoints(patch, row * across + column, channel, count * width);
    Winograd.output(patch, count * width);
    for (int tile = 0; tile < count; tile++) {
      storeOutputs(patch, row, column + tile, channel, width, tile * width);
    }
  }

  private void outputGradient(int worker, int row, int column, int count, int channel, int width) {
    float[][] patch = scratch.patch(worker);
    for (int tile = 0; tile < count; tile++) {
      load(outputs, patch, row, column + tile, channel, width, tile * width);
    }
    Winograd.outputGradient(patch, count * width);
    storePoints(patch, row * across + column, channel, count * width);
  }

  private void inputGradient(int worker, int row, int column, int count, int channel, int width) {
    float[][] patch = scratch.patch(worker);
    float[] sum = scratch.array(worker, 0);
    loadPoints(patch, row * across + column, channel, count * width);
    Winograd.inputGradient(patch, count * width);
    for (int tile = 0; tile < count; tile++) {
      addWindow(patch, sum, row, column + tile, channel, width, tile * width);
    }
  }

  private void evenInputGradientRow(int piece, int worker) {
    int rows = (down + 1) / 2;
    inputGradientRow.run(piece / rows * down + piece % rows * 2, worker);
  }

  private void oddInputGradientRow(int piece, int worker) {
    int rows = down / 2;
    inputGradientRow.run(piece / rows * down + piece % rows * 2 + 1, worker);
  }

  /** Loads what a tile covers, to {@code at} of the arrays; beyond the image it is zero. */
  private void load(
      Area area, float[][] patch, int row, int column, int channel, int width, int at) {
    int[] places = area.places;
    int y0 = row % down * STEP - area.top;
    int x0 = column * STEP - area.left;
    for (int r = 0; r < places.length; r++) {
      for (int s = 0; s < places.length; s++) {
        float[] array = patch[places[r] * SIZE + places[s]];
        if (isInside(y0 + r, x0 + s)) {
          images.get(pixel(row, y0 + r, x0 + s) + channel, array, at, width);
        } else {
          Arrays.fill(array, at, at + width, 0f);
        }
      }
    }
  }

  /** Adds the 6x6 gradients of a tile to what the tiles before it have left. */
  private void addWindow(
      float[][] patch, float[] sum, int row, int column, int channel, int width, int at) {
    int y0 = row % down * STEP - window.top;
    int x0 = column * STEP - window.left;
    for (int r = 0; r < SIZE; r++) {
      boolean wasWritten = wasWritten(row % down, r);
      for (int s = 0; s < SIZE; s++) {
        if (isInside(y0 + r, x0 + s)) {
          long pixel = pixel(row, y0 + r, x0 + s) + channel;
          float[] array = patch[r * SIZE + s];
          if (wasWritten || (s < SIZE - STEP && column > 0)) {
            images.get(pixel, sum, width);
            add(array, at, sum, width);
          }
          images.put(pixel, array, at, width);
        }
      }
    }
  }

  /** Whether the even rows of tiles have left something in line {@code r} of a tile. */
  private boolean wasWritten(int row, int r) {
    return row % 2 == 1 && (r < SIZE - STEP || (r >= STEP && row + 1 < down));
  }

  private static void add(float[] to, int at, float[] from, int count) {
    for (int i = 0; i < count; i++) {
      to[at + i] = to[at + i] + from[i];
    }
  }

  private void storeOutputs(float[][] patch, int row, int column, int channel, int width, int at) {
    int y0 = row % down * STEP;
    int x0 = column * STEP;
    for (int r = 0; r < STEP; r++) {
      for (int s = 0; s < STEP; s++) {
        if (isInside(y0 + r, x0 + s)) {
          long pixel = pixel(row, y0 + r, x0 + s) + channel;
          images.put(pixel, patch[Winograd.output(r, s)], at, width);
        }
      }
    }
  }

  private boolean isInside(int y, int x) {
    return y >= 0 && y < shape.height() && x >= 0 && x < shape.width();
  }

  /** Index of channel 0 of pixel {@code (y, x)} in the image of a row of tiles. */
  private long pixel(int row, int y, int x) {
    long image = (long) firstImage + row / down;
    return ((image * shape.height() + y) * shape.width() + x) * shape.channels();
  }

  private void loadPoints(float[][] patch, int tile, int channel, int count) {
    int channels = shape.channels();
    for (int point = 0; point < POINTS; point++) {
      long from = firstPoint + ((long) point * tiles + tile) * channels + channel;
      points.get(from, patch[point], count);
    }
  }

  private void storePoints(float[][] patch, int tile, int channel, int count) {
    int channels = shape.channels();
    for (int point = 0; point < POINTS; point++) {
      long to = firstPoint + ((long) point * tiles + tile) * channels + channel;
      points.put(to, patch[point], count);
    }
  }

  /** The pixels that a tile covers. */
  private static final class Area {
    private final int[] places;
    private final int top;
    private final int left;

    /**
     * @param places where the pixels are among six, along an axis
     * @param top how far the first tile reaches above the image
     * @param left how far it reaches to its left
     */
    Area(int[] places, int top, int left) {
      this.places = places;
      this.top = top;
      this.left = left;
    }
  }
}
