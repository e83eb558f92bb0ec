package org.byol4j.device.cuda;

import java.util.Arrays;

/**
 * What goes from one GPU to those of other replicas and comes from them at the same time: to each
 * one range of memory at most, and from each one.
 */
final class Routes {
  private final long[] sentAddresses;
  private final long[] sentBytes;
  private final long[] receivedAddresses;
  private final long[] receivedBytes;

  /** Routes to {@code size} replicas; nothing goes and nothing comes. */
  Routes(int size) {
    sentAddresses = new long[size];
    sentBytes = new long[size];
    receivedAddresses = new long[size];
    receivedBytes = new long[size];
  }

  int size() {
    return sentBytes.length;
  }

  /** Nothing goes and nothing comes. */
  void clear() {
    Arrays.fill(sentBytes, 0);
    Arrays.fill(receivedBytes, 0);
  }

  /** {@code bytes} bytes from {@code address} on go to {@code rank}. */
  void send(int rank, long address, long bytes) {
    sentAddresses[rank] = address;
    sentBytes[rank] = bytes;
  }

  /** {@code bytes} bytes come from {@code rank} and go to {@code address} and on. */
  void receive(int rank, long address, long bytes) {
    receivedAddresses[rank] = address;
    receivedBytes[rank] = bytes;
  }

  long sentAddress(int rank) {
    return sentAddresses[rank];
  }

  /** 0 where nothing goes. */
  long sentBytes(int rank) {
    return sentBytes[rank];
  }

  long receivedAddress(int rank) {
    return receivedAddresses[rank];
  }

  /** 0 where nothing comes. */
  long receivedBytes(int rank) {
    return receivedBytes[rank];
  }

  long allSentBytes() {
    long sum = 0;
    for (long bytes : sentBytes) {
      sum += bytes;
    }
    return sum;
  }
}
