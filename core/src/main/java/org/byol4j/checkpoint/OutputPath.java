package org.byol4j.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A path of this machine's disk that is to be written, looked at before anything is.
 *
 * @param named the option that says so
 * @param path what it says
 */
public record OutputPath(String named, Path path) {

  /**
   * Sees to it that a folder is there, or can be made.
   *
   * @throws PlaceException if it, or what it would lie in, is a file
   */
  public void expectFolder() {
    if (isNoFolder(path)) {
      throw new PlaceException("%s=%s is a file, expected a folder".formatted(named, path));
    }
    expectRoom();
  }

  /**
   * Sees to it that a file is there, or can be written.
   *
   * @throws PlaceException if it is a folder, or what it would lie in is a file
   */
  public void expectFile() {
    if (Files.isDirectory(path)) {
      throw new PlaceException("%s=%s is a folder, expected a file".formatted(named, path));
    }
    expectRoom();
  }

  private void expectRoom() {
    Path whole = path.toAbsolutePath().normalize();
    for (Path above = whole.getParent(); above != null; above = above.getParent()) {
      if (isNoFolder(above)) {
        throw new PlaceException(
            "%s=%s: %s is a file, expected a folder".formatted(named, path, above));
      }
    }
  }

  private static boolean isNoFolder(Path path) {
    return Files.exists(path) && !Files.isDirectory(path);
  }
}
