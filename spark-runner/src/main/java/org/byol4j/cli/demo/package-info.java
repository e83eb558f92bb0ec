/**
 * The demo: draws images of ten classes, pretrains on them without their labels, and shows what the
 * features learned. May import core and what {@code org.byol4j.cli} gives it, not the command line.
 */
package org.byol4j.cli.demo;
