package org.byol4j.device.cuda;

/** What an element of a tensor is on the GPU. */
enum Element {
  FP32(4),
  BF16(2);

  private final int bytes;

  Element(int bytes) {
    this.bytes = bytes;
  }

  int bytes() {
    return bytes;
  }
}
