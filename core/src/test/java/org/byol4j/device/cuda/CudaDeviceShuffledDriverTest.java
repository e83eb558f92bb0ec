package org.byol4j.device.cuda;

/** The contract on a driver that does everything at some call after that which starts it. */
class CudaDeviceShuffledDriverTest extends DriverContract {

  @Override
  HostDriver.Order order() {
    return HostDriver.Order.SHUFFLED;
  }
}
