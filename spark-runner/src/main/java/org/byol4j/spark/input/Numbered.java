package org.byol4j.spark.input;

import java.io.Serializable;

/** A good image and its id: the rank of its path among those of all good images. */
record Numbered(int id, CheckedImage image) implements Serializable {}
