package org.byol4j.spark.input;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.storage.StorageLevel;
import org.byol4j.data.ManifestHash;
import scala.Tuple2;

/**
 * Verdicts in the bytewise order of paths, spread over the cluster: what ids, hash and counts come
 * from. The driver sees counts, class names, and one partition of hashes at a time.
 */
final class Settlement implements AutoCloseable {
  private final JavaRDD<CheckedImage> sorted;

  /**
   * Sorts.
   *
   * @param checked all verdicts, in any order
   * @param partitions into how many parts the order is cut
   */
  Settlement(JavaRDD<CheckedImage> checked, int partitions) {
    this.sorted =
        checked
            .keyBy(CheckedImage::sortKey)
            .sortByKey(true, partitions)
            .mapPartitions(Settlement::withoutRepeats)
            .persist(StorageLevel.DISK_ONLY());
  }

  /** Of several images with one path, which follow each other, the last one of the source. */
  private static Iterator<CheckedImage> withoutRepeats(
      Iterator<Tuple2<String, CheckedImage>> images) {
    return new Iterator<>() {
      private CheckedImage next = images.hasNext() ? images.next()._2() : null;

      @Override
      public boolean hasNext() {
        return next != null;
      }

      @Override
      public CheckedImage next() {
        CheckedImage last = next;
        next = null;
        while (next == null && images.hasNext()) {
          CheckedImage other = images.next()._2();
          if (!other.path().equals(last.path())) {
            next = other;
          } else if (other.isAfter(last)) {
            last = other;
          }
        }
        return last;
      }
    };
  }

  /** How many files are bad, by reason. */
  Map<String, Integer> badByReason() {
    JavaPairRDD<String, Integer> reasons =
        sorted
            .filter(image -> !image.isGood())
            .mapToPair(image -> new Tuple2<>(image.fault(), 1))
            .reduceByKey(Integer::sum);
    return new TreeMap<>(reasons.collectAsMap());
  }

  /** The bad files in the order of paths, one partition in memory at a time. */
  Iterator<CheckedImage> bad() {
    return sorted.filter(image -> !image.isGood()).toLocalIterator();
  }

  /** How many good images each partition has. */
  List<Integer> goodByPartition() {
    return sorted
        .mapPartitions(
            images -> {
              int good = 0;
              while (images.hasNext()) {
                good += images.next().isGood() ? 1 : 0;
              }
              return List.of(good).iterator();
            })
        .collect();
  }

  /** The names of the classes of good images, in bytewise order. */
  List<String> classes() {
    List<byte[]> names = new ArrayList<>();
    sorted
        .filter(image -> image.isGood() && !image.className().isEmpty())
        .map(CheckedImage::className)
        .distinct()
        .collect()
        .forEach(name -> names.add(name.getBytes(StandardCharsets.UTF_8)));
    names.sort(Arrays::compareUnsigned);
    return names.stream().map(name -> new String(name, StandardCharsets.UTF_8)).toList();
  }

  /** The hash of all good images. */
  String hash() {
    ManifestHash hash = new ManifestHash();
    Iterator<byte[]> partitions = sorted.mapPartitions(Settlement::hashesOf).toLocalIterator();
    while (partitions.hasNext()) {
      addAll(partitions.next(), hash);
    }
    return hash.hex();
  }

  private static Iterator<byte[]> hashesOf(Iterator<CheckedImage> images) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    while (images.hasNext()) {
      CheckedImage image = images.next();
      if (image.isGood()) {
        byte[] path = image.path().getBytes(StandardCharsets.UTF_8);
        out.writeInt(path.length);
        out.write(path);
        out.writeUTF(image.sha256());
      }
    }
    return List.of(bytes.toByteArray()).iterator();
  }

  private static void addAll(byte[] hashes, ManifestHash to) {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(hashes));
    try {
      while (in.available() > 0) {
        byte[] path = in.readNBytes(in.readInt());
        to.add(path, HexFormat.of().parseHex(in.readUTF()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The good images with their ids.
   *
   * @param goodByPartition what {@link #goodByPartition} has counted
   */
  JavaRDD<Numbered> numbered(List<Integer> goodByPartition) {
    int[] firstIds = new int[goodByPartition.size()];
    for (int i = 1; i < firstIds.length; i++) {
      firstIds[i] = Math.addExact(firstIds[i - 1], goodByPartition.get(i - 1));
    }
    return sorted.mapPartitionsWithIndex(
        (partition, images) -> number(images, firstIds[partition]), true);
  }

  private static Iterator<Numbered> number(Iterator<CheckedImage> images, int firstId) {
    return new Iterator<>() {
      private int id = firstId;
      private CheckedImage next = advance();

      private CheckedImage advance() {
        while (images.hasNext()) {
          CheckedImage image = images.next();
          if (image.isGood()) {
            return image;
          }
        }
        return null;
      }

      @Override
      public boolean hasNext() {
        return next != null;
      }

      @Override
      public Numbered next() {
        Numbered numbered = new Numbered(id, next);
        id++;
        next = advance();
        return numbered;
      }
    };
  }

  @Override
  public void close() {
    sorted.unpersist();
  }
}
