package org.byol4j.spark;

import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.plugin.PluginContext;
import org.byol4j.collective.Collective;
import org.byol4j.collective.tcp.TcpEndpoint;
import org.byol4j.collective.tcp.TlsKeys;
import org.byol4j.config.Configuration;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.ReplicaTask;
import org.byol4j.train.RunStart;
import org.byol4j.train.RunSummary;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/**
 * What a task of the barrier stage does: it brings its images to its machine, finds the other
 * replicas, and runs its own. Rank 0 gives back how the run ended.
 */
final class ReplicaFunction extends AbstractFunction1<Iterator<Integer>, Iterator<ReplicaEnd>>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final RunOrder order;

  ReplicaFunction(RunOrder order) {
    this.order = order;
  }

  @Override
  public Iterator<ReplicaEnd> apply(Iterator<Integer> ranks) {
    BarrierTaskContext task = BarrierTaskContext.get();
    PluginContext driver = TrainingPlugin.ExecutorSide.context();
    try (ReplicaLink link = ReplicaLink.open(task, driver, order.session())) {
      try {
        Optional<RunSummary> end = run(task, InetAddress.getByName(ReplicaLink.host()), link);
        List<ReplicaEnd> ends = end.map(ReplicaEnd::of).stream().toList();
        link.ended(ends);
        return JavaConverters.asScalaIterator(ends.iterator());
      } catch (Exception | Error e) {
        // Spark throws what no signature says
        link.failed(e);
        throw FailedReplicaException.of(task.partitionId(), e);
      }
    }
  }

  private Optional<RunSummary> run(BarrierTaskContext task, InetAddress host, ReplicaLink link) {
    Configuration configuration = order.readConfiguration();
    RunStart start = order.start(configuration);
    TaskCancellation cancellation = new TaskCancellation(task);
    int replicas = task.numPartitions();
    if (replicas > 1) {
      // images may take their time
      configuration.collective().tls().ifPresent(TlsKeys::check);
    }
    // no replica waits in the group for another one's images
    ImageStore store =
        images(
            start,
            task.partitionId(),
            replicas,
            (done, total) -> copies(done, total, link, cancellation));
    if (replicas == 1) {
      link.together();
      return run(start, store, Collective.single(), link);
    }
    try (TcpEndpoint endpoint = TcpEndpoint.bind(host, configuration.collective(), cancellation)) {
      InetSocketAddress mine = endpoint.address();
      String[] all = task.allGather(mine.getAddress().getHostAddress() + " " + mine.getPort());
      try (Collective collective =
          endpoint.join(
              order.secret(),
              order.session(),
              task.partitionId(),
              Stream.of(all).map(ReplicaFunction::address).toList(),
              cancellation)) {
        cancellation.together();
        link.together();
        return run(start, store, collective, link);
      }
    }
  }

  /** What could not be read, or found no room, may be and may have some on another executor. */
  private static ImageStore images(RunStart start, int rank, int replicas, StoreProgress progress) {
    try {
      return ReplicaImages.open(start, rank, replicas, progress);
    } catch (UncheckedIOException e) {
      throw new LostReplicaException(
          "rank=%d cannot bring its images here: %s".formatted(rank, e.getMessage()), e);
    }
  }

  /** After each image: a driver that wants no more has the task cancelled. */
  private static void copies(
      long done, long total, ReplicaLink link, TaskCancellation cancellation) {
    link.copies(done, total);
    cancellation
        .get()
        .ifPresent(
            reason -> {
              throw new CancellationException(
                  "%s: %d of %d images were copied".formatted(reason, done, total));
            });
  }

  private static Optional<RunSummary> run(
      RunStart start, ImageStore store, Collective collective, ReplicaLink link) {
    try {
      return new ReplicaTask(start, store, collective, link.stop(), link, link.gpu()).run();
    } catch (RuntimeException | Error e) {
      // the driver learns of the reason before it learns of the consequences
      link.failed(e);
      collective.abort("replica rank=%d failed: %s".formatted(collective.rank(), e));
      throw e;
    }
  }

  /** What a replica has told of where it listens. */
  static InetSocketAddress address(String text) {
    List<String> parts = List.of(text.split(" "));
    return new InetSocketAddress(parts.get(0), Integer.parseInt(parts.get(1)));
  }
}
