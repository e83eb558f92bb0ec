/**
 * The sharded synchronous parameter server: each replica owns one range of the flat parameters, and
 * a step sends gradients to their owners, updates weights and target there, and brings the new
 * values back. Imports {@code collective}, {@code device}, {@code parameters} and {@code optim}.
 */
package org.byol4j.paramserver;
