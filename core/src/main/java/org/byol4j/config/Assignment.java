package org.byol4j.config;

/**
 * One {@code key=value} of the command line.
 *
 * @param option the option it came with, such as {@code --set}; faults name it as their place
 * @param text the key, an equals sign and a HOCON value
 */
public record Assignment(String option, String text) {}
