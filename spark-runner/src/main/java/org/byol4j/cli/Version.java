package org.byol4j.cli;

import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest, which is the pom's. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {"byol4j " + (version == null ? "(not packaged)" : version)};
  }
}
