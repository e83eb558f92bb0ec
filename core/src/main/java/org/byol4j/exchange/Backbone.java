package org.byol4j.exchange;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Normalization;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.parameters.Slice;

/**
 * The part of an online network's state that is its backbone, as tensors with torchvision's names:
 * parameters, and per normalization {@code running_mean} and {@code running_var}.
 */
public final class Backbone {
  private static final String PREFIX = "backbone.";

  private Backbone() {}

  /**
   * The online backbone of a checkpoint.
   *
   * @throws org.byol4j.checkpoint.CheckpointException if the checkpoint is damaged
   */
  public static List<NamedTensor> of(Checkpoint checkpoint) {
    return in(
        checkpoint.manifest().layout(),
        checkpoint.values(Section.WEIGHTS),
        checkpoint.values(Section.BATCHNORM_ONLINE));
  }

  /**
   * The backbone in the state of an online network. The tensors' values are views: what is put into
   * them is put into the state.
   *
   * @param weights all parameters of the network
   * @param running all running statistics of the network
   */
  public static List<NamedTensor> in(StateLayout layout, float[] weights, float[] running) {
    List<NamedTensor> tensors = new ArrayList<>();
    for (Slice slice : layout.parameters().slices()) {
      if (slice.name().startsWith(PREFIX)) {
        tensors.add(
            new NamedTensor(
                nameOf(slice.name()),
                slice.shape(),
                view(weights, slice.offset(), slice.length())));
      }
    }
    for (Normalization norm : layout.normalizations()) {
      if (norm.name().startsWith(PREFIX)) {
        String name = nameOf(norm.name());
        List<Integer> shape = List.of(norm.channels());
        tensors.add(
            new NamedTensor(
                name + ".running_mean", shape, view(running, norm.offset(), norm.channels())));
        tensors.add(
            new NamedTensor(
                name + ".running_var",
                shape,
                view(running, norm.offset() + norm.channels(), norm.channels())));
      }
    }
    return tensors;
  }

  private static String nameOf(String inNetwork) {
    return inNetwork.substring(PREFIX.length());
  }

  private static FloatBuffer view(float[] values, long offset, int length) {
    return FloatBuffer.wrap(values, Math.toIntExact(offset), length).slice();
  }
}
