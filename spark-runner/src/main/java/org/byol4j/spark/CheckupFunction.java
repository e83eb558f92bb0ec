package org.byol4j.spark;

import java.io.Serializable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.tcp.JobSecret;
import org.byol4j.collective.tcp.TcpEndpoint;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.config.Configuration;
import org.byol4j.doctor.Checkup;
import org.byol4j.doctor.Finding;
import org.byol4j.doctor.Finding.Level;
import org.byol4j.train.ReplicaMemory;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/**
 * What a task does in the place of a replica: it looks at its machine, and then connects to the
 * others as replicas do, since who drops packets between two machines shows in no other way.
 */
final class CheckupFunction
    extends AbstractFunction1<Iterator<Integer>, Iterator<CheckupFunction.Report>>
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final long SESSION = 1;

  /** What a replica tells instead of its address if it has none. */
  private static final String NOWHERE = "nowhere";

  private static final String SUBJECT = "connections";

  private final String configuration;
  private final JobSecret secret;

  /**
   * What a task has found.
   *
   * @param gpu the address of the GPU that Spark gave to it; empty if none
   * @param now its machine's clock
   */
  record Report(
      int rank, String host, String executor, String gpu, Instant now, List<Finding> findings)
      implements Serializable {}

  /**
   * @param configuration the resolved configuration as text
   * @param secret what the tasks know each other by
   */
  CheckupFunction(String configuration, JobSecret secret) {
    this.configuration = configuration;
    this.secret = secret;
  }

  @Override
  public Iterator<Report> apply(Iterator<Integer> ranks) {
    BarrierTaskContext task = BarrierTaskContext.get();
    Configuration read =
        Configuration.ofText(configuration, "the driver's configuration", List.of());
    int replicas = task.numPartitions();
    String host = ReplicaLink.host();
    String gpu = ReplicaLink.gpu(task);
    long here = Stream.of(task.allGather(host)).filter(host::equals).count();
    Checkup.Place place =
        new Checkup.Place(host, (int) here, gpu, ReplicaImages.localFolder(SparkEnv.get().conf()));
    List<Finding> findings =
        new ArrayList<>(
            new Checkup(
                    read.compute(),
                    read.collective(),
                    read.exchange(),
                    replicas,
                    ReplicaMemory.of(
                        read.network(), read.train(), read.data().shards(), read.augment().size()),
                    place)
                .findings());
    if (replicas > 1) {
      findings.add(connections(task, host, read));
    }
    Report report =
        new Report(
            task.partitionId(), host, SparkEnv.get().executorId(), gpu, Instant.now(), findings);
    return JavaConverters.asScalaIterator(List.of(report).iterator());
  }

  /** Every task comes to the gather of addresses, also one that has none. */
  private Finding connections(BarrierTaskContext task, String host, Configuration read) {
    try (TcpEndpoint endpoint =
        TcpEndpoint.bind(
            InetAddress.getByName(host), read.collective(), () -> interruption(task))) {
      InetSocketAddress mine = endpoint.address();
      String[] all = task.allGather(mine.getAddress().getHostAddress() + " " + mine.getPort());
      return join(task, endpoint, List.of(all));
    } catch (UnknownHostException | CollectiveException | TlsKeysException e) {
      task.allGather(NOWHERE);
      return new Finding(SUBJECT, Level.FAULT, e.toString(), "what is said of ports and tls");
    }
  }

  private Finding join(BarrierTaskContext task, TcpEndpoint endpoint, List<String> all) {
    if (all.contains(NOWHERE)) {
      return new Finding(
          SUBJECT,
          Level.FAULT,
          "rank=%d cannot listen, no replica can connect to it".formatted(all.indexOf(NOWHERE)),
          "what is said of that replica's ports and tls");
    }
    try (Collective collective =
        endpoint.join(
            secret,
            SESSION,
            task.partitionId(),
            all.stream().map(ReplicaFunction::address).toList(),
            () -> interruption(task))) {
      return new Finding(
          SUBJECT, Level.FINE, "connected with all %d replicas".formatted(collective.size()), "");
    } catch (CollectiveException e) {
      return new Finding(
          SUBJECT,
          Level.FAULT,
          e.getMessage(),
          "open collective.ports between the machines; docs/operations.md explains the message");
    }
  }

  private static Optional<String> interruption(BarrierTaskContext task) {
    return task.isInterrupted() ? Optional.of("Spark has cancelled the task") : Optional.empty();
  }
}
