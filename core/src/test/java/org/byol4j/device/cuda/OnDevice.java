package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import org.byol4j.collective.Vector;
import org.byol4j.device.HostWindow;

/** A tensor as the parameter server hands it to a collective. */
record OnDevice(HostWindow window) implements Vector {

  @Override
  public Object holder() {
    return window;
  }

  @Override
  public long length() {
    return window.length();
  }

  @Override
  public int elementBytes() {
    return window.elementBytes();
  }

  @Override
  public ByteBuffer read(long from, int count) {
    return window.read(from, count);
  }

  @Override
  public Vector reader(int number) {
    return new OnDevice(window.reader(number));
  }

  @Override
  public ByteBuffer write(long from, int count) {
    return window.write(from, count);
  }

  @Override
  public void written(long from, int count) {
    window.written(from, count);
  }
}
