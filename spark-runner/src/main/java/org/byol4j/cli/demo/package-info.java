/**
 * The pictures that the demo draws: ten classes of shapes and textures, pixel by pixel. May import
 * image, and the keyed random numbers of augment.
 */
package org.byol4j.cli.demo;
