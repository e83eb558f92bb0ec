package org.byol4j.spark.ml;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.byol4j.data.DataException;
import org.byol4j.spark.embed.FeatureBatches;

/** Rows with their features as a further, last column. */
final class EmbeddedRows implements Iterator<Row> {
  private final FeatureBatches<Row> batches;
  private final ByolEmbedder.Invalid invalid;
  private final Vector noFeatures;
  private Optional<Row> next;

  /**
   * @param invalid what becomes of rows without an image
   * @param width the number of features
   */
  EmbeddedRows(FeatureBatches<Row> batches, ByolEmbedder.Invalid invalid, int width) {
    this.batches = batches;
    this.invalid = invalid;
    double[] unknown = new double[width];
    Arrays.fill(unknown, Double.NaN);
    this.noFeatures = Vectors.dense(unknown);
    this.next = advance();
  }

  private Optional<Row> advance() {
    while (batches.hasNext()) {
      FeatureBatches.Embedded<Row> row = batches.next();
      if (row.fault().isEmpty()) {
        return Optional.of(with(row.item(), vector(row.features())));
      }
      switch (invalid) {
        case ERROR ->
            throw new DataException(
                "an image cannot be decoded: %s; handleInvalid=error, allowed: error, skip, keep"
                    .formatted(row.fault()));
        case KEEP -> {
          return Optional.of(with(row.item(), noFeatures));
        }
        case SKIP -> {
          // the next one
        }
      }
    }
    return Optional.empty();
  }

  private static Vector vector(float[] features) {
    double[] values = new double[features.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = features[i];
    }
    return Vectors.dense(values);
  }

  private static Row with(Row row, Vector features) {
    Object[] values = new Object[row.size() + 1];
    for (int i = 0; i < row.size(); i++) {
      values[i] = row.get(i);
    }
    values[row.size()] = features;
    return RowFactory.create(values);
  }

  @Override
  public boolean hasNext() {
    return next.isPresent();
  }

  @Override
  public Row next() {
    Row row = next.orElseThrow(() -> new NoSuchElementException("no row is left"));
    next = advance();
    return row;
  }
}
