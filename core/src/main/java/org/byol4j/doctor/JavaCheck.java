package org.byol4j.doctor;

import java.util.List;
import java.util.Map;

/** The JVM: its version, and what Spark has to be let into. */
final class JavaCheck {
  private static final int OLDEST = 17;
  private static final int NEWEST_OF_SPARK = 17;

  /** From here on Hadoop 3.3 fails to ask who the user is: {@code Subject.getSubject} throws. */
  private static final int WITHOUT_SUBJECTS = 23;

  /** From here on {@code -Djava.security.manager=allow} does not help any more (JEP 486). */
  private static final int WITHOUT_SECURITY_MANAGER = 24;

  /** Packages of java.base that Spark 3.5 reaches into, as its own JavaModuleOptions say. */
  private static final List<String> OPENED =
      List.of(
          "java.lang",
          "java.lang.invoke",
          "java.net",
          "java.nio",
          "java.util",
          "java.util.concurrent",
          "sun.nio.ch",
          "sun.util.calendar");

  /** A limit of JavaCPP on native memory, twice the heap if nobody lifts it. */
  private static final String LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

  /**
   * What there is to know.
   *
   * @param feature the version's first number, such as 17
   * @param name version, vendor and home, as people want to read them
   * @param closed packages that Spark reaches into and may not
   * @param allowsSecurityManager whether one may be set
   * @param nativeLimit JavaCPP's limit as it is set; empty if nobody has
   */
  record Facts(
      int feature,
      String name,
      List<String> closed,
      boolean allowsSecurityManager,
      String nativeLimit) {

    static Facts ofThisProcess() {
      Map<Object, Object> properties = System.getProperties();
      Module base = Object.class.getModule();
      Module ours = JavaCheck.class.getModule();
      return new Facts(
          Runtime.version().feature(),
          "%s of %s in %s"
              .formatted(
                  Runtime.version(), properties.get("java.vendor"), properties.get("java.home")),
          OPENED.stream().filter(name -> !base.isOpen(name, ours)).toList(),
          "allow".equals(properties.get("java.security.manager")),
          System.getProperty(LIMIT, ""));
    }
  }

  private JavaCheck() {}

  static List<Finding> findings(Facts facts) {
    return List.of(version(facts), openings(facts), limit(facts));
  }

  private static Finding version(Facts facts) {
    if (facts.feature < OLDEST) {
      return Finding.fault("java", facts.name, "set JAVA_HOME to a Java 17");
    }
    if (facts.feature >= WITHOUT_SECURITY_MANAGER) {
      return Finding.fault(
          "java", facts.name, "set JAVA_HOME to a Java 17: Hadoop 3.3 fails from Java 24 on");
    }
    if (facts.feature >= WITHOUT_SUBJECTS && !facts.allowsSecurityManager) {
      return Finding.fault(
          "java",
          facts.name,
          "set JAVA_HOME to a Java 17, or give the JVM -Djava.security.manager=allow: Hadoop 3.3"
              + " fails on Java 23 without");
    }
    if (facts.feature > NEWEST_OF_SPARK) {
      return Finding.warning(
          "java", facts.name, "set JAVA_HOME to a Java 17, the newest that Spark 3.5 is made for");
    }
    return Finding.fine("java", facts.name);
  }

  private static Finding openings(Facts facts) {
    if (facts.closed.isEmpty()) {
      return Finding.fine("java flags", "what Spark reaches into is open");
    }
    return Finding.fault(
        "java flags",
        "Spark may not reach into java.base: closed=%s".formatted(facts.closed),
        "start by bin/byol4j or spark-submit, which open them; or give the JVM --add-opens=java.base/PACKAGE=ALL-UNNAMED for each");
  }

  private static Finding limit(Facts facts) {
    if (facts.nativeLimit.equals("0")) {
      return Finding.fine("native memory", "JavaCPP's limit is lifted");
    }
    return Finding.warning(
        "native memory",
        "%s=%s: networks may use about twice the heap at most"
            .formatted(LIMIT, facts.nativeLimit.isEmpty() ? "not set" : facts.nativeLimit),
        "give the JVM -Dorg.bytedeco.javacpp.maxBytes=0 -D%s=0".formatted(LIMIT));
  }
}
