package org.byol4j.spark.ml;

import static org.apache.spark.sql.functions.col;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.config.Configuration;
import org.byol4j.spark.embed.BackboneModel;
import org.byol4j.spark.embed.FeatureBatches;
import org.byol4j.spark.embed.SentModel;
import org.byol4j.spark.storage.Places;

/**
 * A stage of a Spark ML pipeline: from a column of encoded images (JPEG or PNG, as the data source
 * {@code binaryFile} gives them in {@code content}) to a column of vectors, the features of a
 * backbone.
 *
 * <p>The weights are sent to each executor once; there all tasks use one model, which is closed
 * when it has not been used for a while. Rows keep their order within a partition. What is given to
 * Spark ML's persistence is the settings and, beside them, the weights as safetensors.
 */
public final class ByolEmbedder extends Transformer implements MLWritable {
  private static final long serialVersionUID = 1L;

  /** What becomes of a row whose image cannot be decoded. */
  enum Invalid {
    /** The job fails. */
    ERROR,
    /** The row is dropped. */
    SKIP,
    /** The row's features are NaN, as those of Spark's VectorAssembler. */
    KEEP;

    static Invalid of(String name) {
      return valueOf(name.toUpperCase(Locale.ROOT));
    }
  }

  private final String uid;
  private final transient BackboneModel model;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> handleInvalid;

  // guarded by this: the model as it was sent by a Spark, and by which
  private transient SentModel sent;
  private transient String sentBy;

  /**
   * A stage with a model that is given as values.
   *
   * @param uid what Spark ML tells stages apart by, unique among those of a pipeline
   */
  public ByolEmbedder(String uid, BackboneModel model) {
    this.uid = uid;
    this.model = model;
    this.inputCol = new Param<>(this, "inputCol", "the column of encoded images, of bytes");
    this.outputCol = new Param<>(this, "outputCol", "the column of features, vectors");
    this.handleInvalid =
        new Param<>(
            this,
            "handleInvalid",
            "what becomes of a row without an image that can be decoded: error, skip (the row is"
                + " dropped) or keep (its features are NaN)",
            ParamValidators.inArray(new String[] {"error", "skip", "keep"}));
    setDefault(inputCol, "content");
    setDefault(outputCol, "features");
    setDefault(handleInvalid, "error");
  }

  /**
   * The backbone of a checkpoint, with its own settings: images are prepared as the kNN evaluation
   * prepares them.
   *
   * @param runOrCheckpoint a checkpoint's folder, or a run's, whose newest checkpoint is taken: a
   *     path or a URI of Hadoop
   * @throws org.byol4j.checkpoint.CheckpointException if there is none, or it is damaged
   */
  public static ByolEmbedder ofCheckpoint(String runOrCheckpoint) {
    Checkpoint checkpoint = Places.checkpoint(runOrCheckpoint);
    Configuration configuration =
        Configuration.ofText(
            checkpoint.manifest().identity().configuration(), checkpoint.describe(), List.of());
    return new ByolEmbedder(
        Identifiable$.MODULE$.randomUID("byol"), BackboneModel.of(checkpoint, configuration));
  }

  @Override
  public String uid() {
    return uid;
  }

  BackboneModel model() {
    return model;
  }

  /** How many features an image has: the size of the vectors. */
  public int numFeatures() {
    return model.features();
  }

  /** The name of the column of encoded images, of bytes; default {@code content}. */
  public Param<String> inputCol() {
    return inputCol;
  }

  /**
   * The name of the column of features that is added, vectors of {@link #numFeatures} doubles;
   * default {@code features}.
   */
  public Param<String> outputCol() {
    return outputCol;
  }

  /**
   * What becomes of a row whose image is missing or cannot be decoded: {@code error} (the default),
   * {@code skip} or {@code keep}; see {@link #setHandleInvalid}.
   */
  public Param<String> handleInvalid() {
    return handleInvalid;
  }

  /** The name of the column of encoded images. */
  public String getInputCol() {
    return $(inputCol);
  }

  /** The name of the column of vectors. */
  public String getOutputCol() {
    return $(outputCol);
  }

  /** {@code error}, {@code skip} or {@code keep}. */
  public String getHandleInvalid() {
    return $(handleInvalid);
  }

