package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStoreTest {
  private static final int SMALL_SEGMENT = 4000;

  @TempDir Path temp;
  private Map<String, byte[]> images;

  @BeforeEach
  void draw() {
    images = TestImages.set(20);
  }

  private ImageStore open(Path source, String folder) {
    return ImageStore.open(
        ImageSource.at(source),
        temp.resolve(folder),
        TestImages.SETTINGS,
        StoreProgress.NONE,
        SMALL_SEGMENT);
  }

  private static List<String> names(ImageStore store) {
    return IntStream.range(0, store.size()).mapToObj(store::name).toList();
  }

  private static byte[] bytes(ImageStore store, int id) {
    ByteBuffer encoded = store.reader().read(id);
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  @Test
  void folderTarAndGzippedTarGiveTheSameIdsBytesLabelsAndHash() {
    ImageStore folder = open(TestImages.folder(temp.resolve("data"), images), "store1");
    List<ImageStore> others =
        List.of(
            open(TestImages.tar(temp.resolve("a.tar"), "", images), "store2"),
            open(TestImages.tar(temp.resolve("b.tar"), "./", shuffled()), "store3"),
            open(TestImages.tar(temp.resolve("c.tar.gz"), "", shuffled()), "store4"),
            open(TestImages.tar(temp.resolve("d.TGZ"), "/", images), "store5"));
    assertThat(names(folder)).containsExactlyElementsOf(images.keySet());
    assertThat(folder.manifest().classes()).containsExactly("class0", "class1", "class2");
    assertThat(folder.manifest().segmentBytes()).hasSizeGreaterThan(3);
    for (ImageStore other : others) {
      assertThat(other.manifest().hash()).isEqualTo(folder.manifest().hash());
      assertThat(other.manifest().classes()).isEqualTo(folder.manifest().classes());
      assertThat(names(other)).isEqualTo(names(folder));
      for (int id = 0; id < folder.size(); id++) {
        assertThat(bytes(other, id)).isEqualTo(images.get(folder.name(id)));
        assertThat(other.label(id)).isEqualTo(folder.label(id));
      }
    }
  }

  /** The images in another order, as an archive may have them. */
  private Map<String, byte[]> shuffled() {
    List<String> paths = new ArrayList<>(images.keySet());
    Collections.shuffle(paths, new Random(3));
    Map<String, byte[]> shuffled = new LinkedHashMap<>();
    paths.forEach(path -> shuffled.put(path, images.get(path)));
    return shuffled;
  }

  @Test
  void idsFollowTheBytesOfWholePathsNotTheTree() {
    // '-' < '.' < '/' < '0', and U+FFFD is before U+10000 in UTF-8 but not in UTF-16
    List<String> paths =
        List.of("a-b/x.png", "a.png", "a/x.png", "a0/x.png", "b/\uFF00.png", "b/\uD800\uDC00.png");
    Map<String, byte[]> files = new HashMap<>();
    paths.forEach(path -> files.put(path, TestImages.png(files.size())));
    ImageStore folder = open(TestImages.folder(temp.resolve("data"), files), "store1");
    ImageStore tar = open(TestImages.tar(temp.resolve("a.tar"), "", files), "store2");
    assertThat(names(folder)).isEqualTo(paths);
    assertThat(names(tar)).isEqualTo(paths);
    assertThat(IntStream.range(0, 6).map(folder::label)).containsExactly(1, -1, 0, 2, 3, 3);
    assertThat(folder.manifest().classes()).containsExactly("a", "a-b", "a0", "b");
  }

  @Test
  void theHashChangesWithAPathOrAByte() {
    String before = open(TestImages.folder(temp.resolve("a"), images), "s1").manifest().hash();
    Map<String, byte[]> changed = new TreeMap<>(images);
    changed.put("class0/0.png", TestImages.png(99));
    String content = open(TestImages.folder(temp.resolve("b"), changed), "s2").manifest().hash();
    Map<String, byte[]> renamed = new TreeMap<>(images);
    renamed.put("class0/00.png", renamed.remove("class0/0.png"));
    String path = open(TestImages.folder(temp.resolve("c"), renamed), "s3").manifest().hash();
    assertThat(List.of(before, content, path)).doesNotHaveDuplicates();
  }

  @Test
  void ofTwoEntriesWithOnePathTheLastCounts() throws IOException {
    Path first = TestImages.tar(temp.resolve("first.tar"), "", images);
    Map<String, byte[]> update = Map.of("class0/0.png", TestImages.png(77));
    byte[] second = Files.readAllBytes(TestImages.tar(temp.resolve("second.tar"), "", update));
    // as tar --append does: the entries of the first without its end, and then the second
    byte[] all = Files.readAllBytes(first);
    int end = all.length;
    while (all[end - 1] == 0) {
      end--;
    }
    end = (end + 511) / 512 * 512;
    byte[] joined = Arrays.copyOf(all, end + second.length);
    System.arraycopy(second, 0, joined, end, second.length);
    ImageStore store = open(Files.write(temp.resolve("joined.tar"), joined), "store");
    assertThat(names(store)).containsExactlyElementsOf(images.keySet());
    assertThat(bytes(store, 0)).isEqualTo(TestImages.png(77));
  }

  @Test
  void aStoreIsUsedAgainWhileItsSourceIsUnchanged() throws IOException {
    Path source = TestImages.folder(temp.resolve("data"), images);
    List<Long> settled = new ArrayList<>();
    StoreProgress progress =
        (done, total) -> {
          assertThat(total).isEqualTo(20);
          settled.add(done);
        };
    ImageStore first =
        ImageStore.open(
            ImageSource.at(source), temp.resolve("store"), TestImages.SETTINGS, progress);
    assertThat(settled).hasSize(20).isSorted().endsWith(20L);
    ImageStore second =
        ImageStore.open(
            ImageSource.at(source), temp.resolve("store"), TestImages.SETTINGS, progress);
    assertThat(settled).hasSize(20);
    assertThat(second.manifest()).isEqualTo(first.manifest());

    Files.setLastModifiedTime(source.resolve("class1/1.jpg"), FileTime.fromMillis(1_000_000));
    ImageStore.open(ImageSource.at(source), temp.resolve("store"), TestImages.SETTINGS, progress);
    assertThat(settled).hasSize(40);
  }

  @Test
  void aStoreIsBuiltAnewForOtherLimits() {
    Path source = TestImages.folder(temp.resolve("data"), images);
    ImageStore all = open(source, "store");
    DataSettings fewerPixels = new DataSettings(0, 1, 400, 2, 2);
    ImageStore small =
        ImageStore.open(
            ImageSource.at(source), temp.resolve("store"), fewerPixels, StoreProgress.NONE);
    assertThat(small.size()).isLessThan(all.size()).isPositive();
    assertThat(small.manifest().bad()).containsOnlyKeys("too large");
    assertThatThrownBy(
            () ->
                ImageStore.open(
                    ImageSource.at(source),
                    temp.resolve("store"),
                    new DataSettings(0, 0.01, 400, 2, 2),
                    StoreProgress.NONE))
        .isInstanceOf(DataException.class);
  }

  @Test
  void aHalfBuiltStoreIsDiscardedWhereverTheCrashCame() throws IOException {
    Path source = TestImages.folder(temp.resolve("data"), images);
    String hash = open(source, "whole").manifest().hash();
    Path whole = temp.resolve("whole");
    List<String> files;
    try (var listed = Files.list(whole)) {
      files = listed.map(file -> file.getFileName().toString()).sorted().toList();
    }
    assertThat(files).contains("manifest.json", "index.bin", "names.bin", "images-00000.bin");
    for (String lost : files) {
      if (lost.equals("lock") || lost.equals("bad-images.tsv")) {
        continue;
      }
      for (boolean cut : new boolean[] {true, false}) {
        Path file = whole.resolve(lost);
        byte[] content = Files.readAllBytes(file);
        if (cut) {
          Files.write(file, Arrays.copyOf(content, content.length / 2));
        } else {
          Files.delete(file);
        }
        ImageStore again = open(source, "whole");
        assertThat(again.manifest().hash()).as("lost=%s cut=%s", lost, cut).isEqualTo(hash);
        assertThat(bytes(again, 7)).isEqualTo(images.get(again.name(7)));
      }
    }
  }

  @Test
  void foreignFilesInTheStoresFolderStay() throws IOException {
    Path foreign = Files.createDirectories(temp.resolve("store")).resolve("notes.txt");
    Files.writeString(foreign, "mine");
    open(TestImages.folder(temp.resolve("data"), images), "store");
    assertThat(foreign).hasContent("mine");
  }

  @Test
  void aFolderThatCannotBeWrittenIsWorthAnotherTry() throws IOException {
    Path source = TestImages.folder(temp.resolve("data"), images);
    Path file = Files.writeString(temp.resolve("occupied"), "a file, not a folder");
    assertThatThrownBy(() -> open(source, "occupied"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void aFullDiskIsWorthAnotherTryAndNamesTheFolder() throws IOException {
    Path source = TestImages.folder(temp.resolve("data"), images);
    Path folder = Files.createDirectories(temp.resolve("store"));
    // a device that is always full stands for the disk
    Files.createSymbolicLink(folder.resolve("images-00000.bin"), Path.of("/dev/full"));
    StoreFiles files = new StoreFiles(folder);
    assertThatThrownBy(
            () ->
                StoreBuilder.build(
                    ImageSource.at(source),
                    files,
                    TestImages.SETTINGS,
                    StoreProgress.NONE,
                    SMALL_SEGMENT))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("No space left on device");
    assertThat(files.present()).isEmpty();
  }
}
