package org.byol4j.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Typed values of a resolved configuration. A fault does not stop the reading: it is kept, and
 * something else is returned in the place of the value, so that all faults are found in one go.
 */
final class Values {
  private static final String AUTO = "auto";
  private static final int LONGEST_SHOWN = 60;

  private final ConfigObject root;
  private final SortedMap<String, ResolvedValue> accepted = new TreeMap<>();
  private final Set<String> refused = new HashSet<>();
  private final Set<String> openSections = new HashSet<>();
  private final List<Fault> faults = new ArrayList<>();
  private final Set<ConfigValue> reported = Collections.newSetFromMap(new IdentityHashMap<>());

  Values(ConfigObject root) {
    this.root = root;
  }

  int integer(String key, int min, int max) {
    return (int) integer(key, (long) min, (long) max);
  }

  long integer(String key, long min, long max) {
    String allowed = integersBetween(min, max);
    Optional<BigDecimal> number = scalar(key).flatMap(Values::decimal).filter(Values::isInteger);
    if (number.isEmpty()) {
      return refuse(key, "is not an integer", allowed, min);
    }
    if (number.get().compareTo(BigDecimal.valueOf(min)) < 0
        || number.get().compareTo(BigDecimal.valueOf(max)) > 0) {
      return refuse(key, "is out of range", allowed, min);
    }
    long value = number.get().longValueExact();
    return accept(key, Long.toString(value), value);
  }

  /** An integer; {@code auto} stands for {@code automatic}. */
  int integerOrAuto(String key, int min, int max, int automatic) {
    Optional<ConfigValue> value = scalar(key);
    if (value.isPresent() && text(value.get()).equals(AUTO)) {
      accept(key, AUTO, automatic);
      resolveAuto(key, Integer.toString(automatic));
      return automatic;
    }
    if (value.flatMap(Values::decimal).isEmpty()) {
      return refuse(
          key, "is not an integer", integersBetween(min, max) + ", or " + AUTO, automatic);
    }
    return integer(key, min, max);
  }

  double number(String key, Interval interval) {
    String allowed = "a number " + interval;
    Optional<BigDecimal> number = scalar(key).flatMap(Values::decimal);
    if (number.isEmpty()) {
      return refuse(key, "is not a number", allowed, interval.low());
    }
    double value = number.get().doubleValue();
    if (!interval.contains(value)) {
      return refuse(key, "is out of range", allowed, interval.low());
    }
    return accept(key, Double.toString(value), value);
  }

  /** A number; {@code auto}, which stands in the text as it is, is {@code automatic}. */
  double numberOrAuto(String key, Interval interval, double automatic) {
    Optional<ConfigValue> value = scalar(key);
    if (value.isPresent() && text(value.get()).equals(AUTO)) {
      return accept(key, AUTO, automatic);
    }
    if (value.flatMap(Values::decimal).isEmpty()) {
      return refuse(
          key, "is not a number", "a number %s, or %s".formatted(interval, AUTO), automatic);
    }
    return number(key, interval);
  }

  /** A list of exactly {@code count} numbers. */
  List<Double> numbers(String key, int count, Interval interval) {
    String allowed = "a list of %d numbers %s".formatted(count, interval);
    Optional<ConfigValue> value = find(key);
    if (value.isEmpty() || !(value.get() instanceof ConfigList list)) {
      return refuse(key, "is not a list", allowed, List.of());
    }
    List<Double> numbers =
        list.stream()
            .flatMap(element -> decimal(element).stream())
            .map(BigDecimal::doubleValue)
            .toList();
    if (numbers.size() < list.size()) {
      return refuse(key, "has elements that are no numbers", allowed, List.of());
    }
    if (numbers.size() != count || !numbers.stream().allMatch(interval::contains)) {
      return refuse(key, "is out of range", allowed, List.of());
    }
    return accept(key, numbers.toString(), numbers);
  }

  /** A length of time with its unit, as in {@code 10 s}. */
  Duration duration(String key, Duration min, Duration max) {
    String allowed = "a duration from %s to %s".formatted(Durations.text(min), Durations.text(max));
    Optional<Duration> duration = scalar(key).flatMap(Durations::parse);
    if (duration.isEmpty()) {
      return refuse(key, "is not a duration", allowed, min);
    }
    if (duration.get().compareTo(min) < 0 || duration.get().compareTo(max) > 0) {
      return refuse(key, "is out of range", allowed, min);
    }
    return accept(key, Durations.text(duration.get()), duration.get());
  }

  boolean flag(String key) {
    String text = scalar(key).map(Values::text).orElse("");
    if (!text.equals("true") && !text.equals("false")) {
      return refuse(key, "is neither true nor false", "true, false", false);
    }
    return accept(key, text, text.equals("true"));
  }

  /** Any string; quoted where it is written down, as it may hold what HOCON gives a meaning. */
  String quoted(String key) {
    Optional<ConfigValue> value = scalar(key);
    if (value.isEmpty()) {
      return refuse(key, "is not a string", "a string", "");
    }
    String text = text(value.get());
    return accept(key, ConfigUtil.quoteString(text), text);
  }

  /**
   * Whatever stands in a section, by the part of its key behind the section's; it is not among the
   * {@link #resolved} values.
   */
  Map<String, String> section(String key) {
    openSections.add(key);
    Map<String, String> contents = new TreeMap<>();
    Optional<ConfigValue> value = find(key);
    if (value.isPresent() && value.get() instanceof ConfigObject object) {
      collect(key, "", object, contents);
      return contents;
    }
    return refuse(key, "is not a section", "a section, { name = value }", contents);
  }

