/**
 * Whether a machine can do what a configuration asks for: what the command {@code doctor} looks at.
 * Facts are gathered apart from what is said of them. Imports the devices, the settings and the TCP
 * endpoint.
 */
package org.byol4j.doctor;
