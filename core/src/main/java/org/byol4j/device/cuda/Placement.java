package org.byol4j.device.cuda;

import org.byol4j.device.Op;
import org.byol4j.device.Shape;

/** Copies of images into a larger or smaller extent, where a convolution wants or leaves them. */
final class Placement {

  private final Engine engine;
  private final Shape plain;
  private final Shape placed;
  private final int top;
  private final int left;

  /**
   * @param plain the images of the network
   * @param placed the extent that the convolution sees
   * @param top where the first row lies in it
   * @param left where the first column lies in it
   */
  Placement(Engine engine, Shape plain, Shape placed, int top, int left) {
    this.engine = engine;
    this.plain = plain;
    this.placed = placed;
    this.top = top;
    this.left = left;
  }

  Shape placed() {
    return placed;
  }

  /** Whether a tensor of the network can be used as it lies. */
  boolean isDirect(CudaTensor tensor) {
    return plain.equals(placed) && tensor.isAligned();
  }

  /** Bytes of the placed images. */
  long bytes(Element element) {
    return placed.elements() * element.bytes();
  }

  /** Makes the placed images in the area. */
  Op into(CudaTensor from, Area area) {
    area.atLeast(bytes(from.element()));
    ChannelGroups groups = ChannelGroups.of(from.element(), placed.channels(), true);
    boolean isReadWide =
        ChannelGroups.of(from.element(), plain.channels(), from.isAligned()).isWide();
    Launch launch = launch(from.element(), placed, groups).tensor(from).area(area);
    return extents(launch, plain, placed, top, left).flag(groups.isWide()).flag(isReadWide);
  }

  /** Takes the images back from the area. */
  Op outOf(Area area, CudaTensor to) {
    area.atLeast(bytes(to.element()));
    ChannelGroups groups = ChannelGroups.of(to.element(), plain.channels(), to.isAligned());
    Launch launch = launch(to.element(), plain, groups).area(area).tensor(to);
    return extents(launch, placed, plain, -top, -left).flag(groups.isWide()).flag(groups.isWide());
  }

  private Launch launch(Element element, Shape to, ChannelGroups groups) {
    return engine
        .launch("layout", element, "place")
        .over(to.width() * groups.count(), (long) to.batch() * to.height());
  }

  private static Launch extents(Launch launch, Shape from, Shape to, int top, int left) {
    return launch
        .integer(from.batch())
        .integer(from.height())
        .integer(from.width())
        .integer(from.channels())
        .integer(to.height())
        .integer(to.width())
        .integer(to.channels())
        .integer(top)
        .integer(left);
  }
}
