package org.byol4j.device.cuda;

/** The contract on a driver that does everything when somebody waits for it. */
class CudaDeviceLateDriverTest extends DriverContract {

  @Override
  HostDriver.Order order() {
    return HostDriver.Order.LATE;
  }
}
