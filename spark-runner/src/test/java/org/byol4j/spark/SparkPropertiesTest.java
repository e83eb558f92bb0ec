package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.byol4j.train.ClusterSettings;
import org.junit.jupiter.api.Test;

class SparkPropertiesTest {
  private static final String DYNAMIC_ALLOCATION = "spark.dynamicAllocation.enabled";

  private static final String CLUSTER = "spark://host:7077";

  private final SparkConf submitted = new SparkConf(false);

  @Test
  void masterIsTheCommandLinesThenTheConfigurationsThenTheSubmittersThenEmbedded() {
    assertThat(of("", "", Map.of()).get("spark.master")).isEqualTo("local[3]");
    submitted.setMaster("spark://submitted:7077");
    assertThat(of("", "", Map.of()).get("spark.master")).isEqualTo("spark://submitted:7077");
    assertThat(of("", CLUSTER, Map.of()).get("spark.master")).isEqualTo(CLUSTER);
    assertThat(of("local[8]", CLUSTER, Map.of()).get("spark.master")).isEqualTo("local[8]");
  }

  @Test
  void embeddedSparkIsSeenByNobodyElse() {
    SparkConf conf = of("", "", Map.of());

    assertThat(conf.get("spark.ui.enabled")).isEqualTo("false");
    assertThat(conf.get("spark.driver.host")).isEqualTo("127.0.0.1");
    assertThat(conf.get("spark.driver.bindAddress")).isEqualTo("127.0.0.1");
    assertThat(of("", "", Map.of("ui.enabled", "true")).get("spark.ui.enabled")).isEqualTo("true");
  }

  @Test
  void sparkInThisProcessWantsASecretThatStandsNowhere() {
    for (String master : List.of("", "local", "local[2]")) {
      SparkConf conf = of(master, "", Map.of());
      assertThat(conf.get("spark.authenticate")).as(master).isEqualTo("true");
      assertThat(conf.contains("spark.authenticate.secret")).isFalse();
    }
    // elsewhere it is the cluster's to say
    assertThat(of(CLUSTER, "", Map.of()).contains("spark.authenticate")).isFalse();
    assertThat(of("", "", Map.of("authenticate", "false")).get("spark.authenticate"))
        .isEqualTo("false");
  }

  @Test
  void executorHoldsOneReplica() {
    SparkConf conf = of(CLUSTER, "", Map.of());
    assertThat(conf.get("spark.executor.cores")).isEqualTo("2");
    assertThat(conf.get("spark.task.cpus")).isEqualTo("2");
    assertThat(conf.get("spark.executor.instances")).isEqualTo("3");
    assertThat(conf.get("spark.cores.max")).isEqualTo("6");

    SparkConf wider = of(CLUSTER, "", Map.of("executor.cores", "4"));
    assertThat(wider.get("spark.task.cpus")).isEqualTo("4");
    assertThat(of("local-cluster[3, 1, 1024]", "", Map.of()).get("spark.task.cpus")).isEqualTo("1");
  }

  @Test
  void jobOfPlainTasksTakesWhatTheClusterGives() {
    ClusterSettings cluster = new ClusterSettings(CLUSTER, 3, Map.of());
    SparkConf conf = SparkProperties.ofTasks("", cluster, submitted, 8);

    assertThat(conf.get("spark.master")).isEqualTo(CLUSTER);
    for (String limit : List.of("cores.max", "executor.instances", "executor.cores", "task.cpus")) {
      assertThat(conf.contains("spark." + limit)).as(limit).isFalse();
    }
    assertThat(conf.get("spark.executor.extraJavaOptions")).contains("maxPhysicalBytes=0");
    assertThat(SparkProperties.ofTasks("local[5]", cluster, submitted, 8).get("spark.master"))
        .isEqualTo("local[5]");
  }

  @Test
  void propertiesOfTheConfigurationWinOverTheSubmitters() {
    submitted.set("spark.executor.memory", "1g").set("spark.executor.cores", "8");

    SparkConf conf = of(CLUSTER, "", Map.of("executor.memory", "6g"));

    assertThat(conf.get("spark.executor.memory")).isEqualTo("6g");
    assertThat(conf.get("spark.executor.cores")).isEqualTo("8");
  }

  @Test
  void optionsOfExecutorsAndPluginsAreJoined() {
    submitted.set("spark.plugins", "a.Plugin");

    SparkConf conf = of(CLUSTER, "", Map.of("executor.extraJavaOptions", "-Dx=y"));

    assertThat(conf.get("spark.executor.extraJavaOptions"))
        .contains("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0")
        .endsWith(" -Dx=y");
    assertThat(conf.get("spark.plugins")).isEqualTo("a.Plugin,org.byol4j.spark.TrainingPlugin");
  }

