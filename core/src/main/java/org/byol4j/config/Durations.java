package org.byol4j.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Lengths of time as a configuration writes them. */
final class Durations {
  private Durations() {}

  /** Reads a number with a unit; one without is refused, since nobody would know its unit. */
  static Optional<Duration> parse(ConfigValue value) {
    if (value.valueType() != ConfigValueType.STRING
        || ((String) value.unwrapped()).chars().noneMatch(Character::isLetter)) {
      return Optional.empty();
    }
    try {
      return Optional.of(value.atKey("value").getDuration("value"));
    } catch (ConfigException e) {
      return Optional.empty();
    }
  }

  /** The canonical form: a whole number of the largest unit that allows it. */
  static String text(Duration duration) {
    return inWhole(duration, ChronoUnit.HOURS, "h")
        .or(() -> inWhole(duration, ChronoUnit.MINUTES, "m"))
        .or(() -> inWhole(duration, ChronoUnit.SECONDS, "s"))
        .or(() -> inWhole(duration, ChronoUnit.MILLIS, "ms"))
        .or(() -> inWhole(duration, ChronoUnit.MICROS, "us"))
        .orElseGet(() -> duration.toNanos() + " ns");
  }

  private static Optional<String> inWhole(Duration duration, ChronoUnit unit, String name) {
    long nanos = unit.getDuration().toNanos();
    return duration.isZero() || duration.toNanos() % nanos != 0
        ? Optional.empty()
        : Optional.of(duration.toNanos() / nanos + " " + name);
  }
}
