package org.byol4j.device.cuda;

import java.util.function.LongFunction;

/** Memory for trials straight from a GPU, for tests of what tries without a device. */
final class TrialMemory {
  private TrialMemory() {}

  static TrialGround.Lender of(Gpu gpu) {
    return new TrialGround.Lender() {
      @Override
      public <T> T lend(long bytes, LongFunction<T> work) {
        long address = gpu.allocate(bytes);
        try {
          return work.apply(address);
        } finally {
          gpu.free(address);
        }
      }
    };
  }
}
