/**
 * Checkpoints: their format, how one is made complete by its last file, which are kept, and where
 * they lie in a run's folder. {@link org.byol4j.checkpoint.Storage} is what is asked of a disk or
 * an object store. Imports {@code parameters} and {@code collective}.
 */
package org.byol4j.checkpoint;
