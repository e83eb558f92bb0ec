/**
 * What the NVIDIA driver says of a machine, asked without CUDA's libraries, for the devices that
 * compute on a GPU. Imports nothing of the project.
 */
package org.byol4j.device.nvidia;
