package org.byol4j.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Lays the command line over the file over the defaults. Substitutions are resolved last, over all
 * three: {@code view2 = ${augment.view1} {...}} of the defaults follows a {@code --set} of view 1.
 */
final class Sources {
  private static final String REFERENCE = "reference.conf";

  private final List<Fault> faults = new ArrayList<>();
  private Config top = ConfigFactory.empty();

  /** The defaults of every key. */
  private static Config reference() {
    try (InputStream in = Sources.class.getResourceAsStream(REFERENCE);
        InputStreamReader reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
      return ConfigFactory.parseReader(reader, options(REFERENCE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds a file below what was added before. */
  void addFile(Path file) {
    if (!Files.isRegularFile(file)) {
      String problem = Files.exists(file) ? "is not a file" : "does not exist";
      faults.add(new Fault("--conf", file.toString(), problem, "", ""));
      return;
    }
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setSyntax(ConfigSyntax.CONF)
            .setAllowMissing(false)
            .appendIncluder(new Includes());
    try {
      top = top.withFallback(ConfigFactory.parseFile(inFolder(file), options));
    } catch (Includes.Missing e) {
      faults.add(new Fault("include", e.what(), "does not exist", placeOfInclude(file, e), ""));
    } catch (ConfigException e) {
      faults.add(unreadable("--conf", file.toString(), e));
    }
  }

  /** By the folder that its name has, a file's includes are found: a bare name is given one. */
  private static File inFolder(Path file) {
    return (file.getParent() == null ? Path.of(".").resolve(file) : file).toFile();
  }

  /** Adds a text below what was added before; {@code origin} names it in faults. */
  void addText(String text, String origin) {
    try {
      top = top.withFallback(ConfigFactory.parseString(text, options(origin)));
    } catch (ConfigException e) {
      faults.add(unreadable(origin, "", e));
    }
  }

  /** Adds a {@code key=value} below what was added before. */
  void addAssignment(Assignment assignment) {
    int equals = assignment.text().indexOf('=');
    if (equals <= 0) {
      String missing = equals < 0 ? "has no value" : "has no key";
      faults.add(new Fault(assignment.option(), assignment.text(), missing, "", "key=value"));
      return;
    }
    String key = assignment.text().substring(0, equals).strip();
    String value = assignment.text().substring(equals + 1).strip();
    try {
      ConfigUtil.splitPath(key);
      top =
          top.withFallback(
              ConfigFactory.parseString(key + " = " + value, options(assignment.option())));
    } catch (ConfigException e) {
      faults.add(unreadable(assignment.option(), assignment.text(), e));
    }
  }

  /**
   * Returns everything that was added, over the defaults.
   *
   * @throws ConfigurationException if something was missing or is not HOCON
   */
  ConfigObject resolve() {
    if (!faults.isEmpty()) {
      throw new ConfigurationException(faults);
    }
    try {
      return top.withFallback(reference()).resolve().root();
    } catch (ConfigException e) {
      throw new ConfigurationException(List.of(unreadable("substitution", "", e)));
    }
  }

  /** Where a value stands: file and line, or the option of the command line. */
  static String place(ConfigOrigin origin) {
    String description = origin.description();
    return description.startsWith("--") ? description.replaceFirst(": \\d+$", "") : description;
  }

  private static ConfigParseOptions options(String origin) {
    return ConfigParseOptions.defaults()
        .setSyntax(ConfigSyntax.CONF)
        .setOriginDescription(origin)
        .appendIncluder(new Includes());
  }

  private static Fault unreadable(String key, String value, ConfigException e) {
    String place = e.origin() == null ? "" : place(e.origin());
    String message = e.getMessage();
    String prefix = e.origin() == null ? "" : e.origin().description() + ": ";
    String problem = message.startsWith(prefix) ? message.substring(prefix.length()) : message;
    return new Fault(key, value, "cannot be read: " + problem, place, "");
  }

  /** The file and line that has the include. */
  private static String placeOfInclude(Path file, Includes.Missing missing) {
    String includer = missing.includer(file.toString());
    Pattern include = Pattern.compile("\\binclude\\b.*" + Pattern.quote(missing.what()));
    try {
      List<String> lines = Files.readAllLines(Path.of(includer));
      for (int i = 0; i < lines.size(); i++) {
        if (include.matcher(lines.get(i)).find()) {
          return includer + ": " + (i + 1);
        }
      }
      return includer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
