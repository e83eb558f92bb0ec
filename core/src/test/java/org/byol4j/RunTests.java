package org.byol4j;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/**
 * Runs tests where there is no Maven: {@code bin/carry-to-gpu}. Arguments: a tag, and classes whose
 * tests with that tag are run. Ends with 1 if one fails or none is found.
 */
final class RunTests {
  private RunTests() {}

  public static void main(String[] arguments) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(
                Arrays.stream(arguments).skip(1).map(DiscoverySelectors::selectClass).toList())
            .filters(TagFilter.includeTags(arguments[0]))
            .build();
    PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, summary, new Progress(out));
    summary.getSummary().printFailuresTo(out, 10);
    summary.getSummary().printTo(out);
    boolean good =
        summary.getSummary().getTestsFoundCount() > 0
            && summary.getSummary().getTotalFailureCount() == 0;
    System.exit(good ? 0 : 1);
  }

  /** A line for each test, as soon as it has ended. */
  private record Progress(PrintWriter out) implements TestExecutionListener {

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (test.isTest()) {
        out.println(
            result.getStatus()
                + " "
                + test.getParentId().orElse("").replaceAll(".*\\[(class|method|test-template):", "")
                + " "
                + test.getDisplayName());
      }
    }
  }
}
