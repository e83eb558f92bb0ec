package org.byol4j.device.nd4j;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.byol4j.device.HostWindow;

/** A tensor's elements on the host, where the backend keeps them or brings them. */
final class Nd4jWindow implements HostWindow {

  private final Engine engine;
  private final Nd4jTensor tensor;

  Nd4jWindow(Engine engine, Nd4jTensor tensor) {
    this.engine = engine;
    this.tensor = tensor;
  }

  @Override
  public long length() {
    return tensor.elements();
  }

  @Override
  public int elementBytes() {
    return Float.BYTES;
  }

  @Override
  public ByteBuffer read(long from, int count) {
    Objects.checkFromIndexSize(from, (long) count, length());
    return tensor.memory().onHost(tensor.offset() + from, count);
  }

  @Override
  public ByteBuffer write(long from, int count) {
    return read(from, count);
  }

  @Override
  public void written(long from, int count) {
    engine.forgetGradient();
    tensor.memory().changedOnHost();
  }
}
