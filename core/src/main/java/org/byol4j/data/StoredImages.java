package org.byol4j.data;

import org.byol4j.image.Image;
import org.byol4j.image.ImageDecoder;
import org.byol4j.image.ImageException;

/** Decodes images of a store, for one thread. */
final class StoredImages implements AutoCloseable {
  private final ImageStore store;
  private final ImageStore.Reader reader;
  private final ImageDecoder decoder;

  StoredImages(ImageStore store) {
    this.store = store;
    this.reader = store.reader();
    this.decoder = new ImageDecoder(store.manifest().maxPixels());
  }

  /**
   * The pixels of an image, valid until the next call.
   *
   * @throws DataException if it can no longer be decoded: its bytes have changed since the store
   *     was built
   */
  Image decode(int id) {
    try {
      return decoder.decode(reader.read(id));
    } catch (ImageException e) {
      throw new DataException(
          "an image that was good cannot be decoded: source=%s image=%s id=%d: %s"
              .formatted(store.manifest().source(), store.name(id), id, e.getMessage()),
          e);
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
