package org.byol4j.train;

import java.nio.FloatBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Floats;
import org.byol4j.checkpoint.Normalization;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.device.Device;
import org.byol4j.device.Tensor;
import org.byol4j.nn.Architecture;

/**
 * Moves the state of a run between a replica and a checkpoint. Weights and running statistics are
 * the same on every replica; the momentum is spread over them.
 */
final class RunState {
  private RunState() {}

  /** How checkpoints of this architecture are laid out. */
  static StateLayout layout(Architecture architecture) {
    List<Normalization> normalizations =
        architecture.onlineRunning().stream()
            .map(range -> new Normalization(range.name(), range.channels(), range.offset()))
            .toList();
    return new StateLayout(architecture.onlineTable(), normalizations);
  }

  /**
   * Copies the state out of a replica; meanwhile all others {@linkplain Replica#giveMomentum give
   * their momentum}.
   */
  static Map<Section, Floats> read(Replica replica, Device device) {
    float[] momentum = new float[replica.online().table().length()];
    replica.readMomentum(FloatBuffer.wrap(momentum));
    Map<Section, Floats> sections = new EnumMap<>(Section.class);
    sections.put(Section.WEIGHTS, copy(replica.online().weights(), device));
    sections.put(Section.TARGET, copy(replica.target().weights(), device));
    sections.put(Section.MOMENTUM, Floats.of(momentum));
    sections.put(Section.BATCHNORM_ONLINE, Floats.of(replica.online().running().clone()));
    sections.put(Section.BATCHNORM_TARGET, Floats.of(replica.target().running().clone()));
    return sections;
  }

  /** Reads every section of a checkpoint. */
  static Map<Section, float[]> load(Checkpoint checkpoint) {
    Map<Section, float[]> sections = new EnumMap<>(Section.class);
    for (Section section : Section.values()) {
      sections.put(section, checkpoint.values(section));
    }
    return sections;
  }

  /** Puts a state into a replica; all replicas call this in lockstep. */
  static void write(Map<Section, float[]> sections, Replica replica, Device device) {
    device.write(FloatBuffer.wrap(sections.get(Section.WEIGHTS)), replica.online().weights());
    device.write(FloatBuffer.wrap(sections.get(Section.TARGET)), replica.target().weights());
    replica.writeMomentum(FloatBuffer.wrap(sections.get(Section.MOMENTUM)));
    copy(sections.get(Section.BATCHNORM_ONLINE), replica.online().running());
    copy(sections.get(Section.BATCHNORM_TARGET), replica.target().running());
  }

  private static Floats copy(Tensor tensor, Device device) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    device.read(tensor, FloatBuffer.wrap(values));
    return Floats.of(values);
  }

  private static void copy(float[] from, float[] to) {
    System.arraycopy(from, 0, to, 0, to.length);
  }
}
