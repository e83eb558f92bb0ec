package org.byol4j.device;

/**
 * The extent of a tensor, {@code [batch, height, width, channels]}, channels last.
 *
 * <p>A matrix of {@code n} rows is {@code [n, 1, 1, channels]}, a vector {@code [1, 1, 1,
 * channels]}.
 */
public record Shape(int batch, int height, int width, int channels) {

  /**
   * Takes an extent.
   *
   * @throws IllegalArgumentException if an axis is below 1
   */
  public Shape {
    if (batch < 1 || height < 1 || width < 1 || channels < 1) {
      throw new IllegalArgumentException(
          "shape with an empty axis: batch=%d height=%d width=%d channels=%d"
              .formatted(batch, height, width, channels));
    }
  }

  /**
   * The shape {@code [1, 1, 1, length]}.
   *
   * @throws IllegalArgumentException if {@code length} is below 1
   */
  public static Shape vector(int length) {
    return new Shape(1, 1, 1, length);
  }

  /**
   * The shape {@code [rows, 1, 1, channels]}.
   *
   * @throws IllegalArgumentException if {@code rows} or {@code channels} is below 1
   */
  public static Shape matrix(int rows, int channels) {
    return new Shape(rows, 1, 1, channels);
  }

  /** The number of positions that share one channel's statistics: batch x height x width. */
  public long rows() {
    return (long) batch * height * width;
  }

  /** The number of elements: batch x height x width x channels. */
  public long elements() {
    return rows() * channels;
  }

  @Override
  public String toString() {
    return "[%d, %d, %d, %d]".formatted(batch, height, width, channels);
  }
}
