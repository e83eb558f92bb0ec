/**
 * The way from image files to float batches: {@link org.byol4j.data.ImageSource} lists images,
 * {@link org.byol4j.data.ImageStore} keeps their encoded bytes and the verdict on each, {@link
 * org.byol4j.data.ShardPlan} says which images make up a step, {@link org.byol4j.data.BatchLoader}
 * makes their views ahead of the step. Imports {@code image} and {@code augment} only.
 */
package org.byol4j.data;
