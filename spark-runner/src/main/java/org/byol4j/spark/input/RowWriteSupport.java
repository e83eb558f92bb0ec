package org.byol4j.spark.input;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.byol4j.data.ManifestHash;
import org.byol4j.data.Verdict;

/** Tells Parquet a shard's rows, and puts their hash into the footer. */
final class RowWriteSupport extends WriteSupport<ShardRow> {
  private final Map<String, String> footer;
  private final ManifestHash hash = new ManifestHash();
  private RecordConsumer to;

  /**
   * @param footer what else the footer says
   */
  RowWriteSupport(Map<String, String> footer) {
    this.footer = footer;
  }

  @Override
  public String getName() {
    return "byol4j";
  }

  @Override
  public WriteContext init(Configuration configuration) {
    return new WriteContext(ShardFile.SCHEMA, footer);
  }

  @Override
  public void prepareForWrite(RecordConsumer consumer) {
    to = consumer;
  }

  @Override
  public void write(ShardRow row) {
    byte[] path = row.path().getBytes(StandardCharsets.UTF_8);
    hash.add(path, Verdict.hashOf(row.bytes()));
    to.startMessage();
    to.startField(ShardFile.ID, 0);
    to.addInteger(row.id());
    to.endField(ShardFile.ID, 0);
    binary(ShardFile.PATH, 1, path);
    if (!row.className().isEmpty()) {
      binary(ShardFile.LABEL, 2, row.className().getBytes(StandardCharsets.UTF_8));
    }
    binary(ShardFile.BYTES, 3, row.bytes());
    to.endMessage();
  }

  private void binary(String field, int index, byte[] value) {
    to.startField(field, index);
    to.addBinary(Binary.fromConstantByteArray(value));
    to.endField(field, index);
  }

  @Override
  public FinalizedWriteContext finalizeWrite() {
    return new FinalizedWriteContext(Map.of(ShardFile.HASH, hash.hex()));
  }
}
