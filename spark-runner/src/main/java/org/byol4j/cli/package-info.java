/**
 * The commands of {@code bin/byol4j}. Each command reads its options and the configuration, calls
 * core, and prints; standard output is for results, standard error for everything else. Failures
 * become exit codes in one place, {@link org.byol4j.cli.Failures}. May import everything.
 */
package org.byol4j.cli;
