package org.byol4j.device.cuda;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tells machines apart, also from within containers, which have names of their own. */
final class Hosts {
  /** Drawn by the kernel when it starts: containers of a machine see the same. */
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  private Hosts() {}

  static String thisOne() {
    try {
      return Files.readString(BOOT).strip();
    } catch (IOException e) {
      return nameOfThisOne();
    }
  }

  private static String nameOfThisOne() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      throw new IllegalStateException("this machine has neither %s nor a name".formatted(BOOT), e);
    }
  }
}
