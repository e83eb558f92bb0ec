package org.byol4j.train;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.byol4j.nn.View;

/** One replica's rows of a step's random images, which are the same on any number of replicas. */
final class RandomViews implements MicroBatches {
  private final int imageLength;
  private final int[] rows;
  private final int rowsPerPart;
  private final float[][] views;
  private int part = -1;

  private RandomViews(int imageLength, int[] rows, int rowsPerPart, float[][] views) {
    this.imageLength = imageLength;
    this.rows = rows;
    this.rowsPerPart = rowsPerPart;
    this.views = views;
  }

  /** The given rows of a step's batch, in the given order, as one micro-batch. */
  static RandomViews of(Setup setup, long step, int[] rows) {
    return inParts(setup, step, rows, 1);
  }

  /** The same rows in each of several micro-batches. */
  static RandomViews repeated(Setup setup, long step, int[] rows, int parts) {
    int[] all = new int[rows.length * parts];
    Arrays.setAll(all, i -> rows[i % rows.length]);
    return inParts(setup, step, all, parts);
  }

  private static RandomViews inParts(Setup setup, long step, int[] rows, int parts) {
    int imageLength = setup.imageSize() * setup.imageSize() * 3;
    float[][] views = new float[2][Setup.BATCH * imageLength];
    for (int image = 0; image < Setup.BATCH; image++) {
      Random random = new Random(1000 * step + image);
      double[] wave = random.doubles(9, -1.5, 1.5).toArray();
      for (float[] view : views) {
        draw(wave, random, setup.imageSize(), view, image * imageLength);
      }
    }
    return new RandomViews(imageLength, rows, rows.length / parts, views);
  }

  /** Draws a colour wave under noise: noise alone would make all images alike to a network. */
  private static void draw(double[] wave, Random random, int size, float[] view, int offset) {
    for (int i = 0; i < size * size * 3; i++) {
      int channel = i % 3;
      int column = i / 3 % size;
      int row = i / (3 * size);
      double phase = 4.0 * (wave[3 + channel] * column + wave[6 + channel] * row) / size;
      view[offset + i] = (float) (wave[channel] + Math.sin(phase) + 0.3 * random.nextGaussian());
    }
  }

  /** The rows of a replica: shares of the batch that differ by at most one. */
  static int[] rowsOf(int rank, int size) {
    return IntStream.range(rank * Setup.BATCH / size, (rank + 1) * Setup.BATCH / size).toArray();
  }

  @Override
  public void next() {
    part++;
  }

  @Override
  public View view1() {
    return View.of(pixels(0));
  }

  @Override
  public View view2() {
    return View.of(pixels(1));
  }

  /** The values of a view, 0 or 1, of the micro-batch that is at hand. */
  FloatBuffer pixels(int view) {
    FloatBuffer chosen = FloatBuffer.allocate(rowsPerPart * imageLength);
    for (int i = 0; i < rowsPerPart; i++) {
      chosen.put(views[view], rows[part * rowsPerPart + i] * imageLength, imageLength);
    }
    return chosen.flip();
  }
}
