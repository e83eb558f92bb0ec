package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StartedSparkTest {
  @Test
  void whatSparkRefusesIsTheUsersAndLeavesNoSpark() {
    SparkConf conf = conf().setMaster("local-cluster[1,1,1024]").set("spark.task.cpus", "2");

    assertThatThrownBy(() -> StartedSpark.with(conf.set("spark.executor.cores", "1")))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("Spark does not start: spark.master=local-cluster[1,1,1024]: ")
        .hasMessageEndingWith("cpus per task = 2.");
    assertThat(SparkEnv.get()).isNull();
  }

  @Test
  void portThatIsTakenIsWorthRetrying() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    try (ServerSocket taken = new ServerSocket(0, 1, here)) {
      SparkConf conf =
          conf()
              .setMaster("local[1]")
              .set("spark.driver.host", here.getHostAddress())
              .set("spark.driver.bindAddress", here.getHostAddress())
              .set("spark.driver.port", Integer.toString(taken.getLocalPort()))
              .set("spark.port.maxRetries", "0");

      assertThatThrownBy(() -> StartedSpark.with(conf))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("Address already in use");
    }
  }

  @Test
  void nobodyWaitsForSlotsOfASparkThatHasEnded() {
    SparkContext spark = new SparkContext(conf().setMaster("local[1]"));
    spark.stop();
    Slots slots = new Slots(spark, new LostExecutors(), new StopSignal(), RunObserver.NONE);

    assertThatThrownBy(() -> slots.await(1, Duration.ofSeconds(30)))
        .isInstanceOf(NoSlotsException.class)
        .hasMessageStartingWith("Spark has ended by itself: spark.master=local[1], ");
  }

  private static SparkConf conf() {
    return new SparkConf(false).setAppName("refused").set("spark.ui.enabled", "false");
  }
}
