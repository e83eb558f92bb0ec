/**
 * Decoded pixels, and the ways from and to encoded JPEG and PNG bytes. Imports nothing of the
 * project.
 */
package org.byol4j.image;
