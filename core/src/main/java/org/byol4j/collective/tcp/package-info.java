/**
 * Replicas in processes of their own, on one host or on many, that act as one over TCP: a full mesh
 * of connections whose both ends proved the job's secret. The protocol is drawn in
 * docs/parameter-server.md. Imports {@code collective} and the JDK.
 */
package org.byol4j.collective.tcp;
