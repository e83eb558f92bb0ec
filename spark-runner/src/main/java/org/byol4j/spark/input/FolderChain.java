package org.byol4j.spark.input;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * A folder of a source with those above it, up to the source's own, so that a link that leads back
 * to one of them is noticed. Only a local disk has such links; on other file systems, whose folders
 * form a tree, nothing is looked up.
 *
 * @param identities what tells each folder of a local disk from all others, the topmost first
 */
record FolderChain(List<Object> identities) {
  /** Under this kind links back are counted where they are passed over. */
  static final String LINK_BACK = "link to a folder above it";

  private static final String LOCAL = "file";

  FolderChain {
    identities = List.copyOf(identities);
  }

  /**
   * The folders above {@code folder}.
   *
   * @param prefix the folder's path in its source, with a slash at its end; empty for the root
   * @throws IOException if one of them cannot be read
   */
  static FolderChain above(Path folder, String prefix) throws IOException {
    List<Path> above = new ArrayList<>();
    Path at = folder;
    for (int depth = prefix.split("/", -1).length - 1; depth > 0; depth--) {
      at = at.getParent();
      above.add(0, at);
    }
    FolderChain chain = new FolderChain(List.of());
    for (Path next : above) {
      chain = chain.with(next);
    }
    return chain;
  }

  /** Whether {@code folder}, right below the last one, leads back to one of these. */
  boolean leadsBack(Path folder) throws IOException {
    return isLocal(folder) && identities.contains(identity(folder));
  }

  /** These, and {@code folder} right below the last one. */
  FolderChain with(Path folder) throws IOException {
    if (!isLocal(folder)) {
      return this;
    }
    List<Object> more = new ArrayList<>(identities);
    more.add(identity(folder));
    return new FolderChain(more);
  }

  private static boolean isLocal(Path folder) {
    return LOCAL.equals(folder.toUri().getScheme());
  }

  private static Object identity(Path folder) throws IOException {
    java.nio.file.Path local = java.nio.file.Path.of(folder.toUri().getPath());
    Object key = Files.readAttributes(local, BasicFileAttributes.class).fileKey();
    return key != null ? key : local.toRealPath();
  }
}
