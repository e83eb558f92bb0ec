package org.byol4j.paramserver.dl4j;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.concurrent.atomic.AtomicInteger;

/** What an attacker looks for on a class path: a class that does something when it is read. */
final class Gadget implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final AtomicInteger RUNS = new AtomicInteger();

  /** How often one was read so far. */
  static int runs() {
    return RUNS.get();
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    RUNS.incrementAndGet();
    in.defaultReadObject();
  }
}
