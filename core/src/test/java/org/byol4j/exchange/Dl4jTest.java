package org.byol4j.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Stem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What plain Deeplearning4j makes of an exported backbone, and what is not imported. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class Dl4jTest {
  private static final int ROUNDS = 100;

  /** Of the first convolution. */
  private static final int CHANNELS = 4;

  @TempDir Path folder;
  private DrawnBackbone drawn;
  private Path file;

  @BeforeEach
  void export() {
    // narrow: it is packed, and damaged, many times
    double width = CHANNELS / 64.0;
    drawn =
        DrawnBackbone.of(NetworkSettings.Backbone.RESNET18, width, Stem.CIFAR, PaddingStyle.TORCH);
    file = export(drawn, "model.zip");
  }

  @Test
  void plainDeeplearning4jMakesOurFeatures() throws IOException, InterruptedException {
    List<String> files = new ArrayList<>();
    files.addAll(sample(NetworkSettings.Backbone.RESNET18, Stem.CIFAR, PaddingStyle.TORCH, 16, 3));
    files.addAll(sample(NetworkSettings.Backbone.RESNET18, Stem.CIFAR, PaddingStyle.SAME, 16, 1));
    files.addAll(
        sample(NetworkSettings.Backbone.RESNET50, Stem.IMAGENET, PaddingStyle.TORCH, 47, 2));
    // odd sizes are where SAME pads more at the end
    files.addAll(
        sample(NetworkSettings.Backbone.RESNET50, Stem.IMAGENET, PaddingStyle.SAME, 47, 2));
    files.addAll(
        sample(NetworkSettings.Backbone.RESNET34, Stem.IMAGENET, PaddingStyle.SAME, 48, 1));
    String jars =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> entry.endsWith(".jar") && !entry.contains("byol4j"))
            .collect(Collectors.joining(File.pathSeparator));
    Path script = Path.of("..", "docs", "exchange", "CompareDl4j.java");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                // it ends before more would pay
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                jars,
                script.toString()));
    command.addAll(files);
    Path said = folder.resolve("said.txt");

    Process plain =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(plain.waitFor(100, TimeUnit.SECONDS)).isTrue();
    } finally {
      plain.destroyForcibly();
    }

    assertThat(plain.exitValue()).as(Files.readString(said)).isZero();
    assertThat(Files.readString(said)).contains("relative distance ");
    assertThat(jars).contains("deeplearning4j-nn").doesNotContain("byol4j");
  }

  @Test
  void exportedBackboneIsReadAsItWas() {
    List<NamedTensor> read = blank();
    try (Dl4jFile opened = Dl4jFile.open(file)) {
      assertThat(opened.metadata()).containsEntry("key", "value");
      BackboneReader.read(opened, read);
    }

    for (int i = 0; i < read.size(); i++) {
      assertThat(read.get(i)).isEqualTo(drawn.tensors().get(i));
    }
  }

  @Test
  void variancesThatAreKeptAsLogarithmsAreRead() throws IOException {
    Map<String, byte[]> entries = entries(file);
    entries.put(
        "configuration.json",
        text(entries, "configuration.json")
            .replace("\"useLogStd\" : false", "\"useLogStd\" : true")
            .getBytes(StandardCharsets.UTF_8));
    NamedTensor variance =
        new NamedTensor("bn1.running_var", List.of(CHANNELS), FloatBuffer.allocate(CHANNELS));
    try (Dl4jFile opened = Dl4jFile.open(zip(entries))) {
      opened.read(List.of(variance));
    }

    NamedTensor kept =
        drawn.tensors().stream()
            .filter(tensor -> tensor.name().equals(variance.name()))
            .findFirst()
            .orElseThrow();
    for (int i = 0; i < CHANNELS; i++) {
      assertThat(variance.values().get(i))
          .isEqualTo((float) Math.pow(10, 2.0 * kept.values().get(i)));
    }
  }

  @Test
  void malformedFilesAreRefusedByName() throws IOException {
    Map<String, byte[]> good = entries(file);
    String configuration = text(good, "configuration.json");
    byte[] values = good.get("coefficients.bin");

    refuses("entry=../outside lies outside", with(good, "../outside", new byte[1]));
    refuses("entry=/etc/passwd lies outside", with(good, "/etc/passwd", new byte[1]));
    refuses("entry=configuration.json is missing", without(good, "configuration.json"));
    refuses("entry=coefficients.bin is missing", without(good, "coefficients.bin"));
    refuses("entry=configuration.json is not JSON", configured(good, "nonsense"));
    refuses("no graph", configured(good, "{}"));
    // 17 MiB of blanks, in a few KiB
    refuses("entry=configuration.json has more than", configured(good, " ".repeat(17 << 20)));
    refuses(
        "is of class=org.example.Layer",
        configured(
            good,
            configuration.replaceFirst(
                "org.deeplearning4j.nn.conf.layers.ConvolutionLayer", "org.example.Layer")));
    refuses(
        "conv1.weight has shape=[2000000000, 3, 3, 3]",
        "expected fewer than 2^31 values",
        configured(
            good, configuration.replaceFirst("\"nout\" : " + CHANNELS, "\"nout\" : 2000000000")));
    refuses(
        "conv1 has nout=-1",
        configured(good, configuration.replaceFirst("\"nout\" : " + CHANNELS, "\"nout\" : -1")));
    refuses(
        "conv1.weight comes twice",
        configured(
            good,
            configuration.replaceFirst("(\"topologicalOrderStr\" : \\[) ", "$1 \"conv1\", ")));
    refuses("damaged or cut short", with(good, "coefficients.bin", Arrays.copyOf(values, 100)));
    refuses(
        "damaged or cut short",
        with(good, "coefficients.bin", Arrays.copyOf(values, values.length - 1)));
    refuses(
        "coefficients.bin: more bytes",
        with(good, "coefficients.bin", Arrays.copyOf(values, values.length + 1)));
    refuses(
        "dtype=DOUBLE, expected FLOAT", with(good, "coefficients.bin", header("DOUBLE", count())));
    refuses("shape=[5, 1]", with(good, "coefficients.bin", header("FLOAT", 5)));
    refuses(
        "conv1.bias has no place",
        with(
            configured(
                good, configuration.replaceFirst("\"hasBias\" : false", "\"hasBias\" : true")),
            "coefficients.bin",
            header("FLOAT", count() + CHANNELS)));
    refuses(
        "layer1.0.conv1.weight is missing",
        configured(good, configuration.replace("layer1.0.conv1", "other")));
    assertThatThrownBy(() -> Dl4jFile.open(folder.resolve("no.zip")))
        .isInstanceOf(ExchangeException.class)
        .hasMessageEndingWith("no.zip: no such file");
    Files.write(file, new byte[100]);
    assertThatThrownBy(() -> Dl4jFile.open(file))
        .isInstanceOf(ExchangeException.class)
        .hasMessageContaining("not a zip");
  }

  @Test
  void damagedFileIsReadOrRefused() throws IOException {
    long seed = new SplittableRandom().nextLong();
    System.out.println("Dl4jTest seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    byte[] whole = Files.readAllBytes(file);
    Map<String, byte[]> parts = entries(file);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      if (round % 2 == 0) {
        Files.write(file, damaged(whole, random));
      } else {
        String name = round % 4 == 1 ? "configuration.json" : "coefficients.bin";
        file = zip(with(parts, name, damaged(parts.get(name), random)));
      }
      String again = "seed=%d round=%d".formatted(seed, round);
      refused += DamagedFile.isRefused(file, again, () -> read(file)) ? 1 : 0;
    }
    assertThat(refused).as("seed=%d", seed).isGreaterThan(ROUNDS / 4);
  }

  private void read(Path damaged) {
    try (Dl4jFile opened = Dl4jFile.open(damaged)) {
      BackboneReader.read(opened, blank());
    }
  }

  /** Half of the times near one end, where a zip's and the coefficients' descriptions are. */
  private static byte[] damaged(byte[] whole, SplittableRandom random) {
    byte[] bytes = whole.clone();
    int near = Math.min(400, bytes.length);
    int at =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt(near);
          case 1 -> bytes.length - 1 - random.nextInt(near);
          default -> random.nextInt(bytes.length);
        };
    switch (random.nextInt(3)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt(256);
      default -> bytes = Arrays.copyOf(bytes, random.nextInt(1, bytes.length + 100));
    }
    return bytes;
  }

  private Path export(DrawnBackbone backbone, String name) {
    try (Upload upload = new LocalStorage(folder).create(name)) {
      Dl4jWriter.write(backbone.tensors(), backbone.network(), Map.of("key", "value"), upload);
      upload.commit();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return folder.resolve(name);
  }

  /** A model and images with our features of them. */
  private List<String> sample(
      NetworkSettings.Backbone kind, Stem stem, PaddingStyle padding, int size, int batch)
      throws IOException {
    DrawnBackbone backbone = DrawnBackbone.of(kind, stem, padding);
    String name = "%s-%s-%s".formatted(kind, padding, size);
    SplittableRandom random = new SplittableRandom(7);
    float[] planes = new float[batch * 3 * size * size];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) (4 * random.nextDouble() - 2);
    }
    float[] features = backbone.features(planes, size, batch);
    Path images = folder.resolve(name + ".safetensors");
    SafetensorsBytes.write(
        images,
        List.of(
            new NamedTensor("images", List.of(batch, 3, size, size), FloatBuffer.wrap(planes)),
            new NamedTensor(
                "features",
                List.of(batch, backbone.network().features()),
                FloatBuffer.wrap(features))),
        Map.of());
    return List.of(export(backbone, name + ".zip").toString(), images.toString());
  }

  private List<NamedTensor> blank() {
    return drawn.tensors().stream()
        .map(
            tensor ->
                new NamedTensor(
                    tensor.name(),
                    tensor.shape(),
                    FloatBuffer.allocate(tensor.values().remaining())))
        .toList();
  }

  private int count() {
    return drawn.tensors().stream().mapToInt(tensor -> tensor.values().remaining()).sum();
  }

  private void refuses(String message, Map<String, byte[]> entries) throws IOException {
    refuses(message, "", entries);
  }

  private void refuses(String message, String more, Map<String, byte[]> entries)
      throws IOException {
    Path bad = zip(entries);
    assertThatThrownBy(() -> read(bad))
        .isInstanceOf(ExchangeException.class)
        .hasMessageStartingWith(bad.toString())
        .hasMessageContaining(message)
        .hasMessageContaining(more);
  }

  private static byte[] header(String type, int count) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(6);
    out.writeUTF("LONG");
    for (long number : new long[] {1, count, 1, 0x2000, 1, 'c'}) {
      out.writeLong(number);
    }
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(count);
    out.writeUTF(type);
    return bytes.toByteArray();
  }

  private static Map<String, byte[]> with(Map<String, byte[]> entries, String name, byte[] bytes) {
    Map<String, byte[]> more = new LinkedHashMap<>(entries);
    more.put(name, bytes);
    return more;
  }

  private static Map<String, byte[]> without(Map<String, byte[]> entries, String name) {
    Map<String, byte[]> fewer = new LinkedHashMap<>(entries);
    fewer.remove(name);
    return fewer;
  }

  private static Map<String, byte[]> configured(Map<String, byte[]> entries, String text) {
    return with(entries, "configuration.json", text.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(Map<String, byte[]> entries, String name) {
    return new String(entries.get(name), StandardCharsets.UTF_8);
  }

  private static Map<String, byte[]> entries(Path file) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(file.toFile())) {
      for (ZipEntry entry : java.util.Collections.list(zip.entries())) {
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    return entries;
  }

  private Path zip(Map<String, byte[]> entries) throws IOException {
    Path made = folder.resolve("made.zip");
    try (OutputStream out = Files.newOutputStream(made);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return made;
  }
}
