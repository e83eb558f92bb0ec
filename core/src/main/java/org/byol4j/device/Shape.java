package org.byol4j.device;

/**
 * The extent of a tensor, {@code [batch, height, width, channels]}, channels last.
 *
 * <p>A matrix of {@code n} rows is {@code [n, 1, 1, channels]}, a vector {@code [1, 1, 1,
 * channels]}.
 */
public record Shape(int batch, int height, int width, int channels) {

  public Shape {
    if (batch < 1 || height < 1 || width < 1 || channels < 1) {
      throw new IllegalArgumentException(
          "shape with an empty axis: batch=%d height=%d width=%d channels=%d"
              .formatted(batch, height, width, channels));
    }
  }

  public static Shape vector(int length) {
    return new Shape(1, 1, 1, length);
  }

  public static Shape matrix(int rows, int channels) {
    return new Shape(rows, 1, 1, channels);
  }

  /** The number of positions that share one channel's statistics: batch x height x width. */
  public long rows() {
    return (long) batch * height * width;
  }

  public long elements() {
    return rows() * channels;
  }

  @Override
  public String toString() {
    return "[%d, %d, %d, %d]".formatted(batch, height, width, channels);
  }
}
