package org.byol4j.spark;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.byol4j.metrics.StepRecord;

/** Something that a replica tells the driver. */
sealed interface ReplicaEvent extends Serializable {

  /**
   * The replica runs.
   *
   * @param executor the id of its executor
   * @param gpu the address of its GPU; empty if it was given none
   */
  record Started(String executor, String host, String gpu) implements ReplicaEvent {}

  /**
   * The replica copies its images to its machine.
   *
   * @param done how many are there
   * @param total how many there will be
   */
  record Copies(long done, long total) implements ReplicaEvent {}

  /** The replica has its images, and is connected with all others. */
  record Together() implements ReplicaEvent {}

  /** The steps begin, on rank 0. */
  record Begins(long firstStep, long totalSteps, int stepsPerEpoch) implements ReplicaEvent {}

  /** A line for a person, from rank 0. */
  record Says(String message) implements ReplicaEvent {}

  /**
   * The replica has come to its end, or to a stop that all agreed on.
   *
   * @param end how the run ended, from rank 0; from others none
   */
  record Ended(List<ReplicaEnd> end) implements ReplicaEvent {
    public Ended {
      end = List.copyOf(end);
    }
  }

  /** The replica has failed. */
  record Failed(Throwable failure) implements ReplicaEvent {

    /** Tells of {@code failure}; of one that cannot travel, by its text. */
    static Failed of(Throwable failure) {
      try (ObjectOutputStream nowhere = new ObjectOutputStream(OutputStream.nullOutputStream())) {
        nowhere.writeObject(failure);
        return new Failed(failure);
      } catch (IOException e) {
        IllegalStateException told = new IllegalStateException(failure.toString());
        told.setStackTrace(failure.getStackTrace());
        return new Failed(told);
      }
    }
  }

  /** A step is done, on rank 0: a {@link StepRecord}, with NaN for what was not looked at. */
  record StepDone(
      long step,
      int epoch,
      double loss,
      double learningRate,
      double targetDecay,
      double featureStd,
      double cosine,
      double effectiveRank,
      double knnTop1,
      double threshold,
      double sentShare,
      double stepMs,
      double dataWaitMs,
      double forwardMs,
      double backwardMs,
      double communicationMs,
      double sentBytes,
      double imagesPerSecond,
      long timeMs)
      implements ReplicaEvent {

    static StepDone of(StepRecord entry) {
      return new StepDone(
          entry.step(),
          entry.epoch(),
          entry.loss(),
          entry.learningRate(),
          entry.targetDecay(),
          entry.featureStd(),
          entry.cosine(),
          entry.effectiveRank().orElse(Double.NaN),
          entry.knnTop1().orElse(Double.NaN),
          entry.threshold().orElse(Double.NaN),
          entry.sentShare().orElse(Double.NaN),
          entry.timing().stepMs(),
          entry.timing().dataWaitMs(),
          entry.timing().forwardMs(),
          entry.timing().backwardMs(),
          entry.timing().communicationMs(),
          entry.timing().sentBytes().isPresent()
              ? entry.timing().sentBytes().getAsLong()
              : Double.NaN,
          entry.timing().imagesPerSecond(),
          entry.timing().timeMs());
    }

    StepRecord toRecord() {
      return new StepRecord(
          step,
          epoch,
          loss,
          learningRate,
          targetDecay,
          featureStd,
          cosine,
          present(effectiveRank),
          present(knnTop1),
          present(threshold),
          present(sentShare),
          new StepRecord.Timing(
              stepMs,
              dataWaitMs,
              forwardMs,
              backwardMs,
              communicationMs,
              Double.isNaN(sentBytes) ? OptionalLong.empty() : OptionalLong.of((long) sentBytes),
              imagesPerSecond,
              timeMs));
    }

    private static OptionalDouble present(double value) {
      return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
    }
  }
}
