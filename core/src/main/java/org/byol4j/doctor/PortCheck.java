package org.byol4j.doctor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.collective.tcp.TcpSettings;

/** Whether replicas can listen where the collective would, and be reached there. */
final class PortCheck {
  private static final int CONNECT_MS = 2000;

  /**
   * What there is to know.
   *
   * @param name under which others are told to find this machine
   * @param address what the name stands for here; empty if nothing
   * @param isHere whether that is an address of this machine
   * @param isLoopback whether only this machine itself finds it there
   * @param others the machine's other addresses
   * @param freePorts how many ports of the range can be listened on, counted up to what is needed
   * @param problem why a port cannot be listened on, or not connected to; empty if it can
   */
  record Facts(
      String name,
      String address,
      boolean isHere,
      boolean isLoopback,
      List<String> others,
      int freePorts,
      String problem) {
    Facts {
      others = List.copyOf(others);
    }

    /**
     * Tries it.
     *
     * @param needed how many replicas listen here
     */
    static Facts of(String name, TcpSettings settings, int needed) {
      InetAddress address;
      List<String> others = List.of();
      try {
        others = addresses();
        address = InetAddress.getByName(name);
        if (NetworkInterface.getByInetAddress(address) == null) {
          return new Facts(name, address.getHostAddress(), false, false, others, 0, "");
        }
      } catch (IOException e) {
        return new Facts(name, "", false, false, others, 0, e.toString());
      }
      boolean isLoopback = address.isLoopbackAddress();
      Ports ports = Ports.tried(address, settings, needed);
      return new Facts(
          name, address.getHostAddress(), true, isLoopback, others, ports.free, ports.problem);
    }

    private static List<String> addresses() throws IOException {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> !address.isLinkLocalAddress())
          .map(InetAddress::getHostAddress)
          .sorted()
          .toList();
    }
  }

  /** How many ports can be had, and why no more. */
  private record Ports(int free, String problem) {

    static Ports tried(InetAddress address, TcpSettings settings, int needed) {
      List<ServerSocket> opened = new ArrayList<>();
      try {
        String problem = "";
        for (int port = settings.lowPort();
            port <= settings.highPort() && opened.size() < needed;
            port++) {
          try {
            opened.add(new ServerSocket(port, 1, address));
          } catch (IOException e) {
            problem = "port=%d: %s".formatted(port, e.getMessage());
          }
        }
        return opened.isEmpty()
            ? new Ports(0, problem)
            : new Ports(
                settings.highPort() == 0 ? needed : opened.size(), connected(opened.get(0)));
      } finally {
        opened.forEach(Ports::close);
      }
    }

    private static String connected(ServerSocket door) {
      try (Socket visitor = new Socket()) {
        visitor.connect(
            new InetSocketAddress(door.getInetAddress(), door.getLocalPort()), CONNECT_MS);
        return "";
      } catch (IOException e) {
        return "cannot connect to port=%d of this machine itself: %s"
            .formatted(door.getLocalPort(), e.getMessage());
      }
    }

    private static void close(ServerSocket socket) {
      try {
        socket.close();
      } catch (IOException e) {
        // the system takes it back with the process
      }
    }
  }

  private PortCheck() {}

  /**
   * @param ports the range as the settings have it
   * @param replicas how many listen here
   * @param areElsewhere whether replicas on other machines are to connect
   */
  static Finding finding(Facts facts, TcpSettings ports, int replicas, boolean areElsewhere) {
    String range = "%d-%d".formatted(ports.lowPort(), ports.highPort());
    String state =
        "host=%s address=%s collective.ports=%s addresses here=%s"
            .formatted(
                facts.name, facts.address.isEmpty() ? "none" : facts.address, range, facts.others);
    if (facts.address.isEmpty()) {
      return Finding.fault(
          "ports",
          state + ": " + facts.problem,
          "have the name resolve (/etc/hosts or DNS), or set SPARK_LOCAL_IP to an address here");
    }
    if (!facts.isHere) {
      return Finding.fault(
          "ports",
          state,
          "have the name stand for an address of this machine, or set SPARK_LOCAL_IP to one");
    }
    if (!facts.problem.isEmpty()) {
      return Finding.fault(
          "ports",
          state + ": " + facts.problem,
          "end what uses these ports or keeps them closed, or take another collective.ports");
    }
    if (facts.freePorts < replicas) {
      return Finding.fault(
          "ports",
          "%s free=%d replicas here=%d".formatted(state, facts.freePorts, replicas),
          "a port for each replica of this machine: a wider collective.ports");
    }
    if (facts.isLoopback && areElsewhere) {
      return Finding.fault(
          "ports",
          state,
          "other machines do not find this one there: set SPARK_LOCAL_IP to one of its other"
              + " addresses, or take the name off 127.0.x.x in /etc/hosts");
    }
    return Finding.fine("ports", state);
  }
}
