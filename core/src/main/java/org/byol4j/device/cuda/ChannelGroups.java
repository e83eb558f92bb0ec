package org.byol4j.device.cuda;

/**
 * How kernels go along channels: in groups of as many neighbours as one load of 16 bytes brings,
 * where their number and all addresses allow it, else one by one.
 *
 * @param isWide whether groups are of several channels
 * @param count how many groups there are
 */
record ChannelGroups(boolean isWide, int count) {

  private static final int LOAD_BYTES = 16;

  /**
   * @param areAligned whether all tensors begin at multiples of 16 bytes
   */
  static ChannelGroups of(Element element, int channels, boolean areAligned) {
    int width = LOAD_BYTES / element.bytes();
    boolean wide = areAligned && channels % width == 0;
    return new ChannelGroups(wide, wide ? channels / width : channels);
  }
}
