package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.byol4j.device.BatchNorm.Form;
import org.byol4j.device.TwinDevices.Twin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every device must do, held against {@link ReferenceDevice}. A device's own test extends this
 * and gives the device.
 */
public abstract class DeviceContractTest {
  private static final double EPSILON = 1e-5;

  private TwinDevices twins;

  /** Returns a new device; the test closes it. */
  protected abstract Device newDevice();

  /** The largest error of an operation, relative to the largest value of its result. */
  protected double tolerance() {
    return 2e-6;
  }

  /** The same for {@link BatchNorm#forwardLocal}, whose statistics may be a library's own. */
  protected double localStatisticsTolerance() {
    return 2e-5;
  }

  /**
   * The same for convolutions of many channels, which may be of an algorithm that sums up larger
   * terms.
   */
  protected double wideConvolutionTolerance() {
    return 1e-5;
  }

  @BeforeEach
  void open() {
    twins = new TwinDevices(newDevice(), tolerance());
  }

  @AfterEach
  void close() {
    twins.close();
  }

  @ParameterizedTest
  @CsvSource({
    // batch, height, width, in, out, kernel, stride, top, bottom, left, right
    "1,  1,  1,   3, 16, 1, 1, 0, 0, 0, 0",
    "2,  6,  6,  64, 24, 1, 1, 0, 0, 0, 0",
    "2,  6,  6,  17, 64, 1, 2, 0, 0, 0, 0",
    "3,  7,  5,  16, 17, 1, 2, 0, 0, 0, 0",
    "2,  7,  9,   3, 17, 3, 1, 1, 1, 1, 1",
    "1,  2,  2,  16,  3, 3, 1, 1, 1, 1, 1",
    "3,  5,  5,  24, 64, 3, 1, 1, 1, 1, 1",
    "8,  4,  4,  64, 64, 3, 1, 1, 1, 1, 1",
    "1, 33, 31,  16, 16, 3, 1, 1, 1, 1, 1",
    "2,  8,  8,  16, 24, 3, 2, 0, 1, 0, 1",
    "2,  8,  8,  24, 16, 3, 2, 1, 1, 1, 1",
    "2,  9,  8,  17, 16, 3, 2, 1, 1, 0, 1",
    "2, 16, 12,   3, 64, 7, 2, 2, 3, 2, 3",
    "1, 15, 16,   3, 17, 7, 2, 3, 3, 3, 3",
    "5,  5,  6,  16,  3, 5, 1, 2, 2, 2, 2",
    "2,  6,  6,   1, 16, 2, 1, 0, 1, 0, 1",
    "2,  7,  7, 128, 96, 3, 1, 1, 1, 1, 1",
    "2,  4,  4, 130, 256, 1, 1, 0, 0, 0, 0"
  })
  void convolutionIsTheReferences(
      int batch,
      int height,
      int width,
      int in,
      int out,
      int kernel,
      int stride,
      int top,
      int bottom,
      int left,
      int right) {
    Window window = new Window(kernel, stride, new Padding(top, bottom), new Padding(left, right));
    Shape input = new Shape(batch, height, width, in);
    Shape output = window.output(input, out);
    Twin weights = twins.slice(Shape.vector(out * in * kernel * kernel));
    Map map = (device, tensor) -> device.convolution(input, output, window, tensor);
    expectLinearMapOfReference(tolerance(), map, weights, input, output, 0);
  }

  @ParameterizedTest
  @CsvSource({
    // batch, height, width, in, out, top, bottom, left, right
    "32, 3,  4, 128, 130, 1, 1, 1, 1",
    "33, 4,  3, 130, 128, 1, 1, 1, 1",
    "8, 9,  9, 128, 128, 0, 0, 0, 0",
    "6, 11, 10, 128, 128, 2, 1, 0, 2",
    "2, 14, 15, 300, 132, 1, 1, 1, 1"
  })
  void wideConvolutionIsTheReferences(
      int batch, int height, int width, int in, int out, int top, int bottom, int left, int right) {
    Window window = new Window(3, 1, new Padding(top, bottom), new Padding(left, right));
    Shape input = new Shape(batch, height, width, in);
    Shape output = window.output(input, out);
    Twin weights = twins.slice(Shape.vector(out * in * 9));
    Map map = (device, tensor) -> device.convolution(input, output, window, tensor);
    expectLinearMapOfReference(wideConvolutionTolerance(), map, weights, input, output, 3);
  }

