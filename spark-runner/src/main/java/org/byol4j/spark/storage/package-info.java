/**
 * Runs that lie on a file system of Hadoop: the storage of their files and the lease that keeps two
 * writers apart. Imports {@code checkpoint} and Hadoop.
 */
package org.byol4j.spark.storage;
