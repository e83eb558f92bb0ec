package org.byol4j.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.byol4j.doctor.Finding.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JavaCheckTest {

  @ParameterizedTest
  @CsvSource({"11, FAULT", "17, FINE", "21, WARNING", "22, WARNING", "23, FAULT", "25, FAULT"})
  void sparkAndHadoopDecideWhichJavaWillDo(int feature, Level level) {
    assertThat(finding("java", facts(feature, List.of(), false, "0")).level()).isEqualTo(level);
  }

  @Test
  void java23GoesWithASecurityManagerAndJava24DoesNot() {
    assertThat(finding("java", facts(23, List.of(), true, "0")).level()).isEqualTo(Level.WARNING);
    assertThat(finding("java", facts(24, List.of(), true, "0")).level()).isEqualTo(Level.FAULT);
  }

  @Test
  void closedPackagesAreNamedWithTheOption() {
    Finding finding = finding("java flags", facts(17, List.of("sun.nio.ch"), false, "0"));

    assertThat(finding.level()).isEqualTo(Level.FAULT);
    assertThat(finding.state()).contains("closed=[sun.nio.ch]");
    assertThat(finding.advice()).contains("--add-opens=java.base/PACKAGE=ALL-UNNAMED");
  }

  @Test
  void limitOnNativeMemoryIsToBeLifted() {
    assertThat(finding("native memory", facts(17, List.of(), false, "0")).level())
        .isEqualTo(Level.FINE);
    assertThat(finding("native memory", facts(17, List.of(), false, "")).state())
        .contains("maxPhysicalBytes=not set");
    assertThat(finding("native memory", facts(17, List.of(), false, "4g")).level())
        .isEqualTo(Level.WARNING);
  }

  @Test
  void thisJvmIsDescribed() {
    JavaCheck.Facts facts = JavaCheck.Facts.ofThisProcess();

    assertThat(facts.feature()).isEqualTo(Runtime.version().feature());
    assertThat(facts.name()).contains(System.getProperty("java.home"));
  }

  private static JavaCheck.Facts facts(
      int feature, List<String> closed, boolean allowsSecurityManager, String limit) {
    return new JavaCheck.Facts(feature, "a name", closed, allowsSecurityManager, limit);
  }

  private static Finding finding(String subject, JavaCheck.Facts facts) {
    return JavaCheck.findings(facts).stream()
        .filter(finding -> finding.subject().equals(subject))
        .findFirst()
        .orElseThrow();
  }
}
