package org.byol4j.augment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.image.Image;
import org.byol4j.image.TestImages;
import org.junit.jupiter.api.Test;

class PackedViewsTest {
  private static final int PAGE_BYTES = 4000;

  private final List<ByteBuffer> given = new ArrayList<>();

  private PackedViews packed(int rows) {
    return new PackedViews(
        rows,
        bytes -> {
          ByteBuffer page = ByteBuffer.allocateDirect(bytes);
          given.add(page);
          return page;
        },
        PAGE_BYTES);
  }

  private static ViewParameters cropped(int top, int left, int height, int width) {
    Jitter none = new Jitter(0, 0, 1, 1, 0);
    CropBox crop = new CropBox(top, left, height, width);
    return new ViewParameters(crop, false, false, none, false, false, 1, false, 0.5);
  }

  /** Both pieces hold the pixels of their crops, where they say. */
  private static void expectPixels(PackedViews packed, int row, Image image) {
    for (int view = 0; view < PackedViews.VIEWS; view++) {
      PackedViews.Piece piece = packed.piece(view, row);
      CropBox crop = piece.parameters().crop();
      ByteBuffer page = packed.page(piece.page());
      for (int y = 0; y < crop.height(); y++) {
        for (int x = 0; x < crop.width(); x++) {
          for (int c = 0; c < Image.CHANNELS; c++) {
            int at = piece.offset() + y * piece.rowBytes() + x * Image.CHANNELS + c;
            assertThat(page.get(at) & 0xff)
                .as("view=%d row=%d y=%d x=%d c=%d", view, row, y, x, c)
                .isEqualTo(image.at(crop.top() + y, crop.left() + x, c));
          }
        }
      }
    }
  }

  @Test
  void cropsThatOverlapShareABox() {
    Image image = TestImages.noise(30, 40, 1);
    PackedViews packed = packed(1);
    packed.put(0, image, cropped(2, 3, 10, 12), cropped(4, 5, 10, 12));

    assertThat(packed.bytes()).isEqualTo(12 * 14 * 3);
    expectPixels(packed, 0, image);
  }

  @Test
  void cropsThatAreFarApartHaveABoxEach() {
    Image image = TestImages.noise(30, 40, 1);
    PackedViews packed = packed(1);
    packed.put(0, image, cropped(0, 0, 5, 6), cropped(20, 30, 7, 8));

    assertThat(packed.bytes()).isEqualTo((5 * 6 + 7 * 8) * 3);
    expectPixels(packed, 0, image);
  }

  @Test
  void wholeImageGoesInWhole() {
    Image image = TestImages.noise(20, 30, 1);
    PackedViews packed = packed(1);
    packed.put(0, image, cropped(0, 0, 20, 30), cropped(19, 29, 1, 1));

    assertThat(packed.bytes()).isEqualTo(20 * 30 * 3);
    expectPixels(packed, 0, image);
  }

  @Test
  void drawnCropsNeverTakeMoreThanTheImage() {
    AugmentSettings settings = TestSettings.recipe(Style.TORCHVISION, 32);
    PackedViews packed = packed(1);
    for (int id = 0; id < 100; id++) {
      Image image = TestImages.noise(20 + id % 7, 25, id);
      packed.clear();
      packed.put(
          0,
          image,
          ViewParameters.draw(settings, image.height(), image.width(), 1, 0, id, 0),
          ViewParameters.draw(settings, image.height(), image.width(), 1, 0, id, 1));
      assertThat(packed.bytes()).isLessThanOrEqualTo(3L * image.height() * image.width());
      expectPixels(packed, 0, image);
    }
  }

  @Test
  void pagesAreFilledBeforeAnotherIsAskedForAndStay() {
    PackedViews packed = packed(8);
    Image image = TestImages.noise(20, 20, 1);
    for (int round = 0; round < 3; round++) {
      packed.clear();
      for (int row = 0; row < 8; row++) {
        packed.put(row, image, cropped(0, 0, 20, 20), cropped(0, 0, 20, 20));
      }
      assertThat(packed.bytes()).isEqualTo(8 * 1200);
      for (int row = 0; row < 8; row++) {
        expectPixels(packed, row, image);
      }
    }
    // three images of 1200 bytes a page
    assertThat(given).extracting(ByteBuffer::capacity).containsOnly(PAGE_BYTES).hasSize(3);
  }

  @Test
  void boxThatIsLargerThanAPageHasALargerOne() {
    PackedViews packed = packed(1);
    Image image = TestImages.noise(60, 50, 1);
    packed.put(0, image, cropped(0, 0, 60, 50), cropped(0, 0, 60, 50));

    assertThat(given).extracting(ByteBuffer::capacity).containsExactly(60 * 50 * 3);
    expectPixels(packed, 0, image);
  }

  @Test
  void severalThreadsPutTheirRowsInAtATime() {
    int rows = 200;
    PackedViews packed = packed(rows);
    List<Image> images = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      images.add(TestImages.noise(12, 10, row));
    }
    IntStream.range(0, rows)
        .parallel()
        .forEach(
            row -> {
              Random random = new Random(row);
              ViewParameters first = cropped(random.nextInt(6), 0, 6, 10);
              packed.put(row, images.get(row), first, cropped(0, random.nextInt(5), 12, 5));
            });
    for (int row = 0; row < rows; row++) {
      expectPixels(packed, row, images.get(row));
    }
  }
}
