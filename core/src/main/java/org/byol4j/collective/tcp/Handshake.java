package org.byol4j.collective.tcp;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Optional;

/**
 * One end of a new connection until both ends have proved that they know the secret: greeting,
 * challenge, proof of the one that connects, proof of the one that listens. What it reads before
 * the proof is 104 bytes, and it answers nothing to a greeting that is none. What it sends finds
 * room in the buffers of a new connection: a selector only needs to wait for what comes.
 */
final class Handshake {
  private static final SecureRandom RANDOM = new SecureRandom();

  private enum Stage {
    HELLO,
    CHALLENGE,
    PROOF_OF_CONNECTING,
    PROOF_OF_LISTENING,
    DONE
  }

  private final Link link;
  private final JobSecret secret;
  private final Group group;
  private final boolean listens;
  private final HandshakeMessages messages;
  private Stage stage = Stage.HELLO;
  private byte[] hello;
  private byte[] challenge = {};

  private Handshake(Link link, JobSecret secret, Group group, boolean listens, byte[] hello) {
    this.link = link;
    this.secret = secret;
    this.group = group;
    this.listens = listens;
    this.hello = hello;
    this.messages = new HandshakeMessages(link);
  }

  /** The end that accepted the connection. */
  static Handshake listening(Link link, JobSecret secret, Group group) {
    Handshake handshake = new Handshake(link, secret, group, true, new byte[0]);
    handshake.messages.expect(Hello.BYTES);
    return handshake;
  }

  /** The end that made the connection, to the replica {@code to}. */
  static Handshake connecting(Link link, JobSecret secret, Group group, Lane lane, int to) {
    Hello hello = new Hello(lane, group.session(), group.size(), group.rank(), to);
    Handshake handshake = new Handshake(link, secret, group, false, hello.encode(nonce()));
    handshake.messages.send(handshake.hello);
    return handshake;
  }

  /**
   * Goes on as far as it can without waiting; true if both proofs are given.
   *
   * @throws StrayException if the other end is not one of us
   */
  boolean advance() throws IOException {
    while (stage != Stage.DONE) {
      boolean isOver =
          listens == (stage == Stage.HELLO || stage == Stage.PROOF_OF_CONNECTING)
              ? messages.isReceived()
              : messages.isSent();
      if (!isOver) {
        return false;
      }
      if (listens) {
        listen();
      } else {
        connect();
      }
    }
    return true;
  }

  Link link() {
    return link;
  }

  /** Who the other end is; for a listening end, once its greeting is here. */
  Hello hello() {
    return Hello.decode(hello);
  }

  private void listen() throws StrayException {
    switch (stage) {
      case HELLO -> {
        hello = messages.received();
        Optional<String> fault = Hello.fault(hello, group.session(), group.size(), group.rank());
        if (fault.isPresent()) {
          throw new StrayException(fault.get());
        }
        challenge = nonce();
        messages.send(challenge);
        stage = Stage.CHALLENGE;
      }
      case CHALLENGE -> {
        messages.expect(Hello.PROOF_BYTES);
        stage = Stage.PROOF_OF_CONNECTING;
      }
      case PROOF_OF_CONNECTING -> {
        requireEqual(Hello.proofOfConnecting(secret, hello, challenge));
        messages.send(Hello.proofOfListening(secret, hello, challenge));
        stage = Stage.PROOF_OF_LISTENING;
      }
      case PROOF_OF_LISTENING -> stage = Stage.DONE;
      case DONE -> throw new IllegalStateException("the handshake is over");
    }
  }

  private void connect() throws StrayException {
    switch (stage) {
      case HELLO -> {
        messages.expect(Hello.NONCE_BYTES);
        stage = Stage.CHALLENGE;
      }
      case CHALLENGE -> {
        challenge = messages.received();
        messages.send(Hello.proofOfConnecting(secret, hello, challenge));
        stage = Stage.PROOF_OF_CONNECTING;
      }
      case PROOF_OF_CONNECTING -> {
        messages.expect(Hello.PROOF_BYTES);
        stage = Stage.PROOF_OF_LISTENING;
      }
      case PROOF_OF_LISTENING -> {
        requireEqual(Hello.proofOfListening(secret, hello, challenge));
        stage = Stage.DONE;
      }
      case DONE -> throw new IllegalStateException("the handshake is over");
    }
  }

  private void requireEqual(byte[] expected) throws StrayException {
    if (!MessageDigest.isEqual(expected, messages.received())) {
      throw new StrayException("does not know the secret");
    }
  }

  private static byte[] nonce() {
    byte[] nonce = new byte[Hello.NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return nonce;
  }
}
