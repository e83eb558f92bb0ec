package org.byol4j.checkpoint;

/** One flat float32 buffer of the training state, in a checkpoint one file or several. */
public enum Section {
  /** Parameters of the online network, laid out by the parameter table. */
  WEIGHTS("weights"),
  /** Parameters of the target network, laid out by a prefix of that table. */
  TARGET("target"),
  /** The optimizer's momentum, laid out as the online parameters. */
  MOMENTUM("momentum"),
  /** Running statistics of the online network: per normalization the means, then the variances. */
  BATCHNORM_ONLINE("batchnorm-online"),
  /** Running statistics of the target network, laid out by a prefix of the online network's. */
  BATCHNORM_TARGET("batchnorm-target"),
  /**
   * What replicas that share encoded gradients have not sent yet, one replica's after the other, by
   * rank: of each the elements of slices that are {@link
   * org.byol4j.parameters.Slice.Kind#isNormOrBias neither bias nor normalization}, in the table's
   * order. Empty where gradients are not shared that way.
   */
  RESIDUAL("residual");

  private final String key;

  Section(String key) {
    this.key = key;
  }

  /** Whether manifests of a version of the format list this section. */
  boolean isIn(long version) {
    return this != RESIDUAL || version >= Manifest.NEWEST_VERSION;
  }

  /** The name in the manifest. */
  public String key() {
    return key;
  }

  /** The name of a file with all values: float32, little endian, nothing else. */
  public String fileName() {
    return fileName(1);
  }

  /** The name of the file with all values that attempt {@code attempt} writes. */
  String fileName(int attempt) {
    return Attempt.nameOf(key + ".f32", attempt);
  }

  /**
   * The name of the file with the values from index {@code first} on, which are not all: in the
   * order of names the files of a section are in the order of their values.
   */
  String partName(long first, int attempt) {
    return Attempt.nameOf("%s-%010d.f32".formatted(key, first), attempt);
  }
}
