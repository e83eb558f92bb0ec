package org.byol4j.collective.tcp;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The connections of one replica as they come in, one per lane and other replica. Until all are
 * there a newer one replaces an older one: the other end may have lost that.
 */
final class Mesh {
  private final Group group;
  private final List<Optional<Link>> links = new ArrayList<>();
  private int missing;

  Mesh(Group group) {
    this.group = group;
    for (int i = 0; i < Lane.ALL.size() * group.size(); i++) {
      links.add(Optional.empty());
    }
    this.missing = Lane.ALL.size() * (group.size() - 1);
  }

  /** Takes a proven connection; false if all are there already. */
  synchronized boolean put(Lane lane, int peer, Link link) {
    if (missing == 0) {
      return false;
    }
    Optional<Link> older = links.set(index(lane, peer), Optional.of(link));
    if (older.isPresent()) {
      older.get().close();
      return true;
    }
    missing--;
    notifyAll();
    return true;
  }

  synchronized boolean isComplete() {
    return missing == 0;
  }

  /** Whether {@code link} is the one in use. */
  synchronized boolean holds(Lane lane, int peer, Link link) {
    return links.get(index(lane, peer)).filter(held -> held == link).isPresent();
  }

  /** The connections of a lane, once all are there, in the order of the others' ranks. */
  synchronized List<Link> links(Lane lane) {
    return links.subList(index(lane, 0), index(lane, group.size())).stream()
        .flatMap(Optional::stream)
        .toList();
  }

  /** The replicas from which a connection is missing. */
  synchronized List<Integer> missing() {
    List<Integer> ranks = new ArrayList<>();
    for (int peer = 0; peer < group.size(); peer++) {
      for (Lane lane : Lane.ALL) {
        if (peer != group.rank()
            && !ranks.contains(peer)
            && links.get(index(lane, peer)).isEmpty()) {
          ranks.add(peer);
        }
      }
    }
    return ranks;
  }

  /** Waits for a connection to come, or for some time. */
  synchronized void await(long millis) throws InterruptedException {
    if (missing > 0) {
      TimeUnit.MILLISECONDS.timedWait(this, millis);
    }
  }

  synchronized void close() {
    links.forEach(link -> link.ifPresent(Link::close));
  }

  private int index(Lane lane, int peer) {
    return lane.code() * group.size() + peer;
  }
}
