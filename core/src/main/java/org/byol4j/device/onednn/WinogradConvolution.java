package org.byol4j.device.onednn;

import static org.byol4j.device.onednn.Winograd.KERNEL;
import static org.byol4j.device.onednn.Winograd.POINTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * A 3x3 convolution with stride 1 by Winograd's algorithm: images to points, at each of the 36
 * points a matrix product over channels, points to images (Lavin and Gray 2015, section 4.1). The
 * gradients are the transposes of these linear maps, so all three directions share the values of
 * the filters at the points.
 *
 * <p>Images are taken in blocks, so that the staging area has a bound.
 */
final class WinogradConvolution implements LinearMap {

  private static final dnnl_memory_desc NO_BIAS = null;

  /** Elements of the points of a block, of the inputs and the outputs together. */
  private static final long BLOCK = 4 << 20;

  /** Fewer channels do not repay the ways to points and back (0003). */
  private static final int FEWEST_CHANNELS = 128;

  private final Engine engine;
  private final Layout layout;
  private final Shape input;
  private final Shape output;
  private final NativeTensor weights;
  private final WinogradTiles tiles;
  private final String description;

  /** Whether a convolution is of the kind, and so large that it is faster here. */
  static boolean suits(Shape input, Shape output, Window window) {
    return window.kernel() == KERNEL
        && window.stride() == 1
        && Math.min(input.channels(), output.channels()) >= FEWEST_CHANNELS;
  }

  WinogradConvolution(Engine engine, Shape input, Shape output, Window window, Tensor weights) {
    this.engine = engine;
    this.input = input;
    this.output = output;
    layout = new Layout(engine);
    description = "winograd convolution of %s into %s by %s".formatted(input, output, window);
    this.weights =
        NativeTensor.of(
            weights,
            engine,
            (long) output.channels() * input.channels() * KERNEL * KERNEL,
            "weights of a convolution");
    tiles = new WinogradTiles(engine, input, output, window);
  }

  /** A range of images and the matrix product of their points. */
  private record Block(int first, int images, Operation product) {}

