package org.byol4j.device.cuda;

import java.nio.FloatBuffer;
import org.byol4j.device.Blend;

/** A weighted sum whose factors lie in the GPU's memory, so that it is started alike each time. */
final class CudaBlend implements Blend {
  private final Staging staging;
  private final CudaTensor y;
  private final FloatBuffer factors = FloatBuffer.allocate(2);
  private final GpuMemory factorsOnGpu;
  private final Launch launch;

  CudaBlend(Engine engine, CudaTensor x, CudaTensor y) {
    this.staging = engine.staging();
    this.y = CudaTensor.of(y, engine, x.element(), x.elements(), "y of a sum");
    factorsOnGpu = engine.allocate(Element.FP32, (long) factors.capacity() * Float.BYTES);
    launch =
        engine
            .launch("elementwise", x.element(), "blend")
            .over(x.elements())
            .memory(factorsOnGpu)
            .tensor(x)
            .tensor(y)
            .whole(x.elements());
  }

  @Override
  public void run(double alpha, double beta) {
    factors.clear().put((float) alpha).put((float) beta);
    staging.upload(factors.flip(), factorsOnGpu.address(), factors.capacity());
    launch.run();
    y.memory().changed();
  }
}
