package org.byol4j.spark.input;

import java.util.Iterator;
import scala.Tuple2;

/** The values without their keys. */
public record Second<K, V>(Iterator<Tuple2<K, V>> pairs) implements Iterator<V> {

  @Override
  public boolean hasNext() {
    return pairs.hasNext();
  }

  @Override
  public V next() {
    return pairs.next()._2();
  }
}
