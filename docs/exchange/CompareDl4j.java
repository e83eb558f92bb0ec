import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * Loads models that `export --format dl4j` has written with nothing but Deeplearning4j, and compares the features that it
 * makes of the images of a sample with those that the sample holds:
 *
 *     java -cp 'deeplearning4j-nn, nd4j-native and what they need' CompareDl4j.java model.zip sample.safetensors ...
 */
public class CompareDl4j {
  private static final double TOLERANCE = 1e-4;

  public static void main(String[] files) throws Exception {
    boolean allAreClose = true;
    for (int i = 0; i < files.length; i += 2) {
      ComputationGraph graph = ComputationGraph.load(new File(files[i]), false);
      byte[] sample = Files.readAllBytes(Path.of(files[i + 1]));
      INDArray expected = tensor(sample, "features");
      INDArray features = graph.outputSingle(tensor(sample, "images"));
      double distance = features.sub(expected).norm2Number().doubleValue() / expected.norm2Number().doubleValue();
      System.out.println(files[i] + ": " + features.shapeInfoToString() + " relative distance " + distance);
      allAreClose &= distance < TOLERANCE;
    }
    System.exit(allAreClose ? 0 : 1);
  }

  /** A tensor of a safetensors file: the length of the header, the header, the values, little endian. */
  private static INDArray tensor(byte[] file, String name) throws Exception {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong(0);
    JsonNode entry = new ObjectMapper().readTree(file, Long.BYTES, header).get(name);
    long[] shape = new long[entry.get("shape").size()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = entry.get("shape").get(i).asLong();
    }
    int begin = Long.BYTES + header + entry.get("data_offsets").get(0).asInt();
    float[] values = new float[(entry.get("data_offsets").get(1).asInt() - entry.get("data_offsets").get(0).asInt()) / Float.BYTES];
    bytes.position(begin);
    bytes.asFloatBuffer().get(values);
    return Nd4j.createFromArray(values).reshape('c', shape);
  }
}
