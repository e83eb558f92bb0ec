package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.byol4j.device.cuda.DriverGpu.last;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Memory, and copies beside the computation, through {@link NvidiaGpu} on a driver that does
 * nothing before somebody waits for it.
 */
@Tag("driver")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NvidiaCopiesTest {
  private static final long BYTES = DriverGpu.BYTES;
  private static final int OUT_OF_MEMORY = 2;

  @RegisterExtension private final DriverGpu open = new DriverGpu();

  private NvidiaGpu gpu() {
    return open.gpu();
  }

  @Test
  void kernelTakesItsArgumentsWhenItIsStarted() {
    BytePointer host = open.pinned(0);
    long memory = gpu().allocate(BYTES);
    open.fill(open.filling(), 2.5f, memory); // which frees them
    gpu().copy(memory, host.address(), BYTES);
    assertThat(last(host)).isZero();

    gpu().await();

    assertThat(last(host)).isEqualTo(2.5f);
    gpu().free(memory);
    gpu().unpin(host);
  }

  @Test
  void fetchComesAfterWhatWasStartedAndIsThereWhenItWasAwaited() {
    BytePointer first = open.pinned(0);
    BytePointer second = open.pinned(0);
    long memory = gpu().allocate(BYTES);
    Gpu.Kernel kernel = open.filling();
    Gpu.Exchange early = gpu().fetch();
    Gpu.Exchange late = gpu().fetch();
    open.fill(kernel, 1, memory);
    early.begin(memory, first.address(), BYTES);
    assertThat(last(first)).isZero();
    early.await();
    assertThat(last(first)).isEqualTo(1);
    open.fill(kernel, 2, memory);
    early.begin(memory, first.address(), BYTES);
    late.begin(memory, second.address(), BYTES);
    assertThat(last(first)).isEqualTo(1);
    late.await();
    early.await();

    assertThat(last(first)).isEqualTo(2);
    assertThat(last(second)).isEqualTo(2);
    gpu().free(memory);
    gpu().unpin(first);
    gpu().unpin(second);
  }

  @Test
  void storeComesBetweenWhatWasStartedBeforeItAndWhatIsStartedAfterIt() {
    BytePointer one = open.pinned(1);
    BytePointer two = open.pinned(2);
    BytePointer seen = open.pinned(0);
    long memory = gpu().allocate(BYTES);
    long before = gpu().allocate(BYTES);
    long after = gpu().allocate(BYTES);
    Gpu.Exchange store = gpu().store();
    store.await(); // for none
    open.fill(open.filling(), 3, memory);
    gpu().copy(memory, before, BYTES);
    store.begin(one.address(), memory, BYTES);
    gpu().copy(memory, after, BYTES);
    store.await();
    store.begin(two.address(), memory, BYTES);

    open.bring(before, seen);
    assertThat(last(seen)).isEqualTo(3);
    open.bring(after, seen);
    assertThat(last(seen)).isEqualTo(1);
    open.bring(memory, seen);
    assertThat(last(seen)).isEqualTo(2);
    for (long address : new long[] {memory, before, after}) {
      gpu().free(address);
    }
    for (BytePointer host : List.of(one, two, seen)) {
      gpu().unpin(host);
    }
  }

  @Test
  void uploadIsSeenByWhatUsesItAndLeavesAloneWhatIsStillUsed() {
    BytePointer one = open.pinned(1);
    BytePointer two = open.pinned(2);
    BytePointer seen = open.pinned(0);
    long page = gpu().allocate(BYTES);
    long copied = gpu().allocate(BYTES);
    Gpu.Upload upload = gpu().upload();
    upload.copy(one.address(), page, BYTES);
    upload.use();
    gpu().copy(page, copied, BYTES);
    upload.used();
    upload.copy(two.address(), page, BYTES);
    upload.await();
    gpu().copy(copied, seen.address(), BYTES);
    gpu().await();
    assertThat(last(seen)).isEqualTo(1);
    upload.use();
    gpu().copy(page, seen.address(), BYTES);
    gpu().await();

    assertThat(last(seen)).isEqualTo(2);
    gpu().free(page);
    gpu().free(copied);
    gpu().unpin(one);
    gpu().unpin(two);
    gpu().unpin(seen);
  }

  @Test
  void memoryIsFreedAfterEveryCopyThatWasBegun() {
    BytePointer host = open.pinned(1);
    Gpu.Upload upload = gpu().upload();
    Gpu.Exchange fetch = gpu().fetch();
    long uploaded = gpu().allocate(BYTES);
    upload.copy(host.address(), uploaded, BYTES);
    gpu().free(uploaded);
    upload.await();
    long fetched = gpu().allocate(BYTES);
    fetch.begin(fetched, host.address(), BYTES);
    gpu().free(fetched);
    fetch.await();
    long zeroed = gpu().allocate(BYTES);
    gpu().zero(zeroed, BYTES);
    gpu().free(zeroed);
    gpu().unpin(host);

    assertThatCode(gpu()::await).doesNotThrowAnyException();
  }

  @Test
  void pinnedMemoryIsGivenBackAfterEveryCopyThatWasBegun() {
    long memory = gpu().allocate(BYTES);
    gpu().zero(memory, BYTES);
    Gpu.Upload upload = gpu().upload();
    Gpu.Exchange fetch = gpu().fetch();
    BytePointer uploaded = open.pinned(1);
    upload.copy(uploaded.address(), memory, BYTES);
    gpu().unpin(uploaded);
    BytePointer fetched = open.pinned(1);
    fetch.begin(memory, fetched.address(), BYTES);
    gpu().unpin(fetched);
    BytePointer copied = open.pinned(1);
    gpu().copy(copied.address(), memory, BYTES);
    gpu().unpin(copied);

    assertThatCode(gpu()::await).doesNotThrowAnyException();
    gpu().free(memory);
  }

  @Test
  void closingWaitsForAllThatNobodyAwaits() {
    NvidiaGpu other = open.another(0);
    BytePointer up = open.pinned(1);
    BytePointer down = open.pinned(0);
    long uploaded = gpu().allocate(BYTES);
    long fetched = gpu().allocate(BYTES);
    long computed = gpu().allocate(BYTES);
    gpu().copy(up.address(), fetched, BYTES);
    gpu().await();
    other.upload().copy(up.address(), uploaded, BYTES);
    other.fetch().begin(fetched, down.address(), BYTES);
    other.copy(up.address(), computed, BYTES);

    other.close();

    assertThat(HostDriver.at(computed).getFloat(0)).isEqualTo(1);

    assertThat(HostDriver.at(uploaded).getFloat(0)).isEqualTo(1);
    assertThat(last(down)).isEqualTo(1);
    gpu().free(uploaded);
    gpu().free(fetched);
    gpu().free(computed);
    gpu().unpin(up);
    gpu().unpin(down);
  }

  @Test
  void missingMemoryIsToldWithWhatThereIs() {
    HostDriver.memory(0, 10_000);
    long memory = gpu().allocate(4_000);

    assertThatThrownBy(() -> gpu().allocate(6_001))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("cannot allocate GPU memory: bytes=6001 freeBytes=6000 totalBytes=10000");
    HostDriver.fail("cuMemAllocHost", 0, OUT_OF_MEMORY);
    assertThatThrownBy(() -> gpu().pinned(5))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("cannot pin memory of the host: bytes=5");

    gpu().free(memory);
    assertThat(gpu().room()).isEqualTo(new Gpu.Room(10_000, 10_000));
  }

  @Test
  void copyBeyondMemoryIsRefused() {
    long memory = gpu().allocate(BYTES);

    assertThatThrownBy(() -> gpu().zero(memory, BYTES + 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("cuMemsetD8Async: CUresult=1 invalid argument");
    gpu().free(memory);
  }

  @Test
  void uploadThatCannotBeMadeLeavesNothing() {
    String before = HostDriver.held(0);
    for (int events = 0; events < 2; events++) {
      HostDriver.fail("cuEventCreate", events, OUT_OF_MEMORY);
      assertThatThrownBy(gpu()::upload)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("cuEventCreate: CUresult=2 out of memory");
      assertThat(HostDriver.held(0)).isEqualTo(before);
    }
  }
}