  private void collect(
      String key, String prefix, ConfigObject object, Map<String, String> contents) {
    for (Map.Entry<String, ConfigValue> entry : new TreeMap<>(object).entrySet()) {
      String name = prefix + entry.getKey();
      ConfigValue value = entry.getValue();
      if (value instanceof ConfigObject inner) {
        collect(key, name + ".", inner, contents);
      } else if (value.valueType() == ConfigValueType.LIST) {
        String allowed = "a string, a number or a flag";
        faults.add(new Fault(key + "." + name, shown(value), "is a list", place(value), allowed));
      } else if (value.valueType() != ConfigValueType.NULL) {
        contents.put(name, text(value));
      }
    }
  }

  /** One of {@code choices}. */
  String oneOf(String key, List<String> choices) {
    String text = scalar(key).map(Values::text).orElse("");
    if (!choices.contains(text)) {
      return refuse(key, "is not a choice", String.join(", ", choices), choices.get(0));
    }
    return accept(key, text, text);
  }

  /** One of the constants of {@code type}, in kebab-case. */
  <E extends Enum<E>> E oneOf(String key, Class<E> type) {
    E[] constants = type.getEnumConstants();
    List<String> names = Stream.of(constants).map(Values::kebabCase).toList();
    return constants[names.indexOf(oneOf(key, names))];
  }

  /** One of the constants of {@code type}; {@code auto} stands for {@code automatic}. */
  <E extends Enum<E>> E oneOfOrAuto(String key, Class<E> type, E automatic) {
    E[] constants = type.getEnumConstants();
    List<String> names = new ArrayList<>(List.of(AUTO));
    Stream.of(constants).map(Values::kebabCase).forEach(names::add);
    int chosen = names.indexOf(oneOf(key, names));
    if (chosen > 0) {
      return constants[chosen - 1];
    }
    resolveAuto(key, kebabCase(automatic));
    return automatic;
  }

  /** Whether all of {@code keys} were read and had no fault. */
  boolean areGood(String... keys) {
    return Stream.of(keys).allMatch(key -> accepted.containsKey(key) && !refused.contains(key));
  }

  /** Keeps a fault of {@code key}, which {@code others} have a part in. */
  void report(String key, String problem, String allowed, String... others) {
    refused.add(key);
    ConfigValue value = find(key).orElseThrow();
    // a view that inherits a faulty value has no fault of its own
    if (others.length > 0 || reported.add(value)) {
      StringBuilder place = new StringBuilder(place(value));
      for (String other : others) {
        String origin = accepted.get(other).origin();
        if (!origin.equals(place(value))) {
          place.append("; ").append(other).append(": ").append(origin);
        }
      }
      faults.add(new Fault(key, shown(value), problem, place.toString(), allowed));
    }
  }

  /** {@code key=value}, for use in the problem of another key. */
  String mention(String key) {
    return key + "=" + accepted.get(key).value();
  }

  List<Fault> faults() {
    return faults;
  }

  /** All keys that were asked for. */
  Set<String> knownKeys() {
    Set<String> known = new HashSet<>(accepted.keySet());
    known.addAll(refused);
    return known;
  }

  /** All sections whose keys are not known here. */
  Set<String> openSections() {
    return openSections;
  }

  List<ResolvedValue> resolved() {
    return List.copyOf(accepted.values());
  }

  static String shown(ConfigValue value) {
    String text = text(value);
    return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
  }

  static String place(ConfigValue value) {
    return Sources.place(value.origin());
  }

  private Optional<ConfigValue> find(String key) {
    ConfigValue value = root;
    for (String name : ConfigUtil.splitPath(key)) {
      if (!(value instanceof ConfigObject object) || !object.containsKey(name)) {
        return Optional.empty();
      }
      value = object.get(name);
    }
    return Optional.of(value);
  }

  private Optional<ConfigValue> scalar(String key) {
    return find(key)
        .filter(
            value ->
                switch (value.valueType()) {
                  case STRING, NUMBER, BOOLEAN -> true;
                  case OBJECT, LIST, NULL -> false;
                });
  }

  private <T> T accept(String key, String canonical, T value) {
    accepted.put(key, new ResolvedValue(key, canonical, place(find(key).orElseThrow())));
    return value;
  }

  /** Says what {@code auto} stands for, of a key that was accepted with it. */
  private void resolveAuto(String key, String value) {
    if (areGood(key)) {
      String origin = accepted.get(key).origin();
      accepted.put(key, new ResolvedValue(key, value, AUTO + ", " + origin));
    }
  }

  private <T> T refuse(String key, String problem, String allowed, T instead) {
    // a section that is no object has one fault of its own
    if (find(key).isPresent()) {
      report(key, problem, allowed);
    }
    refused.add(key);
    return instead;
  }

  private static String text(ConfigValue value) {
    return value.valueType() == ConfigValueType.STRING
        ? (String) value.unwrapped()
        : value.render(ConfigRenderOptions.concise());
  }

  private static Optional<BigDecimal> decimal(ConfigValue value) {
    String text = text(value);
    try {
      return Double.isFinite(Double.parseDouble(text))
          ? Optional.of(new BigDecimal(text))
          : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static boolean isInteger(BigDecimal value) {
    return value.stripTrailingZeros().scale() <= 0;
  }

  private static String integersBetween(long min, long max) {
    return max >= Integer.MAX_VALUE
        ? "an integer" + (min == Long.MIN_VALUE ? "" : " of at least " + min)
        : "an integer from %d to %d".formatted(min, max);
  }

  private static <E extends Enum<E>> String kebabCase(E constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
