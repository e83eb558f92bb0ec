package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ImageSourceTest {
  @TempDir Path temp;

  /** Writes down what a source shows. */
  private static final class Recorder implements ImageSource.Visitor {
    final List<String> images = new ArrayList<>();
    final List<String> bad = new ArrayList<>();
    final Map<String, String> ignored = new TreeMap<>();

    @Override
    public void image(String path, long lengthBytes, ImageSource.Encoded file) {
      images.add(path);
    }

    @Override
    public void bad(String path, String reason) {
      bad.add(path);
    }

    @Override
    public void ignored(String path, String kind) {
      ignored.put(path, kind);
    }
  }

  private static Recorder read(Path path) {
    Recorder recorder = new Recorder();
    ImageSource.at(path).read(recorder);
    return recorder;
  }

  private Path folder(String... paths) {
    Map<String, byte[]> files = new TreeMap<>();
    for (String path : paths) {
      files.put(path, new byte[] {1});
    }
    return TestImages.folder(temp.resolve("data"), files);
  }

  @Test
  void imagesAreToldByExtensionInAnyCaseAndHiddenOnesArePassedOver() {
    Path root =
        folder(
            "a.jpg",
            "b.JPEG",
            "c.Png",
            "d.txt",
            "jpg",
            "e.jpg.bak",
            ".f.jpg",
            ".g/x.jpg",
            "deep/er/still/h.png",
            "deep/._h.png");
    assertThat(read(root).images)
        .containsExactly("a.jpg", "b.JPEG", "c.Png", "deep/er/still/h.png");
    assertThat(ImageSource.at(root).count()).isEqualTo(4);
  }

  @Test
  void linksAreFollowedButNotInCircles() throws IOException {
    Path root = folder("a/x.jpg");
    Path elsewhere = Files.createDirectories(temp.resolve("elsewhere"));
    Files.write(elsewhere.resolve("y.jpg"), new byte[] {1});
    Files.createSymbolicLink(root.resolve("linked"), elsewhere);
    Files.createSymbolicLink(root.resolve("a/z.jpg"), elsewhere.resolve("y.jpg"));
    Files.createSymbolicLink(root.resolve("a/up"), root);
    Files.createSymbolicLink(root.resolve("a/self.jpg"), Path.of("self.jpg"));
    Files.createSymbolicLink(root.resolve("a/gone.jpg"), Path.of("nowhere"));
    Recorder seen = read(root);
    assertThat(seen.images).containsExactly("a/x.jpg", "a/z.jpg", "linked/y.jpg");
    assertThat(seen.ignored)
        .containsOnly(
            Map.entry("a/gone.jpg", "dangling link"),
            Map.entry("a/self.jpg", "dangling link"),
            Map.entry("a/up/", "link to a folder above it"));
  }

  @Test
  void aFolderNamedLikeAnImageIsAFolder() {
    assertThat(read(folder("x.jpg/y.jpg")).images).containsExactly("x.jpg/y.jpg");
  }

  @Test
  void theFingerprintFollowsSizesTimesAndNames() throws IOException {
    Path root = folder("a/x.jpg", "a/y.jpg");
    String before = ImageSource.at(root).fingerprint();
    assertThat(ImageSource.at(root).fingerprint()).isEqualTo(before);
    Files.write(root.resolve("a/notes.txt"), new byte[] {1});
    assertThat(ImageSource.at(root).fingerprint()).isEqualTo(before);
    Files.move(root.resolve("a/x.jpg"), root.resolve("a/z.jpg"));
    assertThat(ImageSource.at(root).fingerprint()).isNotEqualTo(before);
  }

  @Test
  void whatIsNoRegularFileInAnArchiveIsHarmless() throws IOException {
    Path tar = temp.resolve("odd.tar");
    try (OutputStream file = Files.newOutputStream(tar);
        TarArchiveOutputStream out = new TarArchiveOutputStream(file)) {
      entry(out, new TarArchiveEntry("a/", TarConstants.LF_DIR));
      entry(out, new TarArchiveEntry("a/dir.jpg/", TarConstants.LF_DIR));
      TarArchiveEntry link = new TarArchiveEntry("a/passwd.jpg", TarConstants.LF_SYMLINK);
      link.setLinkName("/etc/passwd");
      entry(out, link);
      TarArchiveEntry hardLink = new TarArchiveEntry("a/hard.jpg", TarConstants.LF_LINK);
      hardLink.setLinkName("a/x.jpg");
      entry(out, hardLink);
      entry(out, new TarArchiveEntry("a/pipe.jpg", TarConstants.LF_FIFO));
      entry(out, new TarArchiveEntry("a/disk.jpg", TarConstants.LF_BLK));
      file(out, "../../outside.jpg");
      file(out, "a/../b/inside.jpg");
      file(out, "/absolute/y.jpg");
      file(out, ".//a/./x.jpg");
      file(out, "a/.hidden/x.jpg");
    }
    Recorder seen = read(tar);
    assertThat(seen.images).containsExactly("absolute/y.jpg", "a/x.jpg");
    assertThat(seen.ignored)
        .containsOnly(
            Map.entry("a/passwd.jpg", "link in an archive"),
            Map.entry("a/hard.jpg", "link in an archive"),
            Map.entry("a/pipe.jpg", "not a regular file"),
            Map.entry("a/disk.jpg", "not a regular file"),
            Map.entry("../../outside.jpg", "path with .."),
            Map.entry("a/../b/inside.jpg", "path with .."));
    assertThat(seen.bad).isEmpty();
  }

  @Test
  void longAndForeignNamesComeThroughAnArchive() throws IOException {
    String deep = "folder-with-a-long-name/".repeat(12) + "\u00fc\u4e2d.jpg";
    Path tar = temp.resolve("names.tar");
    try (OutputStream file = Files.newOutputStream(tar);
        TarArchiveOutputStream out = new TarArchiveOutputStream(file, "UTF-8")) {
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
      file(out, deep);
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      out.setAddPaxHeadersForNonAsciiNames(true);
      file(out, "posix/" + deep);
    }
    assertThat(read(tar).images).containsExactly(deep, "posix/" + deep);
  }

  /** Prints the hash of a folder's images; run by a Java that cannot express their names. */
  static final class HashPrinter {
    private HashPrinter() {}

    public static void main(String[] arguments) throws IOException {
      System.out.print(hash(Path.of(arguments[0]), Path.of(arguments[1])));
    }

    static String hash(Path source, Path store) {
      DataSettings settings = TestImages.SETTINGS;
      return ImageStore.open(ImageSource.at(source), store, settings, StoreProgress.NONE)
          .manifest()
          .hash();
    }
  }

  @Test
  @Timeout(60)
  void namesBeyondTheLocaleAreTakenAsTheyAre() throws IOException, InterruptedException {
    Path root = temp.resolve("data");
    TestImages.folder(
        root,
        Map.of(
            "\u00fc/\u4e2d.png", TestImages.png(1),
            "\u00fc/a.png", TestImages.png(2),
            "a/\u00df.jpg", TestImages.jpeg(3)));
    ProcessBuilder process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                HashPrinter.class.getName(),
                root.toString(),
                temp.resolve("store1").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    process.environment().put("LC_ALL", "C");
    Process child = process.start();
    String printed = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).isZero();
    assertThat(printed).isEqualTo(HashPrinter.hash(root, temp.resolve("store2")));
  }

  private static void entry(TarArchiveOutputStream out, TarArchiveEntry entry) throws IOException {
    out.putArchiveEntry(entry);
    out.closeArchiveEntry();
  }

  private static void file(TarArchiveOutputStream out, String path) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(path, true);
    entry.setSize(1);
    out.putArchiveEntry(entry);
    out.write(1);
    out.closeArchiveEntry();
  }
}
