package org.byol4j.config;

import com.typesafe.config.ConfigObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.checkpoint.CheckpointSettings;
import org.byol4j.checkpoint.LeaseSettings;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.data.DataSettings;
import org.byol4j.device.ComputeSettings;
import org.byol4j.eval.CollapseSettings;
import org.byol4j.eval.KnnSettings;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.TargetSettings;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.train.ClusterSettings;
import org.byol4j.train.TrainSettings;

/**
 * All settings of a run, without faults: what the command line says, over a file, over the defaults
 * of {@code reference.conf}.
 *
 * @param resolved every key with its value and origin, sorted by key; without {@code
 *     cluster.spark}, which may hold secrets
 */
public record Configuration(
    TrainSettings train,
    DataSettings data,
    AugmentSettings augment,
    NetworkSettings network,
    OptimizerSettings optimizer,
    TargetSettings target,
    ParameterServerSettings server,
    CheckpointSettings checkpoint,
    LeaseSettings lease,
    KnnSettings knn,
    CollapseSettings collapse,
    ComputeSettings compute,
    ClusterSettings cluster,
    TcpSettings collective,
    CollectiveSettings exchange,
    List<ResolvedValue> resolved) {

  /** The defaults, and {@code assignments} over them, the last of a key first. */
  public static Configuration ofDefaults(List<Assignment> assignments) {
    return read(assigned(assignments));
  }

  /**
   * The settings of {@code file} and its includes, and {@code assignments} over them.
   *
   * @throws ConfigurationException with every fault that was found
   */
  public static Configuration ofFile(Path file, List<Assignment> assignments) {
    Sources sources = assigned(assignments);
    sources.addFile(file);
    return read(sources);
  }

  /**
   * The settings that {@link #text} wrote down, and {@code assignments} over them.
   *
   * @param origin where the text comes from, for faults
   * @throws ConfigurationException with every fault that was found
   */
  public static Configuration ofText(String text, String origin, List<Assignment> assignments) {
    Sources sources = assigned(assignments);
    sources.addText(text, origin);
    return read(sources);
  }

  /** The canonical form: two configurations mean the same if and only if their texts are equal. */
  public ConfigurationText text() {
    return ConfigurationText.of(resolved);
  }

  private static Sources assigned(List<Assignment> assignments) {
    List<Assignment> lastFirst = new ArrayList<>(assignments);
    Collections.reverse(lastFirst);
    Sources sources = new Sources();
    lastFirst.forEach(sources::addAssignment);
    return sources;
  }

  private static Configuration read(Sources sources) {
    ConfigObject root = sources.resolve();
    Values values = new Values(root);
    SettingsReader reader = new SettingsReader(values);
    TrainSettings train = reader.train();
    ComputeSettings compute = reader.compute();
    DataSettings data = reader.data(Contradictions.automaticShards(train), compute.threads());
    AugmentSettings augment = reader.augment();
    NetworkSettings network = reader.network();
    OptimizerSettings optimizer = reader.optimizer();
    TargetSettings target = reader.target();
    ParameterServerSettings server = reader.server(compute);
    CheckpointSettings checkpoint = reader.checkpoint();
    LeaseSettings lease = reader.lease();
    KnnSettings knn = reader.knn();
    CollapseSettings collapse = reader.collapse();
    ClusterSettings cluster = reader.cluster();
    CollectiveReader collectiveReader = new CollectiveReader(values);
    TcpSettings collective = collectiveReader.read();
    CollectiveSettings exchange = collectiveReader.exchange(collective, server);

    Contradictions contradictions = new Contradictions(values);
    contradictions.checkBatch(train, data);
    contradictions.checkWarmup(train, optimizer.warmupEpochs());
    contradictions.checkViews(augment);
    contradictions.checkPlaceOfViews(augment, compute);
    contradictions.checkWidth(network);
    contradictions.checkKnn(knn, network);
    contradictions.checkDevice(compute);
    contradictions.checkSharing(server, target);
    contradictions.checkExchange(exchange, compute, server);

    List<Fault> faults =
        new ArrayList<>(UnknownKeys.in(root, values.knownKeys(), values.openSections()));
    faults.addAll(values.faults());
    if (!faults.isEmpty()) {
      throw new ConfigurationException(faults);
    }
    return new Configuration(
        train,
        data,
        augment,
        network,
        optimizer,
        target,
        server,
        checkpoint,
        lease,
        knn,
        collapse,
        compute,
        cluster,
        collective,
        exchange,
        values.resolved());
  }
}