  /**
   * Names the column of encoded images; {@code content} unless told otherwise. Whether there is one
   * is seen by {@link #transformSchema}.
   *
   * @return this stage
   */
  public ByolEmbedder setInputCol(String name) {
    set(inputCol, name);
    return this;
  }

  /**
   * Names the column of vectors; {@code features} unless told otherwise. It must be a new one, see
   * {@link #transformSchema}.
   *
   * @return this stage
   */
  public ByolEmbedder setOutputCol(String name) {
    set(outputCol, name);
    return this;
  }

  /**
   * Says what becomes of a row whose image is missing or cannot be decoded.
   *
   * @param what {@code error} (unless told otherwise): the job fails; {@code skip}: the row is
   *     dropped; {@code keep}: its features are NaN
   * @return this stage
   * @throws IllegalArgumentException if it is none of the three
   */
  public ByolEmbedder setHandleInvalid(String what) {
    set(handleInvalid, what);
    return this;
  }

  @Override
  public ByolEmbedder copy(ParamMap extra) {
    return copyValues(new ByolEmbedder(uid, model), extra);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if there is no column of bytes of that name, or one with the
   *     name of the output
   */
  @Override
  public StructType transformSchema(StructType schema) {
    String input = getInputCol();
    if (!List.of(schema.fieldNames()).contains(input)) {
      throw new IllegalArgumentException(
          "inputCol=%s is not among columns=%s".formatted(input, List.of(schema.fieldNames())));
    }
    if (!schema.apply(input).dataType().equals(DataTypes.BinaryType)) {
      throw new IllegalArgumentException(
          "inputCol=%s is of type=%s, expected binary"
              .formatted(input, schema.apply(input).dataType().simpleString()));
    }
    if (List.of(schema.fieldNames()).contains(getOutputCol())) {
      throw new IllegalArgumentException(
          "outputCol=%s is there already among columns=%s"
              .formatted(getOutputCol(), List.of(schema.fieldNames())));
    }
    StructField features = new AttributeGroup(getOutputCol(), model.features()).toStructField();
    return schema.add(features);
  }

  @Override
  public Dataset<Row> transform(Dataset<?> images) {
    StructType schema = transformSchema(images.schema());
    int column = images.schema().fieldIndex(getInputCol());
    SentModel sentModel =
        sentBy(JavaSparkContext.fromSparkContext(images.sparkSession().sparkContext()));
    Invalid invalid = Invalid.of(getHandleInvalid());
    int width = model.features();
    MapPartitionsFunction<Row, Row> embed =
        rows -> embedded(sentModel, rows, column, invalid, width);
    Dataset<Row> all = images.toDF().mapPartitions(embed, Encoders.row(schema));
    return withMetadata(all, schema);
  }

  /** Tasks give rows without the metadata of their columns, which other stages go by. */
  private static Dataset<Row> withMetadata(Dataset<Row> rows, StructType schema) {
    return rows.select(
        Stream.of(schema.fields())
            .map(
                field ->
                    col("`" + field.name().replace("`", "``") + "`")
                        .as(field.name(), field.metadata()))
            .toArray(Column[]::new));
  }

  private synchronized SentModel sentBy(JavaSparkContext spark) {
    String application = spark.sc().applicationId();
    if (sent == null || !application.equals(sentBy)) {
      // Spark frees it when this stage and all that came of it are no longer reachable
      sent = model.sendBy(spark);
      sentBy = application;
    }
    return sent;
  }

  private static Iterator<Row> embedded(
      SentModel model, Iterator<Row> rows, int column, Invalid invalid, int width) {
    FeatureBatches<Row> batches =
        new FeatureBatches<>(
            model, rows, row -> row.isNullAt(column) ? new byte[0] : row.getAs(column));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> batches.close());
    return new EmbeddedRows(batches, invalid, width);
  }

  @Override
  public MLWriter write() {
    return new EmbedderWriter(this);
  }

  /** What Spark ML calls to load a stage of this class. */
  public static MLReader<ByolEmbedder> read() {
    return new EmbedderReader();
  }

  /**
   * Loads what {@code save} has written.
   *
   * @param path the folder, a path or a URI of Hadoop
   * @throws org.byol4j.exchange.ExchangeException if the backbone's file is malformed
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static ByolEmbedder load(String path) {
    return read().load(path);
  }

  @Override
  public String toString() {
    return "ByolEmbedder: uid=%s, features=%d".formatted(uid, model.features());
  }
}
