/**
 * How a network's parameters lie in one flat buffer: the table of its slices, each with a name, a
 * kind and a shape. Imports nothing of the project.
 */
package org.byol4j.parameters;
