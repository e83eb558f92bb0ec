/**
 * Two parameter servers. The sharded synchronous one: each replica owns one range of the flat
 * parameters, and a step sends gradients to their owners, updates weights and target there, and
 * brings the new values back. And one whose replicas share encoded gradients and update what is
 * theirs. Imports {@code collective}, {@code device}, {@code parameters}, {@code optim} and {@code
 * paramserver.sharing}.
 */
package org.byol4j.paramserver;
