/**
 * {@link org.byol4j.device.Device} on an NVIDIA GPU of compute capability 7.5 or later, channels
 * last: convolutions and matrix products by cuDNN's graph API and cuBLASLt, everything else by own
 * kernels, which NVRTC compiles at their first use from the resources beside this package.
 *
 * <p>{@code CudaDevice} and the operations around it are written over {@code Gpu}. That is {@code
 * NvidiaGpu}, which with the other {@code Nvidia*}, {@code Cudnn*}, {@code CublasLt*}, {@code
 * NcclLink}, {@code PrimaryContexts} and {@code Nvrtc} alone names classes of {@code
 * org.bytedeco.cuda}, so that the others load without them; the tests have one that runs the same
 * kernels on the host. {@code CudaRuntime} says what is missing before any of NVIDIA's functions is
 * called.
 */
package org.byol4j.device.cuda;
