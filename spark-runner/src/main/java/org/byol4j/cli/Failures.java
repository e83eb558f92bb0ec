package org.byol4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.PlaceException;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.tcp.TlsKeysException;
import org.byol4j.config.ConfigurationException;
import org.byol4j.data.DataException;
import org.byol4j.data.OtherImagesException;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.cuda.NcclException;
import org.byol4j.eval.EvaluationException;
import org.byol4j.exchange.ExchangeException;
import org.byol4j.metrics.MetricsException;
import org.byol4j.paramserver.DivergedException;
import org.byol4j.paramserver.NotFiniteException;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.byol4j.spark.ClusterException;
import org.byol4j.spark.NoSlotsException;
import org.byol4j.train.CollapsedException;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.ResumeRefusedException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The one place where a failure becomes an exit code and its lines on standard error. A stack trace
 * is for faults of ours, or when asked for.
 */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private final boolean traced;

  /**
   * @param traced whether every failure shows its stack trace
   */
  Failures(boolean traced) {
    this.traced = traced;
  }

  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("byol4j: " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("try: %s --help".formatted(command.getCommandSpec().qualifiedName()));
    err.flush();
    return ExitCode.USAGE.number();
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult result) {
    return tell(e, command.getErr());
  }

  /** Tells of {@code failure} on {@code err} and returns its exit code. */
  int tell(Throwable failure, PrintWriter err) {
    ExitCode code = codeOf(failure);
    message(failure).lines().forEach(line -> err.println("byol4j: " + line));
    if (traced || (code == ExitCode.INTERNAL && !saysAll(failure))) {
      failure.printStackTrace(err);
    }
    err.flush();
    return code.number();
  }

  private static ExitCode codeOf(Throwable failure) {
    if (failure instanceof ConfigurationException
        || failure instanceof ResumeRefusedException
        || failure instanceof OtherImagesException
        || failure instanceof CollapsedException
        || failure instanceof ClusterException
        || failure instanceof PlaceException
        || failure instanceof NcclException
        || failure instanceof TlsKeysException) {
      return ExitCode.USAGE;
    }
    if (failure instanceof DataException
        || failure instanceof CheckpointException
        || failure instanceof EvaluationException
        || failure instanceof ExchangeException
        || failure instanceof MetricsException) {
      return ExitCode.DATA;
    }
    if (failure instanceof DeviceUnavailableException || failure instanceof DeviceMemoryError) {
      return ExitCode.UNFIT;
    }
    if (failure instanceof StorageException
        || failure instanceof CollectiveException
        || failure instanceof LostReplicaException
        || failure instanceof NoSlotsException
        || failure instanceof IOException
        || failure instanceof UncheckedIOException) {
      return ExitCode.RETRY;
    }
    return failure instanceof CancellationException ? ExitCode.STOPPED : ExitCode.INTERNAL;
  }

  /** The message says all there is to know. */
  private static boolean saysAll(Throwable failure) {
    return failure instanceof NotFiniteException
        || failure instanceof DivergedException
        || failure instanceof FaultyReplicaException;
  }

  private static String message(Throwable failure) {
    return failure.getMessage() == null || failure instanceof IOException
        ? failure.toString()
        : failure.getMessage();
  }
}
