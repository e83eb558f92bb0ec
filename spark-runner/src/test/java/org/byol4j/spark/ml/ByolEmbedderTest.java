package org.byol4j.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.exchange.ExchangeException;
import org.byol4j.spark.Photographs;
import org.byol4j.spark.TrainedBackbone;
import org.byol4j.spark.embed.KnnFeatures;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The stage on executors in processes of their own, with real JPEGs. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ByolEmbedderTest {
  private static final int IMAGES = 150;

  @TempDir private static Path folder;
  private static Path images;
  private static TrainedBackbone trained;
  private static SparkSession spark;

  @BeforeAll
  static void start() throws IOException {
    images = Photographs.draw(folder.resolve("photographs"), IMAGES);
    trained = TrainedBackbone.in(folder);
    spark = trained.session("local-cluster[2,1,1024]");
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void columnOfFilesBecomesAColumnOfTheFeaturesThatKnnCompares() {
    ByolEmbedder embedder = ByolEmbedder.ofCheckpoint(trained.run().toString());

    List<Row> rows = sorted(embedder.transform(files()));

    assertThat(rows)
        .extracting(row -> floats(row.getAs("features")))
        .isEqualTo(
            KnnFeatures.of(
                CheckpointReader.open(trained.run()),
                trained.configuration(),
                images,
                folder.resolve("store")));
    assertThat(embedder.numFeatures()).isEqualTo(rows.get(0).<Vector>getAs("features").size());
  }

  @Test
  void pipelineIsTheSameAfterItWasSavedAndLoaded() throws IOException {
    Path saved = folder.resolve("pipeline");
    ByolEmbedder embedder =
        ByolEmbedder.ofCheckpoint(trained.run().toString())
            .setOutputCol("byol")
            .setHandleInvalid("keep");
    VectorAssembler assembler =
        new VectorAssembler().setInputCols(new String[] {"byol", "length"}).setOutputCol("all");
    StringIndexer indexer = new StringIndexer().setInputCol("name").setOutputCol("index");
    PipelineModel pipeline =
        new Pipeline().setStages(new PipelineStage[] {indexer, embedder, assembler}).fit(named());

    pipeline.write().overwrite().save(saved.toString());
    PipelineModel loaded = PipelineModel.load(saved.toString());

    ByolEmbedder again = (ByolEmbedder) loaded.stages()[1];
    assertThat(again.uid()).isEqualTo(embedder.uid());
    assertThat(again.getInputCol()).isEqualTo("content");
    assertThat(again.getOutputCol()).isEqualTo("byol");
    assertThat(again.getHandleInvalid()).isEqualTo("keep");
    List<Row> expected = sorted(pipeline.transform(named()));
    assertThat(sorted(loaded.transform(named()))).isEqualTo(expected);
    assertThat(expected.get(0).<Vector>getAs("all").size()).isEqualTo(embedder.numFeatures() + 1);
  }

  @Test
  void columnsKeepWhatOtherStagesKnowOfThem() {
    Dataset<Row> indexed =
        new StringIndexer()
            .setInputCol("name")
            .setOutputCol("index")
            .fit(named())
            .transform(named());

    ByolEmbedder embedder = ByolEmbedder.ofCheckpoint(trained.run().toString());
    StructType schema = embedder.transform(indexed).schema();

    assertThat(schema.apply("index").metadata())
        .isEqualTo(indexed.schema().apply("index").metadata());
    assertThat(AttributeGroup.fromStructField(schema.apply("features")).size())
        .isEqualTo(embedder.numFeatures());
    assertThat(embedder.transformSchema(indexed.schema())).isEqualTo(schema);
  }

  @Test
  void imagesThatCannotBeDecodedAreWhatHandleInvalidSays() throws IOException {
    byte[] whole = Files.readAllBytes(images.resolve("0000.jpg"));
    Dataset<Row> some =
        spark.createDataFrame(
            List.of(
                RowFactory.create("good", whole),
                RowFactory.create("cut", Arrays.copyOf(whole, whole.length / 2)),
                RowFactory.create("null", null),
                RowFactory.create("also good", whole)),
            new StructType().add("path", "string").add("content", "binary"));
    ByolEmbedder embedder = ByolEmbedder.ofCheckpoint(trained.run().toString());

    assertThatThrownBy(() -> embedder.transform(some).collectAsList())
        .hasMessageContaining("an image cannot be decoded")
        .hasMessageContaining("handleInvalid=error, allowed: error, skip, keep");
    assertThat(embedder.setHandleInvalid("skip").transform(some).collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactly("good", "also good");
    List<Row> kept = embedder.setHandleInvalid("keep").transform(some).collectAsList();
    assertThat(kept)
        .extracting(row -> row.getString(0))
        .containsExactly("good", "cut", "null", "also good");
    assertThat(floats(kept.get(0).getAs("features")))
        .isEqualTo(floats(kept.get(3).getAs("features")))
        .noneMatch(value -> value.isNaN());
    assertThat(floats(kept.get(1).getAs("features")))
        .hasSize(embedder.numFeatures())
        .allMatch(value -> value.isNaN());
    assertThat(floats(kept.get(2).getAs("features"))).allMatch(value -> value.isNaN());
    assertThatThrownBy(() -> embedder.setHandleInvalid("ignore"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("handleInvalid");
  }

  @Test
  void columnsThatAreMissingOrOfOtherTypesAreNamed() {
    StructType schema =
        new StructType().add("content", DataTypes.BinaryType).add("path", DataTypes.StringType);
    ByolEmbedder embedder = ByolEmbedder.ofCheckpoint(trained.run().toString());

    assertThatThrownBy(
            () -> embedder.copy(new ParamMap()).setInputCol("no").transformSchema(schema))
        .hasMessage("inputCol=no is not among columns=[content, path]");
    assertThatThrownBy(
            () -> embedder.copy(new ParamMap()).setInputCol("path").transformSchema(schema))
        .hasMessage("inputCol=path is of type=string, expected binary");
    assertThatThrownBy(
            () -> embedder.copy(new ParamMap()).setOutputCol("path").transformSchema(schema))
        .hasMessage("outputCol=path is there already among columns=[content, path]");
  }

  @Test
  void damagedWeightsAreNotLoaded() throws IOException {
    Path saved = folder.resolve("stage");
    ByolEmbedder.ofCheckpoint(trained.run().toString()).write().overwrite().save(saved.toString());
    Path weights = saved.resolve("backbone.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.delete(saved.resolve(".backbone.safetensors.crc"));
    Files.write(weights, Arrays.copyOf(bytes, bytes.length - 4));

    assertThatThrownBy(() -> ByolEmbedder.load(saved.toString()))
        .isInstanceOf(ExchangeException.class)
        .hasMessageContaining("safetensors");
  }

  private static Dataset<Row> files() {
    return spark
        .read()
        .format("binaryFile")
        .option("recursiveFileLookup", "true")
        .load(images.toString());
  }

  private static Dataset<Row> named() {
    return files()
        .selectExpr("path", "length", "content", "substring_index(path, '/', -1) as name");
  }

  /** In the order of ids: of paths, bytewise. */
  private static List<Row> sorted(Dataset<Row> rows) {
    return rows.collectAsList().stream()
        .sorted(Comparator.comparing(row -> row.<String>getAs("path")))
        .toList();
  }

  private static List<Float> floats(Vector vector) {
    return Arrays.stream(vector.toArray()).mapToObj(value -> (float) value).toList();
  }
}
