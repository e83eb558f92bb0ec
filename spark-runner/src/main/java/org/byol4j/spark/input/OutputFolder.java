package org.byol4j.spark.input;

import java.io.IOException;
import java.util.regex.Pattern;
import org.byol4j.checkpoint.Storage;
import org.byol4j.data.DataException;

/**
 * A folder that one command writes, and nobody else.
 *
 * @param command which
 * @param ours the names of all that it leaves there, whether it has ended or not
 */
public record OutputFolder(Storage storage, String command, Pattern ours) {

  /**
   * Sees to it that nothing else lies there; files that are hidden do not count.
   *
   * @throws DataException if something does
   * @throws IOException if the folder cannot be listed
   */
  public void refuseOthers() throws IOException {
    for (String name : storage.list("")) {
      if (!ours.matcher(name).matches()) {
        throw new DataException(
            "%s holds %s: expected an empty folder, or one that %s has begun"
                .formatted(storage.describe(""), name, command));
      }
    }
  }
}
