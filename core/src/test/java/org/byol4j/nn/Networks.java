package org.byol4j.nn;

import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.HeadBias;
import org.byol4j.nn.NetworkSettings.Init;
import org.byol4j.nn.NetworkSettings.LastGamma;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Predictor;
import org.byol4j.nn.NetworkSettings.RunningVariance;
import org.byol4j.nn.NetworkSettings.Stem;

/** Settings for tests: DeepMind's, but for what is asked. */
final class Networks {
  private Networks() {}

  static NetworkSettings of(Backbone backbone, Stem stem) {
    return of(backbone, stem, Init.DEEPMIND, LastGamma.ONE);
  }

  static NetworkSettings of(Backbone backbone, Stem stem, Init init, LastGamma lastGamma) {
    return new NetworkSettings(
        backbone,
        1,
        stem,
        PaddingStyle.SAME,
        init,
        lastGamma,
        RunningVariance.BIASED,
        0.9,
        1e-5,
        Predictor.MLP,
        4096,
        256,
        init == Init.TORCH ? HeadBias.LAST : HeadBias.FIRST);
  }
}
