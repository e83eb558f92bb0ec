package org.byol4j.doctor;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.collective.tcp.TcpSettings;
import org.byol4j.collective.tcp.TlsKeys;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.collective.tcp.TlsSettings;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.HostMemory;
import org.byol4j.device.cuda.CudaInventory;
import org.byol4j.train.Devices;
import org.byol4j.train.ReplicaMemory;

/**
 * Looks at the machine that this process runs on, for replicas with given settings. Whatever is
 * missing becomes a finding; nothing is thrown.
 */
public final class Checkup {
  private static final long GIBIBYTE = 1L << 30;
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private final ComputeSettings compute;
  private final TcpSettings collective;
  private final CollectiveSettings exchange;
  private final int replicas;
  private final ReplicaMemory replica;
  private final Place place;

  /**
   * Where replicas are to run.
   *
   * @param host the name under which other replicas find this machine
   * @param replicas how many are here
   * @param gpu the address of the GPU that Spark gives to the one replica here; empty if it gives
   *     none
   * @param images the folder that images are copied or built into
   */
  public record Place(String host, int replicas, String gpu, Path images) {}

  /**
   * @param collective the connections between replicas
   * @param exchange what carries their gradients
   * @param replicas how many there are on all machines
   * @param replica what each takes of its machine's memory if it computes there
   * @param place this machine
   */
  public Checkup(
      ComputeSettings compute,
      TcpSettings collective,
      CollectiveSettings exchange,
      int replicas,
      ReplicaMemory replica,
      Place place) {
    this.compute = compute;
    this.collective = collective;
    this.exchange = exchange;
    this.replicas = replicas;
    this.replica = replica;
    this.place = place;
  }

  /** Looks, which takes some seconds; gives back all findings, in the order of dependence. */
  public List<Finding> findings() {
    SystemFiles files = SystemFiles.ofThisMachine();
    List<Finding> findings = new ArrayList<>(JavaCheck.findings(JavaCheck.Facts.ofThisProcess()));
    MemoryCheck.Facts memory = MemoryCheck.Facts.of(HostMemory.ofThisMachine());
    findings.addAll(
        Devices.areOnProcessors(compute)
            ? MemoryCheck.findings(memory, replica, place.replicas())
            : MemoryCheck.findings(memory));
    findings.addAll(
        ProcessorCheck.findings(
            ProcessorCheck.Facts.of(files),
            compute.threads(),
            place.replicas(),
            !compute.device().equals("cuda")));
    GpuCheck.Facts gpu = GpuCheck.Facts.ofThisMachine(place.gpu());
    findings.addAll(GpuCheck.findings(gpu, compute, place.gpu().isEmpty() ? place.replicas() : 1));
    findings.add(device(gpu));
    findings.addAll(betweenGpus());
    findings.addAll(folders());
    findings.addAll(network());
    findings.add(ClockCheck.finding(Instant.now()));
    return findings;
  }

  /** Opens the device, once nothing that it needs is known to be missing. */
  private Finding device(GpuCheck.Facts gpu) {
    String subject = "compute.device";
    if (compute.device().equals("cuda") && !gpu.isComplete()) {
      return Finding.fault(subject, "cuda cannot be opened", "what is said above");
    }
    try (Device device = Devices.open(compute, place.gpu())) {
      return Finding.fine(subject, text(device));
    } catch (RuntimeException | Error e) {
      // natives fail by all kinds of errors, and each is a finding
      return Finding.fault(
          subject,
          "%s cannot be opened: %s"
              .formatted(
                  compute.device(), e instanceof DeviceUnavailableException ? e.getMessage() : e),
          "what the message says, or another compute.device");
    }
  }

  private static String text(Device device) {
    return device.fingerprint().entrySet().stream()
        .map(fact -> fact.getKey() + "=" + fact.getValue())
        .collect(Collectors.joining(" "));
  }

  /** What NCCL needs, where it is asked for or may be used. */
  private List<Finding> betweenGpus() {
    boolean isOfUse =
        replicas > 1
            && compute.device().equals("cuda")
            && exchange.kind() != Kind.TCP
            && !exchange.isEncrypted();
    if (!isOfUse) {
      return List.of();
    }
    Finding library = GpuCheck.nccl(CudaInventory.nccl(), exchange.kind());
    return place.replicas() == 1
        ? List.of(library)
        : List.of(
            library,
            FolderCheck.finding(
                "shared memory",
                FolderCheck.Facts.of(SHARED_MEMORY),
                "GPUs of a machine exchange there by NCCL; in containers --shm-size=1g",
                GIBIBYTE / 2));
  }

  private List<Finding> folders() {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    return List.of(
        FolderCheck.finding(
            "temporary files",
            FolderCheck.Facts.of(temporary),
            "natives are unpacked there; another folder by -Djava.io.tmpdir",
            GIBIBYTE),
        FolderCheck.finding(
            "room for images",
            FolderCheck.Facts.of(place.images()),
            "images are kept there as they are encoded; another folder by spark.local.dir on"
                + " executors (or the cluster's own setting), by --out otherwise",
            GIBIBYTE));
  }

  private List<Finding> network() {
    if (replicas == 1) {
      return List.of(Finding.fine("ports", "a single replica listens nowhere"));
    }
    List<Finding> findings = new ArrayList<>();
    PortCheck.Facts ports = PortCheck.Facts.of(place.host(), collective, place.replicas());
    findings.add(
        PortCheck.finding(ports, collective, place.replicas(), place.replicas() < replicas));
    collective.tls().ifPresent(keys -> findings.add(keys(keys)));
    return findings;
  }

  private static Finding keys(TlsSettings keys) {
    try {
      TlsKeys.check(keys);
      return Finding.fine("tls", "keys can be read, connections are encrypted");
    } catch (TlsKeysException e) {
      return Finding.fault("tls", e.getMessage(), "keys where collective.tls says, or none at all");
    }
  }

  /**
   * Compares the clock of another machine with this one's.
   *
   * @param theirs what it showed between {@code before} and {@code after}
   * @param allowed how far it may be off
   */
  public static Finding clock(Instant theirs, Instant before, Instant after, Duration allowed) {
    return ClockCheck.comparison(theirs, before, after, allowed);
  }
}
