package org.byol4j.device;

/**
 * Where and how a replica computes ({@code compute.*}).
 *
 * @param device the device's name
 * @param precision the element type of activations; {@code fp32}
 * @param threads how many threads a replica computes with, at least 1
 */
public record ComputeSettings(String device, String precision, int threads) {}
