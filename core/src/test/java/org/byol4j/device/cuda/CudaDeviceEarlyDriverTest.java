package org.byol4j.device.cuda;

/** The contract on a driver that does everything at once. */
class CudaDeviceEarlyDriverTest extends DriverContract {

  @Override
  HostDriver.Order order() {
    return HostDriver.Order.EARLY;
  }
}
