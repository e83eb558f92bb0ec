package org.byol4j.spark;

import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.util.SignalUtils;

/**
 * Carries what replicas tell to the driver, and registers there what has been measured with Spark's
 * metrics. Spark makes it, by its name in {@code spark.plugins}.
 */
public final class TrainingPlugin implements SparkPlugin {

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverSide();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorSide();
  }

  /** Hands messages to the mailbox of its application. */
  private static final class DriverSide implements DriverPlugin {
    private final Mailbox mailbox = new Mailbox();

    @Override
    public void registerMetrics(String applicationId, PluginContext context) {
      mailbox.open(applicationId);
      mailbox.metrics().register(context.metricRegistry());
    }

    @Override
    public Object receive(Object message) {
      return mailbox.receive((ReplicaMessage) message);
    }

    @Override
    public void shutdown() {
      mailbox.close();
    }
  }

  /** Keeps the way to the driver for the tasks of this process. */
  static final class ExecutorSide implements ExecutorPlugin {
    /** How the master is called whose executors are processes of the driver's own. */
    private static final String LOCAL_CLUSTER = "local-cluster";

    // Spark makes the plugin and the tasks, and gives neither to the other
    private static volatile PluginContext current;

    @Override
    public void init(PluginContext context, Map<String, String> extra) {
      current = context;
      if (context.conf().get("spark.master", "").startsWith(LOCAL_CLUSTER)) {
        // Ctrl-C reaches all processes of a terminal: the driver then asks replicas to stop
        SignalUtils.register("INT", () -> true);
      }
    }

    /**
     * The way to the driver.
     *
     * @throws IllegalStateException if Spark was not told of the plugin
     */
    static PluginContext context() {
      PluginContext context = current;
      if (context == null) {
        throw new IllegalStateException(
            "this executor has no %s, expected it in spark.plugins"
                .formatted(TrainingPlugin.class.getName()));
      }
      return context;
    }
  }
}
