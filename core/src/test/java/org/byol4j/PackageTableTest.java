package org.byol4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which package may import which. */
class PackageTableTest {
  private static final String ROOT = "org.byol4j.";

  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          entry("image", Set.of()),
          entry("augment", Set.of("image")),
          entry("data", Set.of("image", "augment")),
          // the recipe of the views that a device may make
          entry("device", Set.of("augment")),
          entry("device.onednn", Set.of("device")),
          entry("device.nvidia", Set.of()),
          entry("device.nd4j", Set.of("device", "device.nvidia")),
          entry("device.cuda", Set.of("device", "device.nvidia", "augment", "collective")),
          entry("parameters", Set.of()),
          entry("collective", Set.of()),
          entry("collective.tcp", Set.of("collective")),
          entry("nn", Set.of("device", "parameters", "collective")),
          entry("optim", Set.of("parameters")),
          entry(
              "paramserver",
              Set.of("collective", "device", "parameters", "optim", "paramserver.sharing")),
          entry("paramserver.sharing", Set.of("collective", "parameters")),
          entry("paramserver.dl4j", Set.of("collective", "paramserver.sharing")),
          entry("checkpoint", Set.of("parameters", "collective")),
          // what images were made of stands on a model's card
          entry("exchange", Set.of("augment", "nn", "parameters", "checkpoint")),
          entry("metrics", Set.of()),
          // the settings of the images that it evaluates are augment's
          entry("eval", Set.of("nn", "data", "device", "augment")),
          entry(
              "train",
              Set.of(
                  "image",
                  "augment",
                  "data",
                  "device",
                  "device.cuda",
                  "device.nd4j",
                  "device.onednn",
                  "parameters",
                  "collective",
                  "nn",
                  "optim",
                  "paramserver",
                  "paramserver.dl4j",
                  "paramserver.sharing",
                  "checkpoint",
                  "exchange",
                  "metrics",
                  "eval")),
          entry("doctor", Set.of("device", "device.cuda", "collective", "collective.tcp", "train")),
          entry(
              "config",
              Set.of(
                  "augment",
                  "data",
                  "device",
                  "collective",
                  "collective.tcp",
                  "nn",
                  "optim",
                  "paramserver",
                  "paramserver.sharing",
                  "checkpoint",
                  "eval",
                  "train")));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.byol4j");

  @Test
  void packagesImportOnlyWhatTheTableAllows() {
    assertThat(importsBeyond(MAY_IMPORT)).isEmpty();
  }

  @Test
  void importThatTheTableDoesNotAllowIsFound() {
    Map<String, Set<String>> stricter = new HashMap<>(MAY_IMPORT);
    stricter.put("augment", Set.of());

    assertThat(importsBeyond(stricter)).isNotEmpty().allMatch(text -> text.contains("augment"));
  }

  @Test
  void everyPackageIsInTheTable() {
    Set<String> packages = new TreeSet<>();
    CLASSES.forEach(type -> packages.add(nameOf(type)));

    assertThat(packages).hasSizeGreaterThan(10).isSubsetOf(MAY_IMPORT.keySet());
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + "(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void coreKnowsNothingOfSparkOrTheCommandLine() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "picocli..")
        .check(CLASSES);
  }

  @Test
  void onlyConfigSeesTypesafeConfig() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.byol4j.config")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.typesafe..")
        .check(CLASSES);
  }

  @Test
  void configSeesOnlySettingsOfOtherPackages() {
    List<String> others =
        CLASSES.stream()
            .filter(type -> nameOf(type).equals("config"))
            .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
            .map(Dependency::getTargetClass)
            .map(JavaClass::getBaseComponentType)
            .filter(type -> type.getPackageName().startsWith(ROOT))
            .filter(type -> !nameOf(type).equals("config"))
            .map(JavaClass::getName)
            .distinct()
            .toList();

    assertThat(others).isNotEmpty().allMatch(name -> name.contains("Settings"));
  }

  @Test
  void everyPackageSaysWhatLivesThere() throws IOException {
    Path sources = Path.of("src", "main", "java");
    try (Stream<Path> walk = Files.walk(sources)) {
      List<Path> silent =
          walk.filter(path -> path.toString().endsWith(".java"))
              .map(Path::getParent)
              .distinct()
              .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
              .toList();

      assertThat(silent).isEmpty();
    }
  }

  private static Set<String> importsBeyond(Map<String, Set<String>> allowed) {
    Set<String> found = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (!target.getPackageName().startsWith(ROOT)) {
          continue;
        }
        String from = nameOf(type);
        String to = nameOf(target);
        if (!from.equals(to) && !allowed.getOrDefault(from, Set.of()).contains(to)) {
          found.add(dependency.getDescription());
        }
      }
    }
    return found;
  }

  private static String nameOf(JavaClass type) {
    return type.getPackageName().substring(ROOT.length());
  }
}
