/**
 * What a run says of itself: a record for each step, the file that keeps them and the progress
 * line. Imports nothing of the project.
 */
package org.byol4j.metrics;
