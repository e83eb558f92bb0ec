package org.byol4j.exchange;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Takes a backbone out of a file. */
public final class BackboneReader {
  private BackboneReader() {}

  /**
   * Fills the tensors from a file. What a classifier has besides is passed over: {@code fc.weight},
   * {@code fc.bias}, and {@code num_batches_tracked} of its normalizations.
   *
   * @param into the tensors that the file must have, all float32; filled when all were found
   * @throws ExchangeException naming the first that is missing, of another type or shape, or not
   *     finite, or a tensor of the file that has no place in the backbone
   */
  public static void read(BackboneFile file, List<NamedTensor> into) {
    Set<String> wanted = new HashSet<>();
    for (NamedTensor tensor : into) {
      file.expect(tensor.name(), tensor.shape());
      wanted.add(tensor.name());
    }
    for (String name : file.names()) {
      if (!wanted.contains(name) && !isPassedOver(name)) {
        throw new ExchangeException(
            "%s: %s has no place in the backbone, expected %d tensors such as %s"
                .formatted(
                    file.describe(),
                    SafetensorsHeader.shown(name),
                    into.size(),
                    into.get(0).name()));
      }
    }
    file.read(into);
    for (NamedTensor tensor : into) {
      if (tensor.name().endsWith(".running_var")) {
        checkVariances(file, tensor);
      }
    }
  }

  private static boolean isPassedOver(String name) {
    return name.equals("fc.weight")
        || name.equals("fc.bias")
        || name.endsWith(".num_batches_tracked");
  }

  private static void checkVariances(BackboneFile file, NamedTensor tensor) {
    for (int i = 0; i < tensor.values().limit(); i++) {
      if (tensor.values().get(i) < 0) {
        throw new ExchangeException(
            "%s: %s has value=%s, expected none below 0"
                .formatted(file.describe(), tensor.name(), tensor.values().get(i)));
      }
    }
  }
}
