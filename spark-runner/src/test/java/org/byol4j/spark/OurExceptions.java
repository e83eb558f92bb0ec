package org.byol4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.byol4j.collective.CollectiveException;
import org.byol4j.config.ConfigurationException;
import org.byol4j.config.Fault;

/** The types of failure that this code base has, as its class files tell. */
public final class OurExceptions {
  private OurExceptions() {}

  /** All public ones that nobody has to catch. */
  public static Set<Class<? extends Throwable>> types() {
    Set<Class<? extends Throwable>> types = new HashSet<>();
    for (Class<?> place : List.of(CollectiveException.class, ClusterException.class)) {
      classFiles(place).stream()
          .filter(file -> file.endsWith("Exception.class"))
          .map(OurExceptions::load)
          .filter(type -> Modifier.isPublic(type.getModifiers()))
          .filter(RuntimeException.class::isAssignableFrom)
          .forEach(type -> types.add(type.asSubclass(Throwable.class)));
    }
    return types;
  }

  /** One of a type, by whichever way there is to make it. */
  public static Throwable instance(Class<? extends Throwable> type) {
    if (type == ConfigurationException.class) {
      return new ConfigurationException(List.of(new Fault("a.b", "1", "is bad", "x: 1", "")));
    }
    if (type == UncheckedIOException.class) {
      return new UncheckedIOException("reason", new IOException("x"));
    }
    try {
      for (Constructor<?> constructor : type.getDeclaredConstructors()) {
        List<Class<?>> parameters = List.of(constructor.getParameterTypes());
        constructor.setAccessible(true);
        if (parameters.equals(List.of(String.class))) {
          return (Throwable) constructor.newInstance("reason");
        }
        if (parameters.equals(List.of(String.class, Throwable.class))) {
          return (Throwable) constructor.newInstance("reason", new IOException("x"));
        }
      }
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type.getName(), e);
    }
    throw new AssertionError("no way to make a " + type.getName());
  }

  /**
   * The class files beside a class, relative to where they lie: a folder, or a jar when packaged.
   */
  private static List<String> classFiles(Class<?> place) {
    Path from = root(place);
    try {
      if (Files.isDirectory(from)) {
        return classFiles(from);
      }
      try (FileSystem jar = FileSystems.newFileSystem(from)) {
        return classFiles(jar.getPath("/"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> classFiles(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve("org/byol4j"))) {
      return files.map(file -> root.relativize(file).toString()).toList();
    }
  }

  private static Path root(Class<?> place) {
    try {
      return Path.of(place.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Class<?> load(String file) {
    try {
      return Class.forName(file.replace('/', '.').substring(0, file.lastIndexOf('.')));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
