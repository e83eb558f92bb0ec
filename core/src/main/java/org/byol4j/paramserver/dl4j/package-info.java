/**
 * Encoded gradients as messages of Deeplearning4j's parameter server: its {@code
 * ModelParameterServer} over a transport that uses the connections of the replicas' collective.
 * Nothing else of it is used. The way of a message is drawn in docs/gradient-sharing.md. Imports
 * {@code collective}, {@code paramserver.sharing}, ND4J and its parameter server.
 */
package org.byol4j.paramserver.dl4j;
