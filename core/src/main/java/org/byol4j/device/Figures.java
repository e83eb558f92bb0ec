package org.byol4j.device;

/** Numbers in double that an operation leaves on its device each time it runs. */
public interface Figures {

  /** How many. */
  int length();

  /** Copies them to {@code to[at]} and on; waits for the device, where it runs by itself. */
  void read(double[] to, int at);

  /** What two arrays of the host hold when it is read, one behind the other. */
  static Figures of(double[] first, double[] second) {
    return new Figures() {
      @Override
      public int length() {
        return first.length + second.length;
      }

      @Override
      public void read(double[] to, int at) {
        System.arraycopy(first, 0, to, at, first.length);
        System.arraycopy(second, 0, to, at + first.length, second.length);
      }
    };
  }
}
