package org.byol4j.augment;

import java.nio.FloatBuffer;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.image.Image;

/**
 * Makes random views of images: crop and resize, flip, colour jitter, grayscale, blur, solarize,
 * clip to [0,1], normalize, in this order (Grill et al. 2020, appendix B).
 *
 * <p>For one thread; holds the working memory of one view.
 */
public final class ViewMaker {
  private final AugmentSettings settings;
  private final CropResize cropResize;
  private final ColourJitter colours;
  private final GaussianBlur blur;
  private final Planes planes;

  /**
   * @param settings the recipes of both views
   */
  public ViewMaker(AugmentSettings settings) {
    int size = settings.size();
    this.settings = settings;
    this.cropResize = new CropResize(size);
    this.colours = new ColourJitter(settings.style(), size);
    this.blur = new GaussianBlur(size, settings.style());
    this.planes = new Planes(size, settings.mean(), settings.std());
  }

  /** How many floats a view takes. */
  public int length() {
    return settings.size() * settings.size() * Image.CHANNELS;
  }

  /**
   * Makes the view that belongs to (seed, epoch, image id, view), whoever asks for it.
   *
   * @param image what to make a view of
   * @param seed the run's seed
   * @param epoch the 0-based epoch
   * @param imageId the image's id
   * @param view 0 for the first view, 1 for the second
   * @param to gets {@code [size, size, 3]}, normalized; heap or direct; its position stays
   * @param offset the index of the first value in {@code to}
   */
  public void make(
      Image image, long seed, long epoch, long imageId, int view, FloatBuffer to, int offset) {
    ViewParameters parameters =
        ViewParameters.draw(settings, image.height(), image.width(), seed, epoch, imageId, view);
    make(image, parameters, to, offset);
  }

  /** Makes the view that these choices describe; otherwise as the other {@code make}. */
  public void make(Image image, ViewParameters parameters, FloatBuffer to, int offset) {
    float[][][] view = planes.all();
    boolean antialias = settings.style() == Style.TORCHVISION;
    cropResize.resize(image, parameters.crop(), antialias, parameters.flip(), view);
    if (parameters.jittered()) {
      colours.apply(parameters.jitter(), view);
    }
    if (parameters.grayscale()) {
      colours.grayscale(view);
    }
    if (parameters.blurred()) {
      planes.blurAndTurn(blur, parameters.sigma());
    } else {
      planes.turn();
    }
    if (parameters.solarized()) {
      planes.solarize((float) parameters.solarizeThreshold());
    }
    planes.write(to, offset);
  }
}
