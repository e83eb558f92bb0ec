package org.byol4j.checkpoint;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The checkpoints of a run: folders {@code step-0000001234}, named for the optimizer steps that are
 * done. One is complete when it has a manifest; all others do not count. Where several attempts at
 * a run have written one, the manifest of the newest counts.
 */
public final class Checkpoints {
  private static final Pattern NAME = Pattern.compile("step-([0-9]{10,18})");

  private final Storage storage;

  /** Looks into {@code storage}, whose root holds the folders. */
  public Checkpoints(Storage storage) {
    this.storage = storage;
  }

  /** The folder's name of the checkpoint after {@code step} steps. */
  public static String nameOf(long step) {
    return "step-%010d".formatted(step);
  }

  /** The newest complete checkpoint's folder. */
  public Optional<String> latest() throws IOException {
    List<String> complete = complete();
    return complete.isEmpty() ? Optional.empty() : Optional.of(complete.get(complete.size() - 1));
  }

  /** The folders of all complete checkpoints, the oldest first. */
  public List<String> complete() throws IOException {
    return folders(true);
  }

  /** The folders that were begun and not made complete, or whose manifest has been deleted. */
  List<String> incomplete() throws IOException {
    return folders(false);
  }

  boolean isComplete(String folder) throws IOException {
    return newestAttempt(folder) > 0;
  }

  /** The newest attempt that has a manifest in {@code folder}; 0 if none has. */
  int newestAttempt(String folder) throws IOException {
    return storage.list(folder).stream()
        .filter(Checkpoints::isManifest)
        .mapToInt(Attempt::numberOf)
        .max()
        .orElse(0);
  }

  /** The manifests in {@code folder}, of any attempt. */
  List<String> manifestsIn(String folder) throws IOException {
    return storage.list(folder).stream()
        .filter(Checkpoints::isManifest)
        .map(name -> folder + "/" + name)
        .toList();
  }

  private static boolean isManifest(String name) {
    return name.equals(Attempt.nameOf(Manifest.FILE_NAME, Attempt.numberOf(name)));
  }

  static boolean isName(String folder) {
    return NAME.matcher(folder).matches();
  }

  /** The step that a folder is named for. */
  static long stepOf(String folder) {
    return Long.parseLong(folder.substring("step-".length()));
  }

  static String manifestOf(String folder, int attempt) {
    return folder + "/" + Attempt.nameOf(Manifest.FILE_NAME, attempt);
  }

  private List<String> folders(boolean complete) throws IOException {
    List<String> folders = new ArrayList<>();
    for (String name : storage.list("")) {
      if (isName(name) && isComplete(name) == complete) {
        folders.add(name);
      }
    }
    folders.sort(Comparator.comparingLong(Checkpoints::stepOf));
    return folders;
  }
}
