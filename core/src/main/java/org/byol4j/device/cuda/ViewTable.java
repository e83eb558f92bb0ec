package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import org.byol4j.augment.Jitter;
import org.byol4j.augment.PackedViews;
import org.byol4j.augment.ViewParameters;

/** What the kernels are told of each view: {@code struct View} of views.cu. */
final class ViewTable {

  /**
   * The size of an entry:
   *
   * <pre>
   *  0 pixels: address    8 row bytes   12 height       16 width   20 flags   24 order
   * 28 brightness        32 contrast    36 saturation   40 hue     44 sigma   48 threshold
   * </pre>
   */
  static final int BYTES = 56;

  private static final int FLIPPED = 1;
  private static final int JITTERED = 2;
  private static final int GRAY = 4;
  private static final int BLURRED = 8;
  private static final int SOLARIZED = 16;

  private ViewTable() {}

  /**
   * Writes an entry.
   *
   * @param to in native order
   * @param index which entry
   * @param pixels where the crop's first pixel lies on the GPU
   */
  static void put(ByteBuffer to, int index, PackedViews.Piece piece, long pixels) {
    ViewParameters view = piece.parameters();
    Jitter jitter = view.jitter();
    int at = index * BYTES;
    to.putLong(at, pixels);
    to.putInt(at + 8, piece.rowBytes());
    to.putInt(at + 12, view.crop().height());
    to.putInt(at + 16, view.crop().width());
    to.putInt(at + 20, flags(view));
    to.putInt(at + 24, order(jitter));
    to.putFloat(at + 28, (float) jitter.brightness());
    to.putFloat(at + 32, (float) jitter.contrast());
    to.putFloat(at + 36, (float) jitter.saturation());
    to.putFloat(at + 40, (float) jitter.hue());
    to.putFloat(at + 44, (float) view.sigma());
    to.putFloat(at + 48, (float) view.solarizeThreshold());
    to.putInt(at + 52, 0);
  }

  private static int flags(ViewParameters view) {
    return (view.flip() ? FLIPPED : 0)
        | (view.jittered() ? JITTERED : 0)
        | (view.grayscale() ? GRAY : 0)
        | (view.blurred() ? BLURRED : 0)
        | (view.solarized() ? SOLARIZED : 0);
  }

  /** Two bits for each operation, the first one's lowest; its number is that of the kernels. */
  private static int order(Jitter jitter) {
    int order = 0;
    for (int place = 0; place < Jitter.OPERATIONS; place++) {
      int operation =
          switch (jitter.operation(place)) {
            case BRIGHTNESS -> 0;
            case CONTRAST -> 1;
            case SATURATION -> 2;
            case HUE -> 3;
          };
      order |= operation << (2 * place);
    }
    return order;
  }
}
