package org.byol4j.nn;

import java.util.List;
import java.util.SplittableRandom;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * Draws the parameters that a network starts from. Each slice has a generator of its own, keyed by
 * the seed and the slice's place, so that a change of one layer leaves the draws of those before it
 * alone.
 */
public final class Initializer {
  private final NetworkSettings settings;

  /**
   * An initializer of networks of these settings, of which {@code init} and {@code lastGamma} say
   * how to draw.
   */
  public Initializer(NetworkSettings settings) {
    this.settings = settings;
  }

  /**
   * Returns values for every parameter of {@code table}, the same for the same seed on any machine.
   *
   * @param table that of a network of the settings, or a prefix of it
   */
  public float[] draw(ParameterTable table, long seed) {
    float[] values = new float[table.length()];
    SplittableRandom seeds = new SplittableRandom(seed);
    for (Slice slice : table.slices()) {
      draw(slice, seeds.split(), values);
    }
    return values;
  }

  private void draw(Slice slice, SplittableRandom random, float[] values) {
    Normal normal = new Normal(random);
    int start = Math.toIntExact(slice.offset());
    for (int i = start; i < slice.end(); i++) {
      values[i] =
          (float)
              switch (slice.kind()) {
                case NORM_SCALE -> scale(slice);
                case NORM_SHIFT -> 0;
                case WEIGHT -> weight(slice.shape(), random, normal);
                case BIAS -> bias(slice, random);
              };
    }
  }

  private double scale(Slice slice) {
    String name = slice.name();
    boolean lastOfBasic = name.matches("backbone\\.layer\\d+\\.\\d+\\.bn2\\.weight") && isBasic();
    boolean lastOfBottleneck = name.matches("backbone\\.layer\\d+\\.\\d+\\.bn3\\.weight");
    return switch (settings.lastGamma()) {
      case ONE -> 1;
      case ZERO -> lastOfBasic || lastOfBottleneck ? 0 : 1;
      case ZERO_IN_BOTTLENECKS -> lastOfBottleneck ? 0 : 1;
    };
  }

  private boolean isBasic() {
    return switch (settings.backbone()) {
      case RESNET18, RESNET34 -> true;
      case RESNET50, RESNET101, RESNET152, RESNET200 -> false;
    };
  }

  private double weight(List<Integer> shape, SplittableRandom random, Normal normal) {
    int window = shape.size() == 4 ? shape.get(2) * shape.get(3) : 1;
    double fanIn = (double) shape.get(1) * window;
    double fanOut = (double) shape.get(0) * window;
    return switch (settings.init()) {
      case DEEPMIND -> truncatedNormal(normal) / Math.sqrt(fanIn);
      case TORCH ->
          shape.size() == 4
              ? normal.next() * Math.sqrt(2 / fanOut)
              : uniform(random) / Math.sqrt(fanIn);
    };
  }

  /** Torch draws a linear layer's bias as its weights; only the weights know the fan-in. */
  private double bias(Slice slice, SplittableRandom random) {
    return switch (settings.init()) {
      case DEEPMIND -> 0;
      case TORCH -> uniform(random) / Math.sqrt(fanInOfHeadLayer(slice));
    };
  }

  private double fanInOfHeadLayer(Slice bias) {
    if (bias.name().endsWith(".3.bias")) {
      return settings.hidden();
    }
    return bias.name().startsWith("projector") ? ResNet.features(settings) : settings.output();
  }

  /** A standard normal value, drawn anew until it lies within two deviations (haiku). */
  private static double truncatedNormal(Normal normal) {
    double value = normal.next();
    while (Math.abs(value) > 2) {
      value = normal.next();
    }
    return value;
  }

  private static double uniform(SplittableRandom random) {
    return 2 * random.nextDouble() - 1;
  }

  /** Standard normal values by Marsaglia's polar method (1964), two from each accepted point. */
  private static final class Normal {
    private final SplittableRandom random;
    private double spare = Double.NaN;

    Normal(SplittableRandom random) {
      this.random = random;
    }

    double next() {
      if (!Double.isNaN(spare)) {
        double value = spare;
        spare = Double.NaN;
        return value;
      }
      double x;
      double y;
      double square;
      do {
        x = uniform(random);
        y = uniform(random);
        square = x * x + y * y;
      } while (square >= 1 || square == 0);
      double factor = StrictMath.sqrt(-2 * StrictMath.log(square) / square);
      spare = y * factor;
      return x * factor;
    }
  }
}
