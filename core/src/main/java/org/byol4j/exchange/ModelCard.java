package org.byol4j.exchange;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.checkpoint.Manifest;
import org.byol4j.nn.NetworkSettings;

/**
 * What one must know to use an exported backbone: the network, how images are prepared, and what it
 * was trained on.
 *
 * @param checkpoint the checkpoint's own words
 * @param weightsSha256 the hash of its online weights, all of them
 * @param batchnormSha256 the hash of the online network's running statistics
 * @param network the network that it is of
 * @param augment style, mean and std of the views
 * @param imageSize height and width of the images that it is evaluated on
 * @param knnTop1 the share of images that the run's kNN monitor classified rightly with this state,
 *     if it looked
 */
public record ModelCard(
    Manifest checkpoint,
    String weightsSha256,
    String batchnormSha256,
    NetworkSettings network,
    AugmentSettings augment,
    int imageSize,
    OptionalDouble knnTop1) {

  /** The key of the resolved configuration among the {@link #metadata}. */
  public static final String CONFIGURATION = "configuration";

  /** The card's contents as texts by name, for a file's metadata. */
  public Map<String, String> metadata() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("producer", "byol4j");
    texts.put("backbone", name(network.backbone()));
    texts.put("width", Double.toString(network.width()));
    texts.put("stem", name(network.stem()));
    texts.put("padding", name(network.padding()));
    texts.put("epsilon", Double.toString(network.epsilon()));
    texts.put("features", Integer.toString(network.features()));
    texts.put("image_size", Integer.toString(imageSize));
    texts.put("mean", channels(augment.mean()));
    texts.put("std", channels(augment.std()));
    texts.put("resize_style", name(augment.style()));
    texts.put("steps", Long.toString(checkpoint.step()));
    texts.put("epochs", Integer.toString(checkpoint.epoch()));
    texts.put("data_sha256", checkpoint.identity().dataSha256());
    texts.put("weights_sha256", weightsSha256);
    texts.put("batchnorm_sha256", batchnormSha256);
    knnTop1.ifPresent(top1 -> texts.put("knn_top1", String.format(Locale.ROOT, "%.4f", top1)));
    texts.put(CONFIGURATION, checkpoint.identity().configuration());
    return texts;
  }

  /**
   * The card, in Markdown.
   *
   * @param file the name of the file that it lies beside
   */
  public String markdown(String file) {
    return """
        # %s

        The backbone of a network that was pretrained with BYOL (Grill et al. 2020) by BYOL4J: the online encoder with its running
        statistics, without projector and predictor.

        | | |
        |---|---|
        | network | %s, width %s, stem `%s` |
        | padding | `%s`: %s |
        | batch normalization | epsilon %s |
        | output | %d features per image, after global average pooling |
        | input | RGB, %d x %d pixels, values in [0, 1] less mean [%s], divided by std [%s]; `[batch, 3, height, width]` |
        | preparation | %s |
        | steps done | %d (the next belongs to epoch %d, counted from 0) |
        | seed | %d |
        | data | %s |
        | source checkpoint | sha256 of its `weights`: `%s`, of its `batchnorm-online`: `%s` |
        | kNN monitor | %s |

        ## Configuration

        ```
        %s```
        """
        .formatted(
            file,
            name(network.backbone()),
            network.width(),
            name(network.stem()),
            name(network.padding()),
            padding(),
            network.epsilon(),
            network.features(),
            imageSize,
            imageSize,
            channels(augment.mean()),
            channels(augment.std()),
            preparation(),
            checkpoint.step(),
            checkpoint.epoch(),
            checkpoint.identity().seed(),
            data(),
            weightsSha256,
            batchnormSha256,
            knnTop1.isPresent()
                ? String.format(
                    Locale.ROOT,
                    "top-1 %.2f %% among labelled training images, a fifth of them by the others",
                    100 * knnTop1.getAsDouble())
                : "not known",
            checkpoint.identity().configuration());
  }

  private String data() {
    String hash = checkpoint.identity().dataSha256();
    return hash.isEmpty() ? "none yet" : "sha256 of the manifest of images: `%s`".formatted(hash);
  }

  private String padding() {
    return switch (network.padding()) {
      case SAME ->
          "strided windows are padded as TensorFlow's SAME, more at the end; torch pads alike on all sides, and its features differ";
      case TORCH -> "windows are padded by half their size on all sides, as in torch";
    };
  }

  private String preparation() {
    return switch (augment.style()) {
          case DEEPMIND ->
              "cut the square in the middle, resize it bicubically without antialiasing";
          case TORCHVISION -> "resize bicubically with antialiasing, cut the square in the middle";
        }
        + (imageSize >= 128 ? "; the shorter side is 256 / 224 of the square's" : "; no margin");
  }

  private static String channels(List<Double> values) {
    return values.stream().map(value -> Double.toString(value)).collect(Collectors.joining(", "));
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