  /** Makes the product of a block. */
  @FunctionalInterface
  private interface Products {
    Operation of(int tiles, boolean isFirst);
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    NativeTensor from = NativeTensor.of(x, engine, input.elements(), "x");
    NativeTensor to = NativeTensor.of(y, engine, output.elements(), "y");
    WinogradWeights filters = filters();
    long second = points(input, largestBlock());
    Block[] blocks =
        blocks(
            (count, isFirst) -> {
              dnnl_memory_desc left = layout.matrices(POINTS, count, input.channels());
              dnnl_memory_desc right = layout.matrices(POINTS, input.channels(), output.channels());
              dnnl_memory_desc result = layout.matrices(POINTS, count, output.channels());
              return product(
                  new Factor(staged(left, 0), left),
                  new Factor(filters.memory(right), right),
                  new Factor(staged(result, second), result),
                  new Attributes(engine));
            });
    return () -> {
      filters.refresh();
      for (Block block : blocks) {
        tiles.input(from, 0, block.first, block.images);
        block.product.run();
        tiles.output(second, to, block.first, block.images);
      }
    };
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    NativeTensor from = NativeTensor.of(dy, engine, output.elements(), "dy");
    NativeTensor to = NativeTensor.of(dx, engine, input.elements(), "dx");
    WinogradWeights filters = filters();
    long second = points(output, largestBlock());
    Block[] blocks =
        blocks(
            (count, isFirst) -> {
              dnnl_memory_desc left = layout.matrices(POINTS, count, output.channels());
              dnnl_memory_desc right =
                  layout.transposedMatrices(POINTS, output.channels(), input.channels());
              dnnl_memory_desc result = layout.matrices(POINTS, count, input.channels());
              return product(
                  new Factor(staged(left, 0), left),
                  new Factor(filters.memory(right), right),
                  new Factor(staged(result, second), result),
                  new Attributes(engine));
            });
    return () -> {
      filters.refresh();
      for (Block block : blocks) {
        tiles.outputGradient(from, 0, block.first, block.images);
        block.product.run();
        tiles.inputGradient(second, to, block.first, block.images);
      }
    };
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    NativeTensor from = NativeTensor.of(x, engine, input.elements(), "x");
    NativeTensor outputs = NativeTensor.of(dy, engine, output.elements(), "dy");
    NativeTensor sum = NativeTensor.of(gradient, engine, weights.elements(), "weight gradient");
    long second = points(input, largestBlock());
    // the gradient by tap takes the place of the points of a block when all are done
    long third = Math.max(second + points(output, largestBlock()), weights.elements());
    Block[] blocks =
        blocks(
            (count, isFirst) -> {
              dnnl_memory_desc left = layout.transposedMatrices(POINTS, input.channels(), count);
              dnnl_memory_desc right = layout.matrices(POINTS, count, output.channels());
              dnnl_memory_desc result =
                  layout.matrices(POINTS, input.channels(), output.channels());
              Attributes attributes = new Attributes(engine);
              return product(
                  new Factor(staged(left, 0), left),
                  new Factor(staged(right, second), right),
                  new Factor(staged(result, third), result),
                  isFirst ? attributes : attributes.accumulate());
            });
    WinogradFilters filters = new WinogradFilters(engine, input.channels() * output.channels());
    dnnl_memory_desc byTap = layout.kernelsByTap(output.channels(), input.channels(), KERNEL);
    Operation add =
        engine
            .packedWeights()
            .addUnpacked(
                byTap,
                engine.staging().bind(byTap),
                sum,
                layout.kernels(output.channels(), input.channels(), KERNEL),
                description);
    return () -> {
      for (Block block : blocks) {
        tiles.input(from, 0, block.first, block.images);
        tiles.outputGradient(outputs, second, block.first, block.images);
        block.product.run();
      }
      NativeMemory area = engine.staging().area();
      filters.toTaps(area, third, area, 0);
      add.run();
    };
  }

  private WinogradWeights filters() {
    return engine.packedWeights().transformed(weights, output.channels(), input.channels());
  }

  /** How many images a block has, but for the last. */
  private int largestBlock() {
    long perImage = points(input, 1) + points(output, 1);
    return (int) Math.max(1, Math.min(input.batch(), BLOCK / perImage));
  }

  /** Elements of the points of some images. */
  private long points(Shape shape, int images) {
    return (long) POINTS * images * tiles.perImage() * shape.channels();
  }

  private Block[] blocks(Products products) {
    List<Block> blocks = new ArrayList<>();
    int step = largestBlock();
    for (int first = 0; first < input.batch(); first += step) {
      int images = Math.min(step, input.batch() - first);
      boolean same = blocks.size() > 1 && images == step;
      blocks.add(
          new Block(
              first,
              images,
              same ? blocks.get(1).product : products.of(images * tiles.perImage(), first == 0)));
    }
    return blocks.toArray(Block[]::new);
  }

  private record Factor(dnnl_memory memory, dnnl_memory_desc layout) {}

  /** A memory object over the staging area, from element {@code at} on. */
  private dnnl_memory staged(dnnl_memory_desc order, long at) {
    return engine.staging().bind(order, at * Float.BYTES);
  }

  private Operation product(Factor left, Factor right, Factor result, Attributes attributes) {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_matmul_primitive_desc_create(
            plan,
            engine.handle(),
            left.layout,
            right.layout,
            NO_BIAS,
            result.layout,
            attributes.handle());
    return Operation.of(engine, description, Operation.planned(engine, status, description, plan))
        .raw(DNNL_ARG_SRC, left.memory)
        .raw(DNNL_ARG_WEIGHTS, right.memory)
        .raw(DNNL_ARG_DST, result.memory)
        .bind();
  }
}
