package org.byol4j.spark.embed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.function.Function;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.CentreCrop;
import org.byol4j.config.Configuration;
import org.byol4j.image.ImageDecoder;
import org.byol4j.image.ImageException;

/**
 * Goes through items that hold encoded images, and makes their features: those that the kNN
 * evaluation sees, to the bit. A task's own thread decodes and crops; the network is that of the
 * JVM. For one thread; owns its decoder, and its share of the model.
 *
 * @param <T> the items, such as rows of a table
 */
public final class FeatureBatches<T>
    implements Iterator<FeatureBatches.Embedded<T>>, AutoCloseable {

  /** An item, and its features or why it has none. */
  public static final class Embedded<T> {
    private final T item;
    private final String fault;
    private final float[] features;

    private Embedded(T item, String fault, float[] features) {
      this.item = item;
      this.fault = fault;
      this.features = features;
    }

    /** The item itself, as it was taken. */
    public T item() {
      return item;
    }

    /** Why the image is bad; empty if it is good. */
    public String fault() {
      return fault;
    }

    /** The features of a good image; nothing of a bad one. */
    public float[] features() {
      return features;
    }
  }

  private final Iterator<T> items;
  private final Function<T, byte[]> bytesOf;
  private final SharedModels.Lease lease;
  private final ImageDecoder decoder;
  private final CentreCrop crop;
  private final FloatBuffer images;
  private final FloatBuffer features;
  private final int width;
  private final Queue<Embedded<T>> done = new ArrayDeque<>();

  /**
   * Begins.
   *
   * @param bytesOf an item's encoded image; no bytes stand for none
   */
  public FeatureBatches(SentModel model, Iterator<T> items, Function<T, byte[]> bytesOf) {
    this.items = items;
    this.bytesOf = bytesOf;
    Configuration settings = model.settings();
    AugmentSettings augment = settings.augment().withSize(settings.knn().imageSize());
    this.crop = new CentreCrop(augment);
    this.width = settings.network().features();
    this.images = direct(ModelLane.BATCH * crop.length());
    this.features = direct(ModelLane.BATCH * width);
    int cores = Runtime.getRuntime().availableProcessors();
    this.lease =
        SharedModels.ofThisJvm()
            .lease(model.id(), () -> new SharedModel(settings, model.values().value(), cores));
    // last: it has memory that only its owner frees
    this.decoder = new ImageDecoder(settings.data().maxPixels());
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(floats, Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  @Override
  public boolean hasNext() {
    if (done.isEmpty() && items.hasNext()) {
      fill();
    }
    return !done.isEmpty();
  }

  @Override
  public Embedded<T> next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no item is left");
    }
    return done.remove();
  }

  /** Takes as many items as a batch has rows, good and bad ones, and makes their features. */
  private void fill() {
    Queue<T> taken = new ArrayDeque<>();
    Queue<String> faults = new ArrayDeque<>();
    int rows = 0;
    while (taken.size() < ModelLane.BATCH && items.hasNext()) {
      T item = items.next();
      String fault = put(bytesOf.apply(item), rows);
      rows += fault.isEmpty() ? 1 : 0;
      taken.add(item);
      faults.add(fault);
    }
    if (rows > 0) {
      lease.model().run(images.clear(), features.clear());
    }
    features.clear();
    for (T item : taken) {
      String fault = faults.remove();
      float[] values = new float[fault.isEmpty() ? width : 0];
      features.get(values);
      done.add(new Embedded<>(item, fault, values));
    }
  }

  /** Puts an image into a row of the batch; says what is wrong with it, or nothing. */
  private String put(byte[] encoded, int at) {
    if (encoded.length == 0) {
      return "no bytes";
    }
    try {
      crop.make(decoder.decode(ByteBuffer.wrap(encoded)), images, at * crop.length());
      return "";
    } catch (ImageException e) {
      return e.getMessage();
    }
  }

  /** Frees the decoder; the model stays open while others use it, and for a while. */
  @Override
  public void close() {
    decoder.close();
    lease.close();
  }
}