  @Test
  void wideConvolutionSeesChangedWeights() {
    Window window = new Window(3, 1, Padding.both(1), Padding.both(1));
    Shape shape = new Shape(32, 4, 3, 128);
    Twin weights = twins.slice(Shape.vector(128 * 128 * 9));
    Twin other = twins.slice(weights.shape());
    Twin x = twins.random(shape);
    Twin y = twins.random(shape);
    Twin dx = twins.random(shape);
    twins.run(
        side -> {
          LinearMap map = side.device().convolution(shape, shape, window, side.of(weights));
          Op forward = map.forward(side.of(x), side.of(y));
          Op backward = map.backwardData(side.of(x), side.of(dx));
          forward.run();
          backward.run();
          side.device().axpby(0.3, side.of(other), 0.7, side.of(weights));
          forward.run();
          backward.run();
        });
    twins.expectSame("y", wideConvolutionTolerance(), y);
    twins.expectSame("dx", wideConvolutionTolerance(), dx);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3, 17",
    "1, 512, 64",
    "2, 16, 24",
    "3, 64, 3",
    "5, 17, 16",
    "33, 24, 64",
    "64, 256, 130"
  })
  void matrixProductIsTheReferences(int rows, int in, int out) {
    Twin weights = twins.slice(Shape.vector(in * out));
    Map map = (device, tensor) -> device.matrixProduct(rows, in, out, tensor);
    expectLinearMapOfReference(
        tolerance(), map, weights, Shape.matrix(rows, in), Shape.matrix(rows, out), 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16})
  void tensorsOfALinearMapMayBeViewsAtAnyOffset(int offset) {
    Window window = new Window(3, 2, new Padding(0, 1), new Padding(1, 0));
    Shape input = new Shape(2, 7, 8, 17);
    Shape output = window.output(input, 24);
    Map map = (device, tensor) -> device.convolution(input, output, window, tensor);
    expectLinearMapOfReference(
        tolerance(), map, twins.slice(Shape.vector(24 * 17 * 9)), input, output, offset);
  }

  @Test
  void oneLinearMapServesManyTensors() {
    Shape input = new Shape(2, 5, 5, 16);
    Window window = new Window(3, 1, Padding.both(1), Padding.both(1));
    Twin weights = twins.slice(Shape.vector(16 * 16 * 9));
    Twin x = twins.random(input);
    Twin middle = twins.random(input);
    Twin y = twins.random(input);
    twins.run(
        side -> {
          LinearMap map = side.device().convolution(input, input, window, side.of(weights));
          Op first = map.forward(side.of(x), side.of(middle));
          Op second = map.forward(side.of(middle), side.of(y));
          first.run();
          second.run();
        });
    twins.expectSame("middle", middle);
    twins.expectSame("y", y);
  }

  @Test
  void changedWeightsAreSeenByTheNextRun() {
    int rows = 5;
    int in = 24;
    int out = 16;
    int length = in * out;
    Shape flatShape = Shape.vector(2 * length + 40);
    Twin flat = twins.slice(flatShape);
    Twin weights = flat.view(7, Shape.vector(length));
    Twin other = twins.slice(flatShape);
    Twin momentum = twins.slice(flatShape);
    Twin x = twins.random(Shape.matrix(rows, in));
    Twin dy = twins.random(Shape.matrix(rows, out));
    float[] written = new float[length];
    for (int i = 0; i < length; i++) {
      written[i] = (float) Math.sin(i);
    }
    for (int change = 0; change < 7; change++) {
      int kind = change;
      Twin y = twins.random(Shape.matrix(rows, out));
      Twin dx = twins.random(Shape.matrix(rows, in));
      twins.run(
          side -> {
            Device device = side.device();
            LinearMap map = device.matrixProduct(rows, in, out, side.of(weights));
            Op forward = map.forward(side.of(x), side.of(y));
            Op backward = map.backwardData(side.of(dy), side.of(dx));
            forward.run();
            backward.run();
            switch (kind) {
              case 0 -> device.write(FloatBuffer.wrap(written), side.of(weights));
              case 1 ->
                  device.update(
                      0.9, 0.5, 0.01, 0.1, side.of(other), side.of(momentum), side.of(flat));
              case 2 -> device.axpby(0.3, side.of(other), 0.7, side.of(flat));
              case 3 -> device.copy(side.of(other), side.of(flat));
              case 4 -> device.fill(0.25, side.of(flat));
              case 5 -> device.axpby(2, side.of(weights), 0.5, side.of(weights));
              default -> {
                HostWindow window = device.host(side.of(flat));
                ByteBuffer to = window.write(20, 100);
                for (int i = 0; i < 100; i++) {
                  put(window.elementBytes(), to, i, 0.5f * i);
                }
                window.written(20, 100);
              }
            }
            forward.run();
            backward.run();
          });
      twins.expectSame("y after change " + kind, y);
      twins.expectSame("dx after change " + kind, dx);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "2, 16", "33, 17", "7, 24", "64, 256"})
  void biasIsAddedAndItsGradientAccumulates(int rows, int channels) {
    Twin bias = twins.slice(Shape.vector(channels));
    Twin gradient = twins.slice(Shape.vector(channels));
    Twin y = twins.random(Shape.matrix(rows, channels));
    twins.run(
        side -> {
          side.device().addBias(side.of(bias), side.of(y)).run();
          side.device().biasGradient(side.of(y), side.of(gradient)).run();
        });
    twins.expectSame("y", y);
    twins.expectSame("gradient", gradient);
  }

  @ParameterizedTest
  @CsvSource({
    "3, 1, 1, 3",
    "3, 1, 1, 64",
    "5, 1, 1, 17",
    "64, 1, 1, 256",
    "1, 3, 5, 16",
    "3, 7, 5, 3",
    "8, 9, 9, 24",
    "4, 16, 16, 64",
    "2, 31, 33, 17",
    "2, 4, 4, 512",
    "33, 16, 16, 130"
  })
  void localBatchNormIsTheReferencesInEveryForm(int batch, int height, int width, int channels) {
    for (Form form : Form.values()) {
      for (boolean inPlace : new boolean[] {false, true}) {
        expectLocalBatchNormOfReference(
            form, new Shape(batch, height, width, channels), inPlace, 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Form.class)
  void tensorsOfABatchNormMayBeViewsAtAnyOffset(Form form) {
    expectLocalBatchNormOfReference(form, new Shape(3, 5, 7, 17), true, 3);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 1, 1, 3",
    "1, 4, 1, 1, 64",
    "3, 2, 4, 4, 16",
    "1, 5, 7, 5, 17",
    "7, 2, 9, 8, 24",
    "40, 24, 1, 1, 256",
    "2, 3, 16, 15, 64"
  })
  void batchNormOfTwoUnequalGroupsIsThatOfTheWholeBatch(
      int first, int second, int height, int width, int channels) {
    for (Form form : Form.values()) {
      expectMergedGroupsEqualTheWhole(form, first, second, height, width, channels);
    }
  }

  @Test
  void momentsAreExactWhereTheMeanIsLarge() {
    Shape shape = new Shape(4, 13, 11, 17);
    Twin x = twins.random(shape, 1000, 0.1);
    Twin scale = twins.slice(Shape.vector(17));
    Twin y = twins.random(shape);
    double[][] moments = new double[2][34];
    int[] turn = {0};
    twins.run(
        side ->
            side.device()
                .batchNorm(
                    Form.PLAIN, side.of(x), side.of(scale), side.of(scale), EPSILON, side.of(y))
                .moments(moments[turn[0]++]));
    for (int c = 0; c < 17; c++) {
      assertThat(moments[0][c]).isCloseTo(moments[1][c], within(1e-6 * moments[1][c]));
      assertThat(moments[0][17 + c])
          .isCloseTo(moments[1][17 + c], within(2e-5 * moments[1][17 + c]));
    }
  }

  @Test
  void evaluationNormalizesWithGivenStatistics() {
    Shape shape = new Shape(1, 3, 3, 24);
    double[] mean = new double[24];
    double[] variance = new double[24];
    Arrays.setAll(mean, c -> 0.1 * c - 1);
    Arrays.setAll(variance, c -> 0.5 + 0.3 * c);
    Twin x = twins.random(shape);
    Twin scale = twins.slice(Shape.vector(24));
    Twin shift = twins.slice(Shape.vector(24));
    Twin y = twins.random(shape);
    twins.run(
        side ->
            side.device()
                .batchNorm(
                    Form.RELU, side.of(x), side.of(scale), side.of(shift), EPSILON, side.of(y))
                .normalize(mean, variance));
    twins.expectSame("y", y);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void reluAndSumsAreTheReferencesAlsoInPlace(boolean inPlace) {
    Shape shape = new Shape(3, 5, 7, 17);
    Twin a = twins.random(shape, 0, 1, inPlace ? 3 : 0);
    Twin b = twins.random(shape);
    Twin y = twins.random(shape);
    Twin masked = inPlace ? a : twins.random(shape);
    Twin sum = inPlace ? a : twins.random(shape);
    Twin maskedSum = inPlace ? a : twins.random(shape);
    twins.run(
        side -> {
          Device device = side.device();
          device.add(side.of(a), side.of(b), side.of(sum)).run();
          device.addReluBackward(side.of(a), side.of(b), side.of(y), side.of(maskedSum)).run();
          device.reluBackward(side.of(a), side.of(y), side.of(masked)).run();
        });
    twins.expectSame("sum", sum);
    twins.expectSame("masked sum", maskedSum);
    twins.expectSame("masked", masked);
  }

  @Test
  void reluLetsNoGradientThroughAtZero() {
    Twin dy = twins.of(Shape.vector(4), 1, 2, 3, 4);
    Twin y = twins.of(Shape.vector(4), 0, 1, -0f, -1);
    twins.run(side -> side.device().reluBackward(side.of(dy), side.of(y), side.of(dy)).run());
    assertThat(TwinDevices.read(twins.testedSide().device(), dy.tested()))
        .containsExactly(0, 2, 0, 0);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 8, 8, 16, 3, 2, 0, 1",
    "2, 9, 7, 17, 3, 2, 1, 1",
    "1, 15, 16, 64, 3, 2, 1, 1",
    "3, 6, 4, 3, 2, 2, 0, 0",
    "1, 5, 5, 24, 3, 1, 1, 1"
  })
  void maxPoolIsTheReferences(
      int batch,
      int height,
      int width,
      int channels,
      int kernel,
      int stride,
      int before,
      int after) {
    Padding padding = new Padding(before, after);
    Window window = new Window(kernel, stride, padding, padding);
    Shape input = new Shape(batch, height, width, channels);
    Shape output = window.output(input, channels);
    Twin x = twins.random(input, -5, 1);
    expectPoolingOfReference((device, from, to) -> device.maxPool(window, from, to), x, output);
  }

  @Test
  void maxPoolSendsTheGradientOfATieToTheFirstMaximum() {
    Window window = new Window(3, 2, new Padding(0, 1), new Padding(0, 1));
    Shape input = new Shape(1, 4, 4, 16);
    float[] equal = new float[(int) input.elements()];
    Twin x = twins.of(input, equal);
    expectPoolingOfReference(
        (device, from, to) -> device.maxPool(window, from, to), x, window.output(input, 16));
  }

  @ParameterizedTest
  @CsvSource({"2, 7, 7, 64", "3, 1, 1, 17", "1, 4, 5, 3", "4, 2, 2, 512"})
  void averagePoolIsTheReferences(int batch, int height, int width, int channels) {
    Twin x = twins.random(new Shape(batch, height, width, channels));
    expectPoolingOfReference(Device::averagePool, x, Shape.matrix(batch, channels));
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "3, 16", "64, 256", "5, 17"})
  void lossAndItsGradientAreTheReferences(int rows, int channels) {
    Shape shape = Shape.matrix(rows, channels);
    Twin prediction = twins.random(shape, 0.1, 3);
    Twin projection = twins.random(shape);
    Twin gradient = twins.random(shape);
    twins.expectSame(
        1e-6,
        side ->
            side.device()
                .regressionLoss(side.of(prediction), side.of(projection), 0.125, side.of(gradient))
                .run());
    twins.expectSame("gradient", 5e-6, gradient);
  }

  @Test
  void lossOfZeroRowsIsFinite() {
    Twin zero = twins.of(Shape.matrix(1, 3), 0, 0, 0);
    Twin one = twins.of(Shape.matrix(1, 3), 0, 2, 0);
    Twin ofZero = twins.random(Shape.matrix(1, 3));
    Twin ofOne = twins.random(Shape.matrix(1, 3));
    twins.expectSame(
        1e-6,
        side ->
            side.device().regressionLoss(side.of(zero), side.of(one), 1, side.of(ofZero)).run());
    twins.expectSame(
        1e-6,
        side -> side.device().regressionLoss(side.of(one), side.of(zero), 1, side.of(ofOne)).run());
    twins.expectSame("gradient at a zero prediction", ofZero);
    twins.expectSame("gradient at a zero projection", ofOne);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000, 300_001})
  void flatOperationsAreTheReferencesOnAnySlice(int length) {
    Twin a = twins.slice(Shape.vector(length));
    Twin b = twins.random(Shape.vector(length), 0, 1, 2);
    Twin momentum = twins.slice(Shape.vector(length));
    Twin copied = twins.random(Shape.vector(length), 0, 1, 1);
    Twin filled = twins.slice(Shape.vector(length));
    twins.expectSame(1e-10, side -> side.device().dot(side.of(a), side.of(a)));
    twins.run(
        side -> {
          Device device = side.device();
          device.update(0.9, 1e-3, 1e-2, 0.3, side.of(b), side.of(momentum), side.of(a));
          device.axpby(0.004, side.of(a), 0.996, side.of(b));
          device.copy(side.of(b), side.of(copied));
          device.fill(-1.5, side.of(filled));
        });
    twins.expectSame("weights", a);
    twins.expectSame("momentum", momentum);
    twins.expectSame("axpby", b);
    twins.expectSame("copied", copied);
    twins.expectSame("filled", filled);
  }

  @Test
  void dotSumsInDouble() {
    Twin tiny = twins.random(Shape.vector(200_003), 0, 1e-30);
    twins.expectSame(1e-10, side -> side.device().dot(side.of(tiny), side.of(tiny)));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void dotOfNonFiniteValuesIsNotFinite(float value) {
    float[] values = new float[1000];
    values[997] = value;
    Twin twin = twins.of(Shape.vector(1000), values);
    assertThat(twins.testedSide().device().dot(twin.tested(), twin.tested())).isNotFinite();
  }

  @Test
  void newMemoryIsZeroAndKeepsWhatIsWritten() {
    Device device = twins.testedSide().device();
    try (Tensor tensor = device.allocate(Shape.vector(100_001))) {
      assertThat(TwinDevices.read(device, tensor)).containsOnly(0f);
      FloatBuffer from = FloatBuffer.wrap(new float[] {9, 1, 2, 3, 4}, 1, 4);
      device.write(from, tensor.view(50, Shape.vector(3)));
      assertThat(from.position()).isEqualTo(4);
      assertThat(TwinDevices.read(device, tensor.view(49, Shape.vector(5))))
          .containsExactly(0, 1, 2, 3, 0);
      assertThat(
              TwinDevices.read(device, tensor.view(40, Shape.vector(20)).view(11, Shape.vector(2))))
          .containsExactly(2, 3);
    }
  }

  @Test
  void viewsLieWithinTheirTensor() {
    Tensor tensor = twins.testedSide().device().allocate(Shape.matrix(3, 5));
    Tensor view = tensor.view(5, Shape.matrix(2, 5));
    assertThat(view.shape()).isEqualTo(Shape.matrix(2, 5));
    assertThatThrownBy(() -> tensor.view(6, Shape.vector(10)))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tensor.view(-1, Shape.vector(2)))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> view.view(1, Shape.vector(10)))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void hostWindowShowsAndTakesElements() {
    Device device = twins.testedSide().device();
    Tensor tensor = device.allocate(Shape.vector(50));
    float[] values = new float[50];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    device.write(FloatBuffer.wrap(values), tensor);
    HostWindow window = device.host(tensor.view(10, Shape.vector(30)));
    assertThat(window.length()).isEqualTo(30);
    assertThat(window.elementBytes()).isEqualTo(device.elementBytes());
    ByteBuffer seen = window.read(5, 3);
    assertThat(seen.order()).isEqualTo(ByteOrder.nativeOrder());
    assertThat(seen.remaining()).isEqualTo(3 * window.elementBytes());
    assertThat(get(window.elementBytes(), seen, 0)).isEqualTo(15);
    assertThat(get(window.elementBytes(), seen, 2)).isEqualTo(17);
    ByteBuffer to = window.write(28, 2);
    assertThat(to.order()).isEqualTo(ByteOrder.nativeOrder());
    assertThat(to.remaining()).isEqualTo(2 * window.elementBytes());
    put(window.elementBytes(), to, 0, -1);
    put(window.elementBytes(), to, 1, -2);
    window.written(28, 2);
    assertThat(TwinDevices.read(device, tensor.view(37, Shape.vector(4))))
        .containsExactly(37, -1, -2, 40);
  }

  @Test
  void closingTwiceIsHarmless() {
    Device device = newDevice();
    Tensor tensor = device.allocate(Shape.vector(3));
    tensor.close();
    tensor.close();
    device.close();
    device.close();
  }

  /** Makes the map under test over given weights. */
  private interface Map {
    LinearMap on(Device device, Tensor weights);
  }

  /** Makes the pooling under test. */
  private interface Pool {
    Pooling on(Device device, Tensor x, Tensor y);
  }

  private void expectLinearMapOfReference(
      double relativeError, Map kind, Twin weights, Shape input, Shape output, int offset) {
    Twin x = twins.random(input, 0, 1, offset);
    Twin y = twins.random(output, 0, 1, offset);
    Twin dy = twins.random(output, 0, 1, offset);
    Twin dx = twins.random(input, 0, 1, offset);
    Twin gradient = twins.slice(weights.shape());
    twins.run(
        side -> {
          LinearMap map = kind.on(side.device(), side.of(weights));
          map.forward(side.of(x), side.of(y)).run();
          map.backwardData(side.of(dy), side.of(dx)).run();
          Op backwardWeights = map.backwardWeights(side.of(x), side.of(dy), side.of(gradient));
          backwardWeights.run();
          backwardWeights.run();
        });
    twins.expectSame("y", relativeError, y);
    twins.expectSame("dx", relativeError, dx);
    twins.expectSame("gradient, added twice", relativeError, gradient);
  }

  private void expectPoolingOfReference(Pool kind, Twin x, Shape output) {
    Twin y = twins.random(output);
    Twin kept = twins.random(output);
    Twin dy = twins.random(output);
    Twin dx = twins.random(x.shape());
    twins.run(
        side -> {
          Pooling pooling = kind.on(side.device(), side.of(x), side.of(y));
          pooling.forward().run();
          side.device().copy(side.of(y), side.of(kept));
          side.device().fill(Double.NaN, side.of(x));
          side.device().fill(Double.NaN, side.of(y));
          pooling.backward(side.of(dy), side.of(dx)).run();
        });
    twins.expectSame("y", kept);
    twins.expectSame("dx", dx);
  }

  private static BatchNorm batchNorm(
      Form form, TwinDevices.Side side, Twin x, Twin scale, Twin shift, Twin residual, Twin y) {
    if (form == Form.ADD_RELU) {
      return side.device()
          .batchNormAddRelu(
              side.of(x), side.of(scale), side.of(shift), EPSILON, side.of(residual), side.of(y));
    }
    return side.device()
        .batchNorm(form, side.of(x), side.of(scale), side.of(shift), EPSILON, side.of(y));
  }

  private void expectLocalBatchNormOfReference(
      Form form, Shape shape, boolean inPlace, int offset) {
    int channels = shape.channels();
    Twin x = twins.random(shape, 0.5, 2, offset);
    Twin residual = twins.random(shape, 0, 1, offset);
    Twin y = twins.random(shape, 0, 1, offset);
    Twin kept = twins.random(shape);
    Twin scale = twins.random(Shape.vector(channels), 1, 0.3, 13);
    Twin shift = twins.slice(Shape.vector(channels));
    Twin dy = twins.random(shape, 0, 1, offset);
    Twin dx = inPlace ? dy : twins.random(shape, 0, 1, offset);
    Twin scaleGradient = twins.slice(Shape.vector(channels));
    Twin shiftGradient = twins.slice(Shape.vector(channels));
    double[][] mean = new double[2][channels];
    double[][] variance = new double[2][channels];
    int[] turn = {0};
    twins.run(
        side -> {
          BatchNorm norm = batchNorm(form, side, x, scale, shift, residual, y);
          BatchNorm.Backward backward =
              norm.backward(
                  side.of(dy), side.of(dx), side.of(scaleGradient), side.of(shiftGradient));
          norm.forwardLocal();
          norm.statistics(mean[turn[0]], variance[turn[0]]);
          side.device().copy(side.of(y), side.of(kept));
          side.device().fill(Double.NaN, side.of(y));
          backward.local();
          turn[0]++;
        });
    double error = localStatisticsTolerance();
    twins.expectSame(form + " y", error, kept);
    TwinDevices.expectSame(form + " mean", error, mean[1], mean[0]);
    TwinDevices.expectSame(form + " variance", error, variance[1], variance[0]);
    twins.expectSame(form + " scale gradient", error, scaleGradient);
    twins.expectSame(form + " shift gradient", error, shiftGradient);
    twins.expectSame(form + " dx", 5 * error, dx);
  }

  /** The tested device goes the way of a group of two, the reference that of one. */
  private void expectMergedGroupsEqualTheWhole(
      Form form, int first, int second, int height, int width, int channels) {
    Shape whole = new Shape(first + second, height, width, channels);
    Shape[] parts = {
      new Shape(first, height, width, channels), new Shape(second, height, width, channels)
    };
    Twin x = twins.random(whole, 3, 2);
    Twin residual = twins.random(whole);
    Twin y = twins.random(whole);
    Twin kept = twins.random(whole);
    Twin dy = twins.random(whole);
    Twin scale = twins.random(Shape.vector(channels), 1, 0.3, 13);
    Twin shift = twins.slice(Shape.vector(channels));
    Twin scaleGradient = twins.slice(Shape.vector(channels));
    Twin shiftGradient = twins.slice(Shape.vector(channels));
    twins.run(
        side -> {
          boolean split = side == twins.testedSide();
          int groups = split ? 2 : 1;
          BatchNorm[] norms = new BatchNorm[groups];
          BatchNorm.Backward[] backwards = new BatchNorm.Backward[groups];
          for (int g = 0; g < groups; g++) {
            long offset = g * parts[0].elements();
            Shape part = split ? parts[g] : whole;
            norms[g] =
                batchNorm(
                    form,
                    side,
                    x.view(offset, part),
                    scale,
                    shift,
                    residual.view(offset, part),
                    y.view(offset, part));
            Tensor gradient = side.of(dy.view(offset, part));
            backwards[g] =
                norms[g].backward(
                    gradient, gradient, side.of(scaleGradient), side.of(shiftGradient));
          }
          if (!split) {
            norms[0].forwardLocal();
            side.device().copy(side.of(y), side.of(kept));
            backwards[0].local();
            return;
          }
          long[] rows = {parts[0].rows(), parts[1].rows()};
          GroupOfTwo.forward(norms, rows, channels);
          side.device().copy(side.of(y), side.of(kept));
          side.device().fill(Double.NaN, side.of(y));
          GroupOfTwo.backward(backwards, rows[0] + rows[1], channels);
        });
    twins.expectSame(form + " y", kept);
    twins.expectSame(form + " scale gradient", 2 * tolerance(), scaleGradient);
    twins.expectSame(form + " shift gradient", 2 * tolerance(), shiftGradient);
    twins.expectSame(form + " dx", 5 * tolerance(), dy);
  }

  private static org.assertj.core.data.Offset<Double> within(double error) {
    return org.assertj.core.data.Offset.offset(error);
  }

  private static float get(int elementBytes, ByteBuffer from, int index) {
    return elementBytes == Float.BYTES
        ? from.getFloat(index * Float.BYTES)
        : (float) from.getDouble(index * Double.BYTES);
  }

  private static void put(int elementBytes, ByteBuffer to, int index, float value) {
    if (elementBytes == Float.BYTES) {
      to.putFloat(index * Float.BYTES, value);
      return;
    }
    to.putDouble(index * Double.BYTES, value);
  }
}
