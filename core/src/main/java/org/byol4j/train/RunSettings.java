package org.byol4j.train;

import java.util.List;
import java.util.function.Function;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.checkpoint.CheckpointSettings;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.data.DataSettings;
import org.byol4j.device.ComputeSettings;
import org.byol4j.eval.CollapseSettings;
import org.byol4j.eval.KnnSettings;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.TargetSettings;
import org.byol4j.paramserver.ParameterServerSettings;

/**
 * Everything that a training run is told.
 *
 * @param data where the images are: a path, or a URI that the launcher knows
 * @param out the run's folder
 * @param resume whether the newest checkpoint in {@code out} is continued
 * @param configuration the resolved configuration as text, kept in checkpoints
 * @param differences what of a checkpoint's configuration text forbids continuing it with this one
 */
public record RunSettings(
    String data,
    RunStorage out,
    Resume resume,
    TrainSettings train,
    DataSettings dataSettings,
    AugmentSettings augment,
    NetworkSettings network,
    OptimizerSettings optimizer,
    TargetSettings target,
    ParameterServerSettings server,
    CheckpointSettings checkpoint,
    KnnSettings knn,
    CollapseSettings collapse,
    ComputeSettings compute,
    CollectiveSettings collective,
    String configuration,
    Function<String, List<String>> differences) {

  /** What to do with checkpoints that are there already. */
  public enum Resume {
    /** Continue the newest complete one, or start if there is none. */
    AUTO,
    /** Start anew; a folder that holds a run already is refused. */
    NEVER
  }
}
