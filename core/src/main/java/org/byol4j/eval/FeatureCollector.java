package org.byol4j.eval;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.data.DataSettings;
import org.byol4j.data.EvaluationBatch;
import org.byol4j.data.EvaluationImages;
import org.byol4j.data.ImageStore;

/** Makes the features of a known number of images, batch by batch. */
public final class FeatureCollector {
  private final FeatureExtractor extractor;
  private final FloatBuffer batch;
  private final float[] values;
  private final int[] labels;
  private int rows;

  /**
   * Makes room for features.
   *
   * @param batchRows the number of rows of every batch
   * @param totalRows the number of images that will come
   * @throws EvaluationException if there are more features than an array can hold
   */
  public FeatureCollector(FeatureExtractor extractor, int batchRows, int totalRows) {
    long length = (long) totalRows * extractor.width();
    if (length > Integer.MAX_VALUE - 8) {
      throw new EvaluationException(
          "images=%d width=%d make %d features, expected at most %d; take fewer images"
              .formatted(totalRows, extractor.width(), length, Integer.MAX_VALUE - 8));
    }
    this.extractor = extractor;
    this.batch =
        ByteBuffer.allocateDirect(Math.multiplyExact(batchRows * Float.BYTES, extractor.width()))
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    this.values = new float[(int) length];
    this.labels = new int[totalRows];
  }

  /**
   * Makes the features of images of a store, in the order of {@code ids}; their crops are made by
   * {@code data.workers()} threads meanwhile.
   *
   * @param batchRows how many images the extractor takes at a time
   * @throws EvaluationException if there are no images, one has no class, or a feature is not
   *     finite
   * @throws org.byol4j.data.DataException if an image cannot be decoded
   */
  public static Features collect(
      FeatureExtractor extractor,
      ImageStore store,
      int[] ids,
      DataSettings data,
      AugmentSettings augment,
      int batchRows) {
    FeatureCollector collector = new FeatureCollector(extractor, batchRows, ids.length);
    try (EvaluationImages images = new EvaluationImages(store, data, augment, ids, batchRows)) {
      while (images.hasNext()) {
        EvaluationBatch batch = images.take();
        int[] batchLabels = IntStream.range(0, batch.count()).map(batch::label).toArray();
        collector.add(batch.images(), batchLabels);
        images.release(batch);
      }
    }
    return collector.take(store.manifest().classes());
  }

  /**
   * Adds a batch.
   *
   * @param images {@code [batchRows, size, size, 3]}, normalized
   * @param batchLabels the labels of those rows that count, the first ones
   */
  public void add(FloatBuffer images, int... batchLabels) {
    extractor.extract(images, batch.clear());
    batch.clear().get(values, rows * extractor.width(), batchLabels.length * extractor.width());
    System.arraycopy(batchLabels, 0, labels, rows, batchLabels.length);
    rows += batchLabels.length;
  }

  /**
   * Hands the features over, when all images have come.
   *
   * @param classes the names that labels are indices of
   */
  public Features take(List<String> classes) {
    if (rows != labels.length) {
      throw new IllegalStateException("rows=%d, expected %d".formatted(rows, labels.length));
    }
    return new Features(values, labels, classes);
  }
}
