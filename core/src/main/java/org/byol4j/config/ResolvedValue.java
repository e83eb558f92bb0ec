package org.byol4j.config;

/**
 * The value that a key has in the end.
 *
 * @param key the key
 * @param value the value in its one canonical form, valid HOCON
 * @param origin where it stands: file and line, or an option of the command line
 */
public record ResolvedValue(String key, String value, String origin) {}
