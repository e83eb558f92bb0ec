/**
 * How replicas act as one: sums and gathers over a group that advances in lockstep. Imports nothing
 * but the JDK.
 */
package org.byol4j.collective;
