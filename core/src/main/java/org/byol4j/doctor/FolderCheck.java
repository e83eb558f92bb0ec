package org.byol4j.doctor;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder that files are put into: whether they can be, and how much room there is. */
final class FolderCheck {

  /**
   * What there is to know.
   *
   * @param problem why no file can be put there; empty if one can
   * @param freeBytes how much room there is
   */
  record Facts(Path folder, String problem, long freeBytes) {

    /** Puts a file into {@code wanted}, or where that would be made, and takes it out again. */
    static Facts of(Path wanted) {
      Path folder = wanted.toAbsolutePath();
      while (!Files.exists(folder) && folder.getParent() != null) {
        folder = folder.getParent();
      }
      try {
        Path file = Files.createTempFile(folder, "byol4j-doctor-", "");
        Files.write(file, new byte[] {1});
        Files.delete(file);
        FileStore store = Files.getFileStore(folder);
        return new Facts(folder, "", store.getUsableSpace());
      } catch (IOException | SecurityException e) {
        return new Facts(folder, e.toString(), 0);
      }
    }
  }

  private FolderCheck() {}

  /**
   * @param what it is for, and how to choose another
   * @param leastBytes room below which a run may fail
   */
  static Finding finding(String subject, Facts facts, String what, long leastBytes) {
    if (!facts.problem.isEmpty()) {
      return Finding.fault(
          subject, "cannot write in %s: %s".formatted(facts.folder, facts.problem), what);
    }
    String state = "%s in %s".formatted(Amounts.gibibytes(facts.freeBytes), facts.folder);
    return facts.freeBytes < leastBytes
        ? Finding.warning(
            subject,
            state,
            "make room, %s at least; %s".formatted(Amounts.gibibytes(leastBytes), what))
        : Finding.fine(subject, state + " free");
  }
}
