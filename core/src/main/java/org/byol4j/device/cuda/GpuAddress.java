package org.byol4j.device.cuda;

import org.bytedeco.javacpp.Pointer;

/** An address of the GPU's memory for functions that take it as a pointer; nothing is owned. */
final class GpuAddress extends Pointer {

  /** Points to {@code at} from now on; returns itself. */
  GpuAddress to(long at) {
    address = at;
    return this;
  }
}
