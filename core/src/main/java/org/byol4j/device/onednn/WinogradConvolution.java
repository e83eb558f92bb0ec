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
 * A 3x3 convolution with stride 1 by Winograd's algorithm: images and filters to points, at each of
 * the 36 points a matrix product over channels, and from there to images (Lavin and Gray 2015,
 * section 4.1). The gradients are by the transposes of these linear maps.
 *
 * <p>Filters are kept at the points, four times as large, and taken there when they have changed:
 * in a step four passes use them. Images are staged at the points in blocks.
 */
final class WinogradConvolution implements LinearMap {

  private static final dnnl_memory_desc NO_BIAS = null;

  /** The most tiles of a block: more do not make the products faster. */
  private static final int BLOCK = 512;

  /** Fewer channels do not repay the ways of images to points and back (0003). */
  private static final int FEWEST_CHANNELS = 128;

  /** Fewer tiles do not repay the way of the filters to points. */
  private static final int FEWEST_TILES = 32;

  /** Fewer outputs in the mean of the tiles, of 16, and too many products are wasted. */
  private static final int FEWEST_OUTPUTS = 9;

  private final Engine engine;
  private final Layout layout;
  private final Shape input;
  private final Shape output;
  private final NativeTensor weights;
  private final WinogradTiles tiles;
  private final WinogradFilters filters;
  private final String description;

  /** Images of a block, but for the last, which may have fewer. */
  private final int step;

  /** Where the areas of points begin: of filters, of inputs, of outputs; in elements. */
  private final long inputs;

  private final long outputs;

  /** Whether a convolution is of the kind, and of a shape for which it is faster here. */
  static boolean suits(Shape input, Shape output, Window window) {
    long tiles = (long) output.batch() * WinogradTiles.perImage(output);
    return window.kernel() == KERNEL
        && window.stride() == 1
        && Math.min(input.channels(), output.channels()) >= FEWEST_CHANNELS
        && tiles >= FEWEST_TILES
        && output.rows() >= FEWEST_OUTPUTS * tiles;
  }

  WinogradConvolution(Engine engine, Shape input, Shape output, Window window, Tensor weights) {
    this.engine = engine;
    this.input = input;
    this.output = output;
    layout = new Layout(engine);
    description = "winograd convolution of %s into %s by %s".formatted(input, output, window);
    int pairs = output.channels() * input.channels();
    this.weights =
        NativeTensor.of(
            weights, engine, (long) pairs * KERNEL * KERNEL, "weights of a convolution");
    tiles = new WinogradTiles(engine, input, output, window);
    filters = new WinogradFilters(engine, pairs);
    int perImage = WinogradTiles.perImage(output);
    int blocks = Math.min(input.batch(), (input.batch() * perImage + BLOCK - 1) / BLOCK);
    step = (input.batch() + blocks - 1) / blocks;
    inputs = (long) POINTS * pairs;
    outputs = inputs + points(input, step);
  }

  /** Elements of some images of inputs or outputs, at points. */
  private long points(Shape shape, int images) {
    return (long) POINTS * images * WinogradTiles.perImage(output) * shape.channels();
  }

  /** A range of images and the matrix products of their points. */
  private record Block(int first, int images, Operation product) {}

  /** Makes the products of a block. */
  @FunctionalInterface
  private interface Products {
    Operation of(int tiles, boolean isFirst);
  }

  /** A way of images to points or back. */
  @FunctionalInterface
  private interface Way {
    void take(NativeTensor images, long at, int first, int count);
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    NativeTensor from = NativeTensor.of(x, engine, input.elements(), "x");
    NativeTensor to = NativeTensor.of(y, engine, output.elements(), "y");
    PackedWeights.Packed points = filtersAtPoints();
    Block[] blocks =
        blocks(
            (count, isFirst) ->
                product(
                    matrices(inputs, count, input.channels()),
                    kept(
                        points,
                        layout.transposedMatrices(POINTS, input.channels(), output.channels())),
                    matrices(outputs, count, output.channels()),
                    new Attributes(engine)));
    return filtered(points, from, tiles::input, inputs, blocks, outputs, tiles::output, to);
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    NativeTensor from = NativeTensor.of(dy, engine, output.elements(), "dy");
    NativeTensor to = NativeTensor.of(dx, engine, input.elements(), "dx");
    PackedWeights.Packed points = filtersAtPoints();
    Block[] blocks =
        blocks(
            (count, isFirst) ->
                product(
                    matrices(outputs, count, output.channels()),
                    kept(points, layout.matrices(POINTS, output.channels(), input.channels())),
                    matrices(inputs, count, input.channels()),
                    new Attributes(engine)));
    return filtered(
        points, from, tiles::outputGradient, outputs, blocks, inputs, tiles::inputGradient, to);
  }

