package org.byol4j.device.cuda;

/** Something that can take down what is started on a GPU, to start all of it again at once. */
interface Recorder {

  /**
   * Takes down what {@code work} starts, without starting it. Places and arguments are those of
   * now, for good; the numbers at those places are not.
   *
   * @param work starts kernels, convolutions, copies and fillings with zeros, and nothing else: to
   *     wait or to ask for memory meanwhile is an {@link IllegalStateException}
   * @throws RecordingRefusedException if the machine does not record that, with its reason
   */
  Recording record(Runnable work);

  /** What was taken down. */
  interface Recording extends AutoCloseable {

    /** Starts all of it, in the order in which it was recorded. */
    void start();

    @Override
    void close();
  }
}
