package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudart.cuDevicePrimaryCtxRelease;
import static org.bytedeco.cuda.global.cudart.cuDevicePrimaryCtxRetain;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUctx_st;

/**
 * The primary context of each GPU that this process has opened. Once cuDNN has been there it is
 * kept as long as the process: released with the last device it would be destroyed, and with it
 * what cuDNN holds for the whole process, such as loaded kernels, which a device that is opened
 * later would use again.
 */
final class PrimaryContexts {

  private static final Map<Integer, Retained> CONTEXTS = new HashMap<>();

  private PrimaryContexts() {}

  private static final class Retained {
    private final CUctx_st context = new CUctx_st();
    private int users;
    private boolean isKept;
  }

  /** The context of a GPU; {@link #keep} or {@link #giveBack} follows. */
  static synchronized CUctx_st of(int device) {
    Retained retained = CONTEXTS.get(device);
    if (retained == null) {
      retained = new Retained();
      NvidiaGpu.check(
          cuDevicePrimaryCtxRetain(retained.context, device), "cuDevicePrimaryCtxRetain");
      CONTEXTS.put(device, retained);
    }
    retained.users++;
    return retained.context;
  }

  /** It stays as long as the process. */
  static synchronized void keep(int device) {
    CONTEXTS.get(device).isKept = true;
  }

  /** Whoever asked for it could not use it; the last one to say so releases it. */
  static synchronized void giveBack(int device) {
    Retained retained = CONTEXTS.get(device);
    retained.users--;
    if (retained.users == 0 && !retained.isKept) {
      CONTEXTS.remove(device);
      NvidiaGpu.check(cuDevicePrimaryCtxRelease(device), "cuDevicePrimaryCtxRelease");
    }
  }
}
