package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BadImagesTest {
  private static final DataSettings TOLERANT = new DataSettings(0, 0.5, 10_000, 2, 2);

  @TempDir Path temp;

  private ImageStore open(Path source, DataSettings settings) {
    return ImageStore.open(
        ImageSource.at(source), temp.resolve("store"), settings, StoreProgress.NONE);
  }

  private static byte[] cut(byte[] whole) {
    return Arrays.copyOf(whole, whole.length * 2 / 3);
  }

  private static Map<String, byte[]> withBadOnes() {
    Map<String, byte[]> files = new TreeMap<>(TestImages.set(20));
    byte[] corrupt = TestImages.png(1);
    corrupt[corrupt.length / 2] ^= 0x55;
    files.put("class0/corrupt.png", corrupt);
    files.put("class0/cut.jpg", cut(TestImages.jpeg(1)));
    files.put("class1/cut.png", cut(TestImages.png(1)));
    files.put("class1/empty.jpg", new byte[0]);
    files.put("class2/page.jpeg", "<html>404</html>".getBytes(StandardCharsets.UTF_8));
    files.put("class2/large.png", ImageEncoder.png(new Image(101, 100, new byte[101 * 100 * 3])));
    files.put("class2/notes.txt", new byte[] {1});
    return files;
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "data.tar", "data.tar.gz"})
  void badFilesAreCountedByReasonNamedAndWithoutIds(String name) throws IOException {
    Path source = temp.resolve(name);
    ImageStore store =
        open(
            name.contains("tar")
                ? TestImages.tar(source, "", withBadOnes())
                : TestImages.folder(source, withBadOnes()),
            TOLERANT);
    assertThat(store.size()).isEqualTo(20);
    assertThat(store.manifest().bad())
        .containsOnly(
            Map.entry("corrupt", 1),
            Map.entry("truncated", 2),
            Map.entry("empty", 1),
            Map.entry("unknown format", 1),
            Map.entry("too large", 1));
    assertThat(temp.resolve("store/bad-images.tsv"))
        .hasContent(
            """
            corrupt\tclass0/corrupt.png
            truncated\tclass0/cut.jpg
            truncated\tclass1/cut.png
            empty\tclass1/empty.jpg
            too large\tclass2/large.png
            unknown format\tclass2/page.jpeg
            """);
    ImageStore good =
        ImageStore.open(
            ImageSource.at(TestImages.folder(temp.resolve("good"), TestImages.set(20))),
            temp.resolve("goodstore"),
            TestImages.SETTINGS,
            StoreProgress.NONE);
    assertThat(store.manifest().hash()).isEqualTo(good.manifest().hash());
  }

  @Test
  void moreBadFilesThanToleratedIsAnErrorWithCountsAndNames() {
    Path source = TestImages.folder(temp.resolve("data"), withBadOnes());
    assertThatThrownBy(() -> open(source, new DataSettings(0, 0.2, 10_000, 2, 2)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("path=" + source)
        .hasMessageContaining("bad=6 of=26")
        .hasMessageContaining("truncated=2")
        .hasMessageContaining("class0/corrupt.png (corrupt)")
        .hasMessageContaining("at most 0.2 of them");
    assertThat(temp.resolve("store/bad-images.tsv")).content().hasLineCount(6);
    assertThat(temp.resolve("store/images-00000.bin")).doesNotExist();
  }

  @Test
  void exactlyAsManyBadFilesAsToleratedIsFine() {
    Map<String, byte[]> files = new TreeMap<>(TestImages.set(19));
    files.put("bad.jpg", new byte[0]);
    Path source = TestImages.folder(temp.resolve("data"), files);
    assertThat(open(source, new DataSettings(0, 0.05, 10_000, 2, 2)).size()).isEqualTo(19);
  }

  @Test
  void aSourceOfNothingButBadFilesIsAnErrorWhateverIsTolerated() {
    Path source = TestImages.folder(temp.resolve("data"), Map.of("a/x.jpg", new byte[0]));
    assertThatThrownBy(() -> open(source, new DataSettings(0, 1, 10_000, 2, 2)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("bad=1 of=1 reasons={empty=1}");
  }

  @Test
  void aMissingPathIsAnErrorThatNamesIt() {
    assertThatThrownBy(() -> ImageSource.at(temp.resolve("nowhere")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("nowhere");
  }

  @Test
  void anotherKindOfFileIsAnErrorThatNamesWhatIsExpected() throws IOException {
    Path zip = Files.write(temp.resolve("data.zip"), new byte[100]);
    assertThatThrownBy(() -> ImageSource.at(zip))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(zip.toString())
        .hasMessageContaining(".tar.gz");
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "data.tar", "data.tgz"})
  void aSourceWithoutImagesIsAnErrorThatNamesIt(String name) {
    Path source = temp.resolve(name);
    Map<String, byte[]> files = Map.of("a/notes.txt", new byte[] {1}, ".hidden/x.jpg", new byte[1]);
    Path path =
        name.contains(".") ? TestImages.tar(source, "", files) : TestImages.folder(source, files);
    assertThatThrownBy(() -> open(path, TOLERANT))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no images: path=" + path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"data.tar", "data.tar.gz"})
  void anArchiveThatIsCutAnywhereIsAnErrorThatNamesIt(String name) throws IOException {
    byte[] whole = Files.readAllBytes(TestImages.tar(temp.resolve(name), "", TestImages.set(5)));
    int end = whole.length;
    while (whole[end - 1] == 0) {
      end--;
    }
    int lastBlock = (end + 511) / 512 * 512;
    int[] lengths =
        name.endsWith("gz")
            ? new int[] {0, 1, 5, 30, whole.length / 2, whole.length - 9, whole.length - 1}
            : new int[] {0, 100, 512, 1000, end / 2, end - 1, lastBlock};
    for (int length : lengths) {
      Path path = Files.write(temp.resolve("cut-" + name), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> open(path, TOLERANT))
          .as("length=%d of=%d", length, whole.length)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("broken archive: path=" + path);
    }
  }

  @Test
  void anArchiveOfNoiseIsAnErrorThatNamesIt() throws IOException {
    byte[] noise = new byte[5000];
    new Random(1).nextBytes(noise);
    Path path = Files.write(temp.resolve("noise.tar"), noise);
    assertThatThrownBy(() -> open(path, TOLERANT))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("broken archive: path=" + path);
  }
}
