package org.byol4j.device.cuda;

/**
 * A convolution of single pixels as cuBLAS is asked for it, D = A B, in matrices that lie column by
 * column. Images {@code [pixels, inputs]} that lie row by row are such a matrix of {@code inputs}
 * rows and {@code pixels} columns; likewise filters {@code [outputs, inputs]} and results.
 *
 * @param rows of D
 * @param columns of D
 * @param inner what is summed over
 * @param transposed whether the first factor is A as it lies or its transpose
 * @param secondTransposed the same of B
 */
record MatrixProduct(
    long rows,
    long columns,
    long inner,
    Role first,
    boolean transposed,
    Role second,
    boolean secondTransposed,
    Role result) {

  /** Which of a convolution's tensors a matrix is. */
  enum Role {
    IMAGES,
    FILTERS,
    RESULTS
  }

  /** Whether a convolution is just one: each pixel of the images makes one of the results. */
  static boolean is(ConvolutionProblem problem) {
    return problem.direction() != ConvolutionProblem.Direction.MASKED_DATA
        && problem.kernel() == 1
        && problem.stride() == 1
        && problem.height() == problem.outHeight()
        && problem.width() == problem.outWidth();
  }

  /**
   * The product of a problem.
   *
   * @throws IllegalArgumentException if it is none
   */
  static MatrixProduct of(ConvolutionProblem problem) {
    if (!is(problem)) {
      throw new IllegalArgumentException(
          "convolution=%s is no matrix product".formatted(problem.key()));
    }
    long pixels = (long) problem.batch() * problem.height() * problem.width();
    long in = problem.inputs();
    long out = problem.outputs();
    return switch (problem.direction()) {
      case FORWARD ->
          new MatrixProduct(out, pixels, in, Role.FILTERS, true, Role.IMAGES, false, Role.RESULTS);
      case DATA ->
          new MatrixProduct(in, pixels, out, Role.FILTERS, false, Role.RESULTS, false, Role.IMAGES);
      case WEIGHTS ->
          new MatrixProduct(in, out, pixels, Role.IMAGES, false, Role.RESULTS, true, Role.FILTERS);
      case MASKED_DATA -> throw new IllegalArgumentException("more than a product");
    };
  }

  /** The rows of A as it lies, which are also the distance between its columns. */
  long firstRows() {
    return transposed ? inner : rows;
  }

  /** The columns of A as it lies. */
  long firstColumns() {
    return transposed ? rows : inner;
  }

  /** The rows of B as it lies, which are also the distance between its columns. */
  long secondRows() {
    return secondTransposed ? columns : inner;
  }

  /** The columns of B as it lies. */
  long secondColumns() {
    return secondTransposed ? inner : columns;
  }
}
