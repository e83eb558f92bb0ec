package org.byol4j.checkpoint;

import java.nio.file.Path;

/**
 * The folder of a run, and where things lie in it.
 *
 * @param folder what was given as {@code --out}
 */
public record RunFolder(Path folder) {

  /** The folder of the checkpoints. */
  public Path checkpoints() {
    return folder.resolve("checkpoints");
  }

  /** What was measured, a line a step. */
  public Path metrics() {
    return folder.resolve("metrics.jsonl");
  }

  /** The resolved configuration. */
  public Path configuration() {
    return folder.resolve("config.conf");
  }

  /** The local store of encoded images. */
  public Path store() {
    return folder.resolve("store");
  }
}
