package org.byol4j.device;

import java.util.List;

/** Sums of products by {@link Device#dot}, one after the other. */
final class OneByOneDots implements Measure {
  private final Device device;
  private final Factors[] factors;
  private final double[] sums;

  OneByOneDots(Device device, List<Factors> factors) {
    this.device = device;
    this.factors = factors.toArray(Factors[]::new);
    this.sums = new double[this.factors.length];
  }

  @Override
  public void run() {
    for (int i = 0; i < factors.length; i++) {
      sums[i] = device.dot(factors[i].a(), factors[i].b());
    }
  }

  @Override
  public int length() {
    return sums.length;
  }

  @Override
  public void read(double[] to, int at) {
    System.arraycopy(sums, 0, to, at, sums.length);
  }
}
