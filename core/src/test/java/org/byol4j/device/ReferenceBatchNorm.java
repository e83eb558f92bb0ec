package org.byol4j.device;

/** Batch normalization straight from Ioffe and Szegedy 2015, algorithm 1 and section 3. */
final class ReferenceBatchNorm implements BatchNorm {
  private final Form form;
  private final ReferenceTensor x;
  private final ReferenceTensor scale;
  private final ReferenceTensor shift;
  private final double epsilon;
  private final ReferenceTensor residual;
  private final ReferenceTensor y;
  private final int channels;
  private final long rows;
  private final double[] mean;
  private final double[] variance;

  /** {@code residual} is read by the form {@code ADD_RELU} only. */
  ReferenceBatchNorm(
      Form form,
      ReferenceTensor x,
      ReferenceTensor scale,
      ReferenceTensor shift,
      double epsilon,
      ReferenceTensor residual,
      ReferenceTensor y) {
    this.form = form;
    this.x = x;
    this.scale = scale;
    this.shift = shift;
    this.epsilon = epsilon;
    this.residual = residual;
    this.y = y;
    this.channels = x.shape().channels();
    this.rows = x.shape().rows();
    this.mean = new double[channels];
    this.variance = new double[channels];
    ReferenceDevice.requireLength("scale", channels, scale);
    ReferenceDevice.requireLength("shift", channels, shift);
    ReferenceDevice.requireLength("residual", x.length(), residual);
    ReferenceDevice.requireLength("y", x.length(), y);
  }

  @Override
  public void forwardLocal() {
    double[] moments = new double[2 * channels];
    moments(moments);
    double[] localMean = new double[channels];
    double[] localVariance = new double[channels];
    for (int c = 0; c < channels; c++) {
      localMean[c] = moments[c];
      localVariance[c] = moments[channels + c] / rows;
    }
    normalize(localMean, localVariance);
  }

  @Override
  public void moments(double[] moments) {
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      for (int row = 0; row < rows; row++) {
        sum += at(x, row, c);
      }
      double localMean = sum / rows;
      double squares = 0;
      for (int row = 0; row < rows; row++) {
        double difference = at(x, row, c) - localMean;
        squares += difference * difference;
      }
      moments[c] = localMean;
      moments[channels + c] = squares;
    }
  }

  @Override
  public void normalize(double[] newMean, double[] newVariance) {
    System.arraycopy(newMean, 0, mean, 0, channels);
    System.arraycopy(newVariance, 0, variance, 0, channels);
    double[] out = y.array();
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < channels; c++) {
        double z = at(scale, 0, c) * normalized(row, c) + at(shift, 0, c);
        if (form == Form.ADD_RELU) {
          z += at(residual, row, c);
        }
        out[y.offset() + row * channels + c] = form == Form.PLAIN ? z : Math.max(0, z);
      }
    }
  }

  @Override
  public Figures statistics() {
    return Figures.of(mean, variance);
  }

  @Override
  public Backward backward(Tensor dy, Tensor dx, Tensor scaleGradient, Tensor shiftGradient) {
    ReferenceTensor from = ReferenceDevice.requireLength("dy", x.length(), dy);
    ReferenceTensor to = ReferenceDevice.requireLength("dx", x.length(), dx);
    ReferenceTensor dScale =
        ReferenceDevice.requireLength("scaleGradient", channels, scaleGradient);
    ReferenceTensor dShift =
        ReferenceDevice.requireLength("shiftGradient", channels, shiftGradient);
    return new Backward() {
      private final double[] local = new double[2 * channels];

      @Override
      public void local() {
        sums(local);
        apply(local, rows);
      }

      @Override
      public void sums(double[] sums) {
        for (int c = 0; c < channels; c++) {
          double sum = 0;
          double product = 0;
          for (int row = 0; row < rows; row++) {
            double dz = masked(from, row, c);
            sum += dz;
            product += dz * normalized(row, c);
          }
          sums[c] = sum;
          sums[channels + c] = product;
          dShift.array()[dShift.offset() + c] += sum;
          dScale.array()[dScale.offset() + c] += product;
        }
      }

      @Override
      public void apply(double[] sums, long allRows) {
        double[] out = to.array();
        for (int row = 0; row < rows; row++) {
          for (int c = 0; c < channels; c++) {
            double centred =
                masked(from, row, c)
                    - sums[c] / allRows
                    - normalized(row, c) * sums[channels + c] / allRows;
            out[to.offset() + row * channels + c] =
                at(scale, 0, c) / Math.sqrt(variance[c] + epsilon) * centred;
          }
        }
      }
    };
  }

  private double normalized(int row, int c) {
    return (at(x, row, c) - mean[c]) / Math.sqrt(variance[c] + epsilon);
  }

  /** The gradient behind the ReLU, if the form has one that is its own to undo. */
  private double masked(ReferenceTensor dy, int row, int c) {
    boolean passes =
        form != Form.RELU || at(scale, 0, c) * normalized(row, c) + at(shift, 0, c) > 0;
    return passes ? at(dy, row, c) : 0;
  }

  private double at(ReferenceTensor tensor, int row, int c) {
    return tensor.array()[tensor.offset() + row * channels + c];
  }
}
