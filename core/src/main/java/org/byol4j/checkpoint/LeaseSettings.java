package org.byol4j.checkpoint;

import java.time.Duration;

/**
 * How long a lease holds ({@code lease.*}).
 *
 * @param ttl after so much silence its holder counts as dead
 */
public record LeaseSettings(Duration ttl) {}
