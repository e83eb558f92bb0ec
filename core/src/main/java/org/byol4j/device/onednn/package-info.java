/**
 * {@link org.byol4j.device.Device} on oneDNN, fp32, channels last, through JavaCPP.
 *
 * <p>{@code Engine} owns everything native: memory, primitives and the shared scratch areas;
 * threads are OpenMP's. {@code Operation} is a oneDNN primitive with all its arguments bound. The
 * other classes each make the operations of one concern; loops that oneDNN has no primitive for, or
 * a slow one, are tiled Java ({@code Tiles}), which C2 vectorizes without flags.
 */
package org.byol4j.device.onednn;