  /** Images to points, block by block, multiplied there with the filters, and back to images. */
  private Op filtered(
      PackedWeights.Packed points,
      NativeTensor from,
      Way toPoints,
      long factors,
      Block[] blocks,
      long products,
      Way toImages,
      NativeTensor to) {
    return () -> {
      points.refresh();
      for (Block block : blocks) {
        toPoints.take(from, factors, block.first, block.images);
        block.product.run();
        toImages.take(to, products, block.first, block.images);
      }
    };
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    NativeTensor left = NativeTensor.of(dy, engine, output.elements(), "dy");
    NativeTensor right = NativeTensor.of(x, engine, input.elements(), "x");
    NativeTensor sum = NativeTensor.of(gradient, engine, weights.elements(), "weight gradient");
    Block[] blocks =
        blocks(
            (count, isFirst) ->
                product(
                    transposed(outputs, output.channels(), count),
                    matrices(inputs, count, input.channels()),
                    matrices(0, output.channels(), input.channels()),
                    isFirst ? new Attributes(engine) : new Attributes(engine).accumulate()));
    return () -> {
      for (Block block : blocks) {
        tiles.outputGradient(left, outputs, block.first, block.images);
        tiles.input(right, inputs, block.first, block.images);
        block.product.run();
      }
      filters.addGradient(engine.staging().area(), sum);
    };
  }

  /** All blocks; those that differ only in their images share their products. */
  private Block[] blocks(Products products) {
    List<Block> blocks = new ArrayList<>();
    for (int first = 0; first < input.batch(); first += step) {
      int images = Math.min(step, input.batch() - first);
      Operation product =
          blocks.size() > 1 && images == step
              ? blocks.get(1).product
              : products.of(images * WinogradTiles.perImage(output), first == 0);
      blocks.add(new Block(first, images, product));
    }
    return blocks.toArray(Block[]::new);
  }

  private PackedWeights.Packed filtersAtPoints() {
    return engine
        .packedWeights()
        .of(
            weights,
            layout.matrices(POINTS, output.channels(), input.channels()),
            copy -> () -> filters.toPoints(weights, copy));
  }

  /** The filters at points, as matrices in the given order. */
  private Factor kept(PackedWeights.Packed points, dnnl_memory_desc order) {
    return new Factor(points.in(engine, order), order);
  }

  /** Matrices, one for each point, and their order. */
  private record Factor(dnnl_memory memory, dnnl_memory_desc order) {}

  private Factor matrices(long at, long rows, long columns) {
    return staged(at, layout.matrices(POINTS, rows, columns));
  }

  /** Matrices of {@code rows} by {@code columns} of which the transposes are staged. */
  private Factor transposed(long at, long rows, long columns) {
    return staged(at, layout.transposedMatrices(POINTS, rows, columns));
  }

  private Factor staged(long at, dnnl_memory_desc order) {
    return new Factor(engine.staging().bind(order, at * Float.BYTES), order);
  }

  private Operation product(Factor left, Factor right, Factor result, Attributes attributes) {
    dnnl_primitive_desc plan = new dnnl_primitive_desc();
    int status =
        dnnl_matmul_primitive_desc_create(
            plan,
            engine.handle(),
            left.order,
            right.order,
            NO_BIAS,
            result.order,
            attributes.handle());
    return Operation.of(engine, description, Operation.planned(engine, status, description, plan))
        .raw(DNNL_ARG_SRC, left.memory)
        .raw(DNNL_ARG_WEIGHTS, right.memory)
        .raw(DNNL_ARG_DST, result.memory)
        .bind();
  }
}
