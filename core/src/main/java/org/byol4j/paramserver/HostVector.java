package org.byol4j.paramserver;

import java.nio.ByteBuffer;
import org.byol4j.collective.Vector;
import org.byol4j.device.HostWindow;

/** A device's tensor as a collective sees it. */
public record HostVector(HostWindow window) implements Vector {

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
  public void beginRead(long from, int count) {
    window.beginRead(from, count);
  }

  @Override
  public ByteBuffer read(long from, int count) {
    return window.read(from, count);
  }

  @Override
  public Vector reader(int number) {
    HostWindow reader = window.reader(number);
    return reader == window ? this : new HostVector(reader);
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
