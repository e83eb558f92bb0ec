package org.byol4j.nn;

import java.util.function.Supplier;

/** A supplier that asks another one at most once and remembers the answer. */
final class Once<T> implements Supplier<T> {
  private final Supplier<T> source;
  private T value;

  private Once(Supplier<T> source) {
    this.source = source;
  }

  static <T> Once<T> of(Supplier<T> source) {
    return new Once<>(source);
  }

  @Override
  public T get() {
    if (value == null) {
      value = source.get();
    }
    return value;
  }
}
