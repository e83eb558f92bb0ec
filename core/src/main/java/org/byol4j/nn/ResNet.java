package org.byol4j.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * The residual networks of He et al. 2015, table 1, named as torchvision names them; stride on the
 * 3x3 convolution of a bottleneck.
 */
final class ResNet {
  private static final int STEM_CHANNELS = 64;

  private final NetworkSettings settings;
  private final String prefix;

  private ResNet(String prefix, NetworkSettings settings) {
    this.prefix = prefix;
    this.settings = settings;
  }

  /**
   * The backbone: images {@code [batch, height, width, 3]} to features {@code [batch, features]}.
   */
  static Sequential backbone(String prefix, NetworkSettings settings) {
    return new ResNet(prefix, settings).layers();
  }

  /** The number of features. */
  static int features(NetworkSettings settings) {
    Plan plan = Plan.of(settings.backbone());
    return channels(8 * STEM_CHANNELS * plan.expansion(), settings);
  }

  /** How many blocks the four groups have, and of which kind. */
  private record Plan(List<Integer> blocks, boolean bottleneck) {
    static Plan of(NetworkSettings.Backbone backbone) {
      return switch (backbone) {
        case RESNET18 -> new Plan(List.of(2, 2, 2, 2), false);
        case RESNET34 -> new Plan(List.of(3, 4, 6, 3), false);
        case RESNET50 -> new Plan(List.of(3, 4, 6, 3), true);
        case RESNET101 -> new Plan(List.of(3, 4, 23, 3), true);
        case RESNET152 -> new Plan(List.of(3, 8, 36, 3), true);
        case RESNET200 -> new Plan(List.of(3, 24, 36, 3), true);
      };
    }

    int expansion() {
      return bottleneck ? 4 : 1;
    }
  }

  private static int channels(int channels, NetworkSettings settings) {
    return (int) Math.max(1, Math.round(channels * settings.width()));
  }

  private Sequential layers() {
    List<Layer> layers = new ArrayList<>(stem());
    Plan plan = Plan.of(settings.backbone());
    int in = channels(STEM_CHANNELS, settings);
    for (int group = 0; group < 4; group++) {
      int width = channels(STEM_CHANNELS << group, settings);
      int out = channels((STEM_CHANNELS << group) * plan.expansion(), settings);
      for (int block = 0; block < plan.blocks().get(group); block++) {
        int stride = group > 0 && block == 0 ? 2 : 1;
        String name = "%slayer%d.%d".formatted(prefix, group + 1, block);
        layers.add(
            plan.bottleneck()
                ? bottleneck(name, in, width, out, stride)
                : basic(name, in, out, stride));
        in = out;
      }
    }
    layers.add(Pool.GLOBAL_AVERAGE);
    return new Sequential(layers);
  }

  private List<Layer> stem() {
    int out = channels(STEM_CHANNELS, settings);
    Layer norm = norm(prefix + "bn1", out, true);
    return switch (settings.stem()) {
      case CIFAR -> List.of(convolution(prefix + "conv1", 3, out, 3, 1, true), norm);
      case IMAGENET ->
          List.of(
              convolution(prefix + "conv1", 3, out, 7, 2, true),
              norm,
              settings.padding() == NetworkSettings.PaddingStyle.SAME
                  ? Pool.MAX_SAME
                  : Pool.MAX_TORCH);
    };
  }

  private ResidualBlock basic(String name, int in, int out, int stride) {
    return new ResidualBlock(
        Sequential.of(
            convolution(name + ".conv1", in, out, 3, stride, false),
            norm(name + ".bn1", out, true),
            convolution(name + ".conv2", out, out, 3, 1, false)),
        norm(name + ".bn2", out, false),
        shortcut(name, in, out, stride));
  }

  private ResidualBlock bottleneck(String name, int in, int width, int out, int stride) {
    return new ResidualBlock(
        Sequential.of(
            convolution(name + ".conv1", in, width, 1, 1, false),
            norm(name + ".bn1", width, true),
            convolution(name + ".conv2", width, width, 3, stride, false),
            norm(name + ".bn2", width, true),
            convolution(name + ".conv3", width, out, 1, 1, false)),
        norm(name + ".bn3", out, false),
        shortcut(name, in, out, stride));
  }

  private Sequential shortcut(String name, int in, int out, int stride) {
    if (stride == 1 && in == out) {
      return Sequential.of();
    }
    return Sequential.of(
        convolution(name + ".downsample.0", in, out, 1, stride, false),
        norm(name + ".downsample.1", out, false));
  }

  private Convolution convolution(
      String name, int in, int out, int kernel, int stride, boolean first) {
    return new Convolution(name, in, out, kernel, stride, settings.padding(), first);
  }

  private BatchNormalization norm(String name, int channels, boolean relu) {
    return new BatchNormalization(name, channels, relu, settings);
  }
}
