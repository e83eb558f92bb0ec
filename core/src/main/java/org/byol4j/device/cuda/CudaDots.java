package org.byol4j.device.cuda;

import java.util.List;
import org.byol4j.device.Factors;
import org.byol4j.device.Measure;

/** Sums of products of many pairs of tensors, by two kernels over a table of them. */
final class CudaDots implements Measure, GpuFigures {

  /** Of a pair: both addresses and their length. */
  private static final int PAIR = 3;

  private final Place sums;
  private final Launch dots;
  private final Launch finish;

  /**
   * @param factors at least one pair, all of the same kind of elements
   */
  CudaDots(Engine engine, List<Factors> factors) {
    Element element = CudaTensor.of(factors.get(0).a(), engine).element();
    int count = factors.size();
    long[] table = new long[PAIR * count];
    long[] lengths = new long[count];
    for (int i = 0; i < count; i++) {
      CudaTensor a = CudaTensor.of(factors.get(i).a(), engine);
      CudaTensor b = CudaTensor.of(factors.get(i).b(), engine);
      lengths[i] = a.elements();
      table[PAIR * i] = CudaTensor.of(a, engine, element, lengths[i], "a of a sum").address();
      table[PAIR * i + 1] = CudaTensor.of(b, engine, element, lengths[i], "b of a sum").address();
      table[PAIR * i + 2] = lengths[i];
    }
    Pieces pieces = Pieces.of(lengths);
    GpuMemory partial = engine.allocate(Element.FP32, (long) pieces.count() * Double.BYTES);
    GpuMemory results = engine.allocate(Element.FP32, (long) count * Double.BYTES);
    sums = new Place(engine, results, 0, count);
    dots =
        engine
            .launch("flat", element, "dots")
            .grid(pieces.count(), 1)
            .memory(engine.table(table))
            .memory(engine.table(pieces.table()))
            .memory(partial);
    finish =
        engine
            .launch("flat", Element.FP32, "finish_dots")
            .grid(count, 1)
            .memory(partial)
            .memory(engine.table(pieces.first()))
            .memory(results);
    factors.forEach(
        pair -> {
          dots.needs(CudaTensor.of(pair.a(), engine));
          dots.needs(CudaTensor.of(pair.b(), engine));
        });
  }

  @Override
  public void run() {
    dots.run();
    finish.run();
  }

  @Override
  public Place place() {
    return sums;
  }

  @Override
  public int length() {
    return sums.length();
  }

  @Override
  public void read(double[] to, int at) {
    sums.read(to, at);
  }
}
