package org.byol4j.collective.tcp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/**
 * An encrypted connection. TLS's own handshake goes on within reads and writes; until it is over a
 * write accepts nothing, and the other end may send no more than a handshake needs.
 */
final class TlsLink implements Link {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** What a handshake with long chains of certificates needs, several times over. */
  private static final int MOST_HANDSHAKE_BYTES = 256 * 1024;

  private final SocketChannel channel;
  private final SSLEngine engine;

  /** From the network, encrypted; between calls ready to be filled. */
  private ByteBuffer fromNetwork;

  /** For the network, encrypted; between calls ready to be drained. */
  private ByteBuffer toNetwork;

  /** From the other end, decrypted; between calls ready to be drained. */
  private ByteBuffer decrypted;

  private boolean isReady;
  private boolean hasEnded;
  private long handshakeBytes;

  TlsLink(SocketChannel channel, SSLEngine engine) throws SSLException {
    SSLSession session = engine.getSession();
    this.channel = channel;
    this.engine = engine;
    this.fromNetwork = ByteBuffer.allocateDirect(session.getPacketBufferSize());
    this.toNetwork = ByteBuffer.allocateDirect(2 * session.getPacketBufferSize()).limit(0);
    this.decrypted = ByteBuffer.allocate(session.getApplicationBufferSize()).limit(0);
    engine.beginHandshake();
  }

  @Override
  public SocketChannel channel() {
    return channel;
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    try {
      return decryptTo(to);
    } catch (SSLException e) {
      throw ended(e);
    }
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    try {
      return encryptFrom(from);
    } catch (SSLException e) {
      throw ended(e);
    }
  }

  /** Tells the other end why, as far as the network takes it at once, and says what it means. */
  private IOException ended(SSLException failure) {
    toNetwork.clear();
    try {
      engine.wrap(NOTHING, toNetwork);
      channel.write(toNetwork.flip());
    } catch (IOException more) {
      // the connection is over either way
      if (more != failure) {
        failure.addSuppressed(more);
      }
    }
    return TlsFailure.of(failure);
  }

  private int decryptTo(ByteBuffer to) throws IOException {
    flush();
    int start = to.position();
    do {
      drain(to);
    } while (to.hasRemaining() && !hasEnded && receive());
    int count = to.position() - start;
    return count == 0 && hasEnded ? -1 : count;
  }

  private void drain(ByteBuffer to) {
    int count = Math.min(decrypted.remaining(), to.remaining());
    to.put(to.position(), decrypted, decrypted.position(), count);
    to.position(to.position() + count);
    decrypted.position(decrypted.position() + count);
  }

  /** Decrypts another packet, or goes on with the handshake; false if nothing more can be done. */
  private boolean receive() throws IOException {
    if (shakeHands()) {
      return true;
    }
    int count = channel.read(fromNetwork);
    if (!isReady) {
      handshakeBytes += Math.max(0, count);
      if (handshakeBytes > MOST_HANDSHAKE_BYTES) {
        throw new StrayException("sent more than a handshake of TLS needs");
      }
    }
    fromNetwork.flip();
    decrypted.compact();
    SSLEngineResult result;
    try {
      result = engine.unwrap(fromNetwork, decrypted);
    } finally {
      decrypted.flip();
      fromNetwork.compact();
    }
    noteHandshake(result);
    if (result.getStatus() == Status.BUFFER_OVERFLOW) {
      decrypted = grown(decrypted, engine.getSession().getApplicationBufferSize());
      return true;
    }
    if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
      if (!fromNetwork.hasRemaining()) {
        fromNetwork =
            grown(fromNetwork.flip(), engine.getSession().getPacketBufferSize()).compact();
      }
      hasEnded = count < 0;
      return count > 0;
    }
    if (result.getStatus() == Status.CLOSED) {
      hasEnded = true;
      return false;
    }
    return result.bytesConsumed() > 0 || result.bytesProduced() > 0 || shakeHands();
  }

  /** Does what the handshake needs of this end; false if it needs nothing, or something to come. */
  private boolean shakeHands() throws IOException {
    HandshakeStatus status = engine.getHandshakeStatus();
    if (status == HandshakeStatus.NEED_TASK) {
      for (Runnable task = engine.getDelegatedTask();
          task != null;
          task = engine.getDelegatedTask()) {
        task.run();
      }
      return true;
    }
    if (status == HandshakeStatus.NEED_WRAP) {
      return flush() && wrap(NOTHING) && flush();
    }
    return false;
  }

  private int encryptFrom(ByteBuffer from) throws IOException {
    if (!isReady) {
      int before = from.position();
      while (!isReady && (shakeHands() || receive())) {
        // as far as it goes
      }
      if (!isReady) {
        return from.position() - before;
      }
    }
    int start = from.position();
    while (from.hasRemaining() && flush() && wrap(from)) {
      // as long as the network takes it
    }
    return from.position() - start;
  }

  /** Encrypts another packet; only when all before it has left. */
  private boolean wrap(ByteBuffer from) throws IOException {
    toNetwork.clear();
    SSLEngineResult result;
    try {
      result = engine.wrap(from, toNetwork);
    } finally {
      toNetwork.flip();
    }
    noteHandshake(result);
    if (result.getStatus() == Status.CLOSED) {
      throw new IOException("was closed");
    }
    if (result.getStatus() == Status.BUFFER_OVERFLOW) {
      toNetwork = grown(toNetwork, 2 * engine.getSession().getPacketBufferSize());
    }
    return true;
  }

  @Override
  public boolean flush() throws IOException {
    while (toNetwork.hasRemaining()) {
      if (channel.write(toNetwork) == 0) {
        return false;
      }
    }
    return true;
  }

  private void noteHandshake(SSLEngineResult result) {
    isReady |= result.getHandshakeStatus() == HandshakeStatus.FINISHED;
  }

  /** A larger buffer with the same content, ready to be drained. */
  private static ByteBuffer grown(ByteBuffer buffer, int atLeast) {
    int capacity = Math.max(2 * buffer.capacity(), atLeast);
    ByteBuffer larger =
        buffer.isDirect() ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
    return larger.put(buffer).flip();
  }

  @Override
  public void close() {
    Sockets.close(channel);
  }
}
