package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.Op;

/** A kernel with its grid and arguments; made once, started any number of times. */
final class Launch implements Op {

  /** Threads of a block of one dimension; {@code BLOCK} of common.cu. */
  static final int BLOCK = 256;

  /** Blocks of a grid of one dimension; threads go on by strides. */
  private static final int MOST_BLOCKS = 2048;

  private static final int MOST_ROWS = 65_535;

  private record AreaArgument(int index, Area area) {}

  private final Gpu.Kernel kernel;
  private final Arguments arguments;
  private final List<GpuMemory> memories = new ArrayList<>();
  private final List<AreaArgument> areas = new ArrayList<>();
  private int gridX = 1;
  private int gridY = 1;
  private int blockX = BLOCK;
  private int blockY = 1;

  Launch(Gpu.Kernel kernel, Arguments arguments) {
    this.kernel = kernel;
    this.arguments = arguments;
  }

  /** One thread for each of {@code n}, or for several where there are very many. */
  Launch over(long n) {
    gridX = blocks(n);
    return this;
  }

  /** How many blocks that is. */
  static int blocks(long n) {
    return (int) Math.max(1, Math.min(MOST_BLOCKS, (n + BLOCK - 1) / BLOCK));
  }

  /** A thread for each of {@code width}, for each of {@code rows} or for several. */
  Launch over(int width, long rows) {
    gridX = (width + BLOCK - 1) / BLOCK;
    gridY = (int) Math.min(MOST_ROWS, rows);
    return this;
  }

  Launch grid(int x, int y) {
    gridX = x;
    gridY = y;
    return this;
  }

  Launch block(int x, int y) {
    blockX = x;
    blockY = y;
    return this;
  }

  Launch tensor(CudaTensor tensor) {
    memories.add(tensor.memory());
    arguments.addLong(tensor.address());
    return this;
  }

  /** A tensor that it finds by other ways than its arguments. */
  Launch needs(CudaTensor tensor) {
    if (!memories.contains(tensor.memory())) {
      memories.add(tensor.memory());
    }
    return this;
  }

  Launch memory(GpuMemory memory) {
    memories.add(memory);
    arguments.addLong(memory.address());
    return this;
  }

  Launch figures(GpuFigures.Place place) {
    memories.add(place.memory());
    arguments.addLong(place.address());
    return this;
  }

  Launch area(Area area) {
    areas.add(new AreaArgument(arguments.addLong(0), area));
    return this;
  }

  Launch whole(long value) {
    arguments.addLong(value);
    return this;
  }

  Launch integer(int value) {
    arguments.addInt(value);
    return this;
  }

  Launch flag(boolean value) {
    return integer(value ? 1 : 0);
  }

  Launch real(double value) {
    arguments.addFloat((float) value);
    return this;
  }

  Launch exact(double value) {
    arguments.addDouble(value);
    return this;
  }

  /** Changes an argument that was given by {@link #exact}. */
  void setExact(int index, double value) {
    arguments.setDouble(index, value);
  }

  @Override
  public void run() {
    for (int i = 0; i < memories.size(); i++) {
      memories.get(i).requireOpen();
    }
    for (int i = 0; i < areas.size(); i++) {
      AreaArgument argument = areas.get(i);
      arguments.setLong(argument.index, argument.area.address());
    }
    kernel.launch(gridX, gridY, blockX, blockY, arguments);
  }
}
