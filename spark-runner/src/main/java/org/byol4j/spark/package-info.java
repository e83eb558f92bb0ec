/**
 * The same training as a job of Apache Spark: one barrier stage whose tasks are the replicas.
 * {@link org.byol4j.spark.BarrierLauncher} launches them from the driver, {@link
 * org.byol4j.spark.ReplicaFunction} is what a task does, and {@link
 * org.byol4j.spark.TrainingPlugin} carries what they have to tell to the driver. May import all of
 * core and Spark.
 */
package org.byol4j.spark;
