package org.byol4j.data;

/**
 * The hash that a set of images is known by: SHA-256 over each image's path and content, in the
 * order of ids, {@link Manifest#hash}.
 */
public final class ManifestHash {
  private final Fingerprint fingerprint = new Fingerprint();

  /**
   * Adds the next image.
   *
   * @param path its path as UTF-8
   * @param contentHash the SHA-256 of its bytes
   */
  public void add(byte[] path, byte[] contentHash) {
    fingerprint.add(path).add(contentHash);
  }

  /** The hash of all that was added, in hexadecimal; nothing can be added afterwards. */
  public String hex() {
    return fingerprint.hex();
  }
}
