/**
 * From HOCON to the settings records. {@link org.byol4j.config.Configuration} is read once, at the
 * edge of the program; every fault of it is found in one go. The only package that sees Typesafe
 * Config; it may import the settings records of all packages; of the core nothing imports it.
 */
package org.byol4j.config;
