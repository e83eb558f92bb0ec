package org.byol4j.collective.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.Random;

/** Somebody who wants in, or just bumps into the port, in one of many ways. */
final class Stranger {
  /** More than a challenge, which everybody gets who greets politely. */
  private static final int SUSPICIOUS_BYTES = Hello.NONCE_BYTES + 1;

  private static final int PATIENCE_MS = 20_000;

  private final InetSocketAddress target;
  private final Hello hello;
  private final JobSecret secret;
  private final Random random;

  /**
   * Takes aim.
   *
   * @param hello a greeting that the target would welcome
   * @param secret the job's own: a stranger does not have it, but may have heard what was made of
   *     it
   */
  Stranger(InetSocketAddress target, Hello hello, JobSecret secret, Random random) {
    this.target = target;
    this.hello = hello;
    this.secret = secret;
    this.random = random;
  }

  /** Tries once; true if it got in, or was told anything but a challenge. */
  boolean knock() throws IOException {
    try (Socket socket = new Socket(target.getAddress(), target.getPort())) {
      socket.setSoTimeout(PATIENCE_MS);
      OutputStream out = socket.getOutputStream();
      InputStream in = socket.getInputStream();
      try {
        byte[] greeting = hello.encode(bytes(Hello.NONCE_BYTES));
        switch (random.nextInt(8)) {
          case 0 -> out.write(bytes(random.nextInt(200)));
          case 1 -> out.write(bytes(64 * 1024));
          case 2 -> out.write(greeting, 0, random.nextInt(greeting.length));
          case 3 -> {
            greeting[random.nextInt(Hello.BYTES - Hello.NONCE_BYTES)] ^=
                (byte) (1 << random.nextInt(8));
            out.write(greeting);
            out.write(bytes(Hello.PROOF_BYTES));
          }
          case 4 -> {
            out.write(greeting);
            out.write(bytes(Hello.PROOF_BYTES));
          }
          case 5 -> {
            // heard on another connection, for another challenge
            out.write(greeting);
            out.write(Hello.proofOfConnecting(secret, greeting, bytes(Hello.NONCE_BYTES)));
          }
          case 6 -> {
            // what the listening end would say, played back to it
            out.write(greeting);
            byte[] challenge = in.readNBytes(Hello.NONCE_BYTES);
            out.write(Hello.proofOfListening(secret, greeting, challenge));
            return in.readNBytes(1).length > 0;
          }
          default -> {
            out.write(greeting);
            byte[] challenge = in.readNBytes(Hello.NONCE_BYTES);
            byte[] proof = Hello.proofOfConnecting(JobSecret.random(), greeting, challenge);
            out.write(proof);
            return in.readNBytes(1).length > 0;
          }
        }
        socket.shutdownOutput();
        return in.readNBytes(SUSPICIOUS_BYTES).length == SUSPICIOUS_BYTES;
      } catch (SocketException e) {
        // thrown out while it was still talking
        return false;
      }
    }
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
