/**
 * The few dense operations that a network needs, and the memory they work on. A network is written
 * once over {@link org.byol4j.device.Device}; each implementation lives in a package of its own
 * below this one. Imports {@code augment}, for devices that make views.
 */
package org.byol4j.device;