  @Test
  void recordsTravelByJavasSerializationWhateverTheUserSays() {
    String kryo = "org.apache.spark.serializer.KryoSerializer";
    submitted.set("spark.serializer", kryo);

    assertThat(of(CLUSTER, "", Map.of()).get("spark.serializer"))
        .isEqualTo("org.apache.spark.serializer.JavaSerializer");
    assertThatThrownBy(() -> SparkProperties.refuseKryo(submitted))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("spark.serializer=" + kryo + ": ");
    SparkProperties.refuseKryo(new SparkConf(false));
  }

  @Test
  void dynamicAllocationOfTheClustersDefaultsIsSwitchedOff() {
    submitted.set(DYNAMIC_ALLOCATION, "true");

    SparkConf conf =
        SparkProperties.of(
            CLUSTER, settings("", Map.of()), submitted, Map.of(DYNAMIC_ALLOCATION, "true"), 3, 2);

    assertThat(conf.get(DYNAMIC_ALLOCATION)).isEqualTo("false");
  }

  @Test
  void dynamicAllocationOfTheUserIsRefused() {
    assertThatThrownBy(() -> of(CLUSTER, "", Map.of("dynamicAllocation.enabled", "true")))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith(DYNAMIC_ALLOCATION + "=true: ");
    submitted.set(DYNAMIC_ALLOCATION, "true");
    assertThatThrownBy(() -> of(CLUSTER, "", Map.of())).isInstanceOf(ClusterException.class);
  }

  @Test
  void mastersThatSparkHasAreTaken() {
    for (String master :
        List.of(
            "local",
            "local[*]",
            "local[2, 3]",
            "local-cluster[2, 1, 1024]",
            "spark://a:7077,b:7077")) {
      assertThat(of(master, "", Map.of()).get("spark.master")).isEqualTo(master);
    }
  }

  @Test
  void masterThatSparkDoesNotHaveHereIsRefusedByTheNameOfWhoSaidSo() {
    for (String master :
        List.of(
            "foo",
            "local[0]",
            "local[x]",
            "local-cluster[2,1]",
            "local-cluster[0,1,1024]",
            "mesos://x:1",
            "spark://host",
            "yarn",
            "k8s://https://api:6443")) {
      assertThatThrownBy(() -> of(master, "", Map.of()))
          .as(master)
          .isInstanceOf(ClusterException.class)
          .hasMessageStartingWith("--master=%s: expected local[N], ".formatted(master));
    }
    assertThatThrownBy(() -> of("", "foo", Map.of()))
        .hasMessageStartingWith("cluster.master=foo: ");
    submitted.setMaster("foo");
    assertThatThrownBy(() -> of("", "", Map.of())).hasMessageStartingWith("spark.master=foo: ");
    assertThatThrownBy(() -> SparkProperties.ofTasks("foo", settings("", Map.of()), submitted, 8))
        .hasMessageStartingWith("--master=foo: ");
  }

  @Test
  void localClusterWithTooLittleMemoryForItsExecutorsIsRefused() {
    assertThatThrownBy(() -> of("local-cluster[2,1,100]", "", Map.of()))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith(
            "--master=local-cluster[2,1,100]: MiB=100 for an executor with spark.executor.memory=1024 MiB");
    of("local-cluster[2,1,100]", "", Map.of("executor.memory", "100m"));
  }

  @Test
  void valuesThatSparkCannotReadAreAllRefusedByTheirKeys() {
    Map<String, String> spark =
        Map.of("task.cpus", "abc", "executor.memory", "lots", "hadoop.fs.x.impl", "any", "my", "1");

    assertThatThrownBy(() -> of(CLUSTER, "", spark))
        .isInstanceOf(ClusterException.class)
        .message()
        .satisfies(
            message ->
                assertThat(message.lines())
                    .hasSize(2)
                    .anyMatch(line -> line.startsWith("cluster.spark.executor.memory=lots: "))
                    .anyMatch(
                        line ->
                            line.equals(
                                "cluster.spark.task.cpus=abc: spark.task.cpus should be int, but was abc")));
  }

  private SparkConf of(String commandLine, String master, Map<String, String> spark) {
    return SparkProperties.of(commandLine, settings(master, spark), submitted, Map.of(), 3, 2);
  }

  private static ClusterSettings settings(String master, Map<String, String> spark) {
    return new ClusterSettings(master, 3, spark);
  }
}
